#include "faults/server_faults.hpp"

#include <utility>

#include <fmt/format.h>

#include "net/http_message.hpp"

namespace ktape {
namespace {

// What people are shown of a status, at Kraken's edge.
std::string_view phrase_of(unsigned status) {
  switch (status) {
    case 403:
      return "Forbidden";
    case 429:
      return "Too Many Requests";
    case 500:
      return "Internal Server Error";
    case 502:
      return "Bad Gateway";
    case 503:
      return "Service Temporarily Unavailable";
    case 504:
      return "Gateway Time-out";
    case 520:
      return "Web server is returning an unknown error";
    case 521:
      return "Web server is down";
    case 522:
      return "Connection timed out";
    case 524:
      return "A timeout occurred";
    default:
      return "";
  }
}

// What clients that expect JSON are given in place of it.
std::string page_of(unsigned status) {
  const std::string title = fmt::format("{}{}{}", status, phrase_of(status).empty() ? "" : " ", phrase_of(status));
  return fmt::format(
      "<html>\r\n<head><title>{0}</title></head>\r\n<body>\r\n<center><h1>{0}</h1></center>\r\n"
      "<hr><center>cloudflare</center>\r\n</body>\r\n</html>\r\n",
      title);
}

net::HttpHeaders headers_of(const FaultPlan::Refusal& refusal) {
  net::HttpHeaders all;
  const std::string_view body = refusal.body;
  const char* const type = body.starts_with('<')   ? "text/html; charset=UTF-8"
                           : body.starts_with('{') ? "application/json; charset=utf-8"
                                                   : "text/plain; charset=utf-8";
  all.emplace_back("Content-Type", type);
  if (refusal.retry_after) {
    const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(*refusal.retry_after);
    all.emplace_back("Retry-After", fmt::format("{}", seconds.count()));
  }
  return all;
}

Endpoint endpoint_of(const net::HttpRequest& request) {
  if (auto whole = Endpoint::parse("ws://" + std::string(net::find_header(request.headers, "Host")) + request.target)) {
    return std::move(*whole);
  }
  return {.secure = false, .host = {}, .port = 0, .target = request.target};
}

}  // namespace

void let_fail(MockServerOptions& options, FaultPlan& plan, std::function<ConnectionId(ConnectionId)> numbered) {
  options.refuses_socket = [&plan] { return plan.refuses_socket(); };
  options.fails_handshake = [&plan]() -> std::optional<TlsTrouble> {
    const auto failure = plan.at_handshake();
    if (!failure) return std::nullopt;
    switch (*failure) {
      case faults::TlsFailure::Expired:
        return TlsTrouble::Expired;
      case faults::TlsFailure::WrongName:
        return TlsTrouble::WrongName;
      case faults::TlsFailure::Untrusted:
        return TlsTrouble::Untrusted;
      case faults::TlsFailure::Handshake:
        break;
    }
    return TlsTrouble::NoHandshake;
  };
  options.refuses_upgrade = [&plan](const Endpoint& endpoint,
                                    std::string_view /*client*/) -> std::optional<net::HttpRefusal> {
    auto refusal = plan.at_upgrade(endpoint);
    if (!refusal) return std::nullopt;
    auto headers = headers_of(*refusal);
    return net::HttpRefusal{refusal->status, std::move(refusal->body), std::move(headers)};
  };
  if (options.answer_http) {
    options.answer_http = [&plan, answers = std::move(options.answer_http)](
                              const net::HttpRequest& request) -> std::optional<net::HttpResponse> {
      auto refusal = plan.at_call(endpoint_of(request));
      if (!refusal) return answers(request);
      if (refusal->body.empty()) refusal->body = page_of(refusal->status);
      auto headers = headers_of(*refusal);
      return net::HttpResponse{.status = refusal->status,
                               .reason = std::string(phrase_of(refusal->status)),
                               .headers = std::move(headers),
                               .body = std::move(refusal->body)};
    };
  }
  options.is_silent = [&plan, numbered](ConnectionId id) { return plan.is_silent(numbered(id)); };
  if (options.pace == ServerPace::Lockstep || options.announce_time) return;
  plan.cut_below();
  options.pieces_of = [&plan, numbered = std::move(numbered)](ConnectionId id) {
    std::vector<MessagePiece> pieces;
    for (const Slice& slice : plan.take_slices(numbered(id))) pieces.push_back({slice.bytes, slice.delay});
    return pieces;
  };
}

}  // namespace ktape
