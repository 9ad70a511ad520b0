#include "cli/play/control.hpp"

#include <fmt/format.h>

#include "replay/steering_commands.hpp"

namespace ktape::cli {
namespace {

net::HttpResponse json(unsigned status, std::string body) {
  return {.status = status,
          .reason = {},
          .headers = {{"Content-Type", "application/json"}, {"Cache-Control", "no-store"}},
          .body = std::move(body) + "\n"};
}

bool is_one_line(std::string_view text) {
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r')) text.remove_suffix(1);
  return text.find_first_of("\r\n") == text.npos;
}

}  // namespace

std::string Control::answer(std::string_view line) {
  while (!line.empty() && (line.back() == '\r' || line.back() == ' ')) line.remove_suffix(1);
  if (line != "quit") return answer_to(player_, line);
  quit_ = true;
  return answer_to(player_, "status");
}

net::HttpResponse Control::answer(const net::HttpRequest& request) {
  if (!net::find_header(request.headers, "Origin").empty()) {
    return json(403, refusal({Errc::InvalidArgument, "pages of other sites may not steer"}));
  }
  std::string_view target = request.target;
  if (target == "/status") {
    if (request.method != "GET" && request.method != "HEAD") {
      return json(405, refusal({Errc::InvalidArgument, fmt::format("{} /status: GET expected", request.method)}));
    }
    return json(200, answer("status"));
  }
  target.remove_prefix(std::min<std::size_t>(1, target.size()));
  const bool is_verb = target == "quit" || is_steering_verb(target);
  if (!is_verb) {
    return json(
        404, refusal({Errc::NotFound, fmt::format("'{}' is not here: GET /status, or POST /VERB with one of {}, quit",
                                                  request.target.substr(0, 80), steering_verbs())}));
  }
  if (request.method != "POST") {
    return json(405, refusal({Errc::InvalidArgument, fmt::format("{} /{}: POST expected", request.method, target)}));
  }
  if (!is_one_line(request.body)) {
    return json(400, refusal({Errc::InvalidArgument, fmt::format("POST /{}: one line expected", target)}));
  }
  const std::string answered = answer(fmt::format("{} {}", target, request.body));
  return json(answered.starts_with(R"({"ok":true)") ? 200 : 400, answered);
}

}  // namespace ktape::cli
