#include "cli/record/relay_desk.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include <fmt/format.h>

#include "cli/output_file.hpp"
#include "core/protocol/dialect.hpp"
#include "exchange/endpoint_router.hpp"
#include "relay/destination.hpp"
#include "relay/websocket_upstream.hpp"

namespace ktape::cli {
namespace {

bool same_name(std::string_view a, std::string_view b) {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; };
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [&](char x, char y) { return lower(x) == lower(y); });
}

// Without what concerns one connection only. A body comes as it is, so that it can be read in the recording.
net::HttpHeaders end_to_end(const net::HttpHeaders& headers) {
  constexpr std::array<std::string_view, 10> kOfAConnection{
      "Host",    "Connection",        "Keep-Alive", "Proxy-Connection", "TE",
      "Trailer", "Transfer-Encoding", "Upgrade",    "Content-Length",   "Accept-Encoding"};
  net::HttpHeaders out;
  for (const auto& header : headers) {
    const bool stays = std::none_of(kOfAConnection.begin(), kOfAConnection.end(),
                                    [&](std::string_view name) { return same_name(name, header.first); });
    if (stays) out.push_back(header);
  }
  return out;
}

net::HttpResponse refusal_of(unsigned status, std::string text) {
  return {.status = status,
          .reason = {},
          .headers = {{"Content-Type", "text/plain; charset=utf-8"}},
          .body = std::move(text)};
}

std::string_view path_of(std::string_view target) { return target.substr(0, target.find('?')); }

Result<TlsIdentity> identity_of(const RelayConfig& relay) {
  if (relay.certificate.empty()) return make_tls_identity();
  return read_tls_identity(relay.certificate, relay.key);
}

}  // namespace

Result<std::unique_ptr<RelayDesk>> RelayDesk::open(const RecordConfig& config, Surroundings around) {
  std::unique_ptr<RelayDesk> desk(new RelayDesk(config, std::move(around)));
  if (auto listening = desk->listen(); !listening) return tl::unexpected<Error>(listening.error());
  return desk;
}

RelayDesk::RelayDesk(const RecordConfig& config, Surroundings around)
    : config_(config),
      url_(config.feeds.front().endpoint),
      around_(std::move(around)),
      server_time_(config.server_time ? around_.loop.await_server_time() : nullptr),
      relay_(around_.loop.clock(), *this, relay_options()),
      in_loop_(around_.loop, relay_) {}

RelayDesk::~RelayDesk() = default;

RelayOptions RelayDesk::relay_options() {
  RelayOptions options;
  options.server_keeps_time = config_.server_time;
  options.way = [this](ConnectionId number, const Endpoint& asked) {
    Destination there = destination_of(asked, url_);
    WebSocketOptions socket = around_.socket;
    if (!there.host_header.empty()) socket.headers.emplace_back("Host", there.host_header);
    return RelayOptions::Way{std::make_unique<WebSocketUpstream>(around_.loop, number, std::move(socket)),
                             std::move(there.endpoint)};
  };
  return options;
}

// Recordings are of one dialect. A path that Kraken does not have may be that of a server of somebody's own.
bool RelayDesk::serves(const Endpoint& asked) const {
  const auto dialect = dialect_at(asked);
  return dialect ? *dialect == config_.dialect : path_of(asked.target) == path_of(url_.target);
}

std::optional<net::HttpRefusal> RelayDesk::refusal(const Endpoint& asked) const {
  if (const auto dialect = dialect_at(asked); dialect && !serves(asked)) {
    return net::HttpRefusal{404,
                            fmt::format("{} is recorded here, and this is {}: it needs a recorder of its own\n",
                                        to_string(config_.dialect), to_string(*dialect)),
                            {}};
  }
  if (relay_.links() < kMaxConnections) return std::nullopt;
  return net::HttpRefusal{503, fmt::format("{} clients are connected already\n", kMaxConnections), {}};
}

Result<MockServerOptions> RelayDesk::server_options() {
  const RelayConfig& relay = *config_.relay;
  MockServerOptions options;
  options.listen = {{.host = relay.host,
                     .port = relay.port,
                     .security = relay.tls ? ListenAddress::Security::Tls : ListenAddress::Security::Plain}};
  if (relay.tls) {
    auto identity = identity_of(relay);
    if (!identity) return tl::unexpected<Error>(identity.error());
    options.identity = std::move(*identity);
  }
  options.pace = ServerPace::Manual;
  options.answer_pings = false;  // they are for the exchange
  options.max_clients = 2 * kMaxConnections;
  options.accepts = [this](const Endpoint& asked) { return serves(asked); };
  options.refuses_upgrade = [this](const Endpoint& asked, std::string_view /*client*/) { return refusal(asked); };
  options.forward_http = [this](const net::HttpRequest& request, net::HttpReply reply) {
    return forward(request, std::move(reply));
  };
  options.log = around_.say;
  return options;
}

// What no websocket is at goes to REST, whose answers are recorded with it.
bool RelayDesk::forward(const net::HttpRequest& request, net::HttpReply reply) {
  const Endpoint asked{.secure = false, .host = "127.0.0.1", .port = 0, .target = request.target};
  if (dialect_at(asked) || serves(asked)) return false;
  if (!recorded_rest_) {
    reply(refusal_of(404, "HTTP requests are led on where --rest says\n"));
    return true;
  }
  recorded_rest_->request({.method = request.method,
                           .target = request.target,
                           .headers = end_to_end(request.headers),
                           .body = request.body},
                          [reply = std::move(reply)](Result<net::HttpResponse> answer) {
                            if (!answer) return reply(refusal_of(502, answer.error().detail + "\n"));
                            answer->headers = end_to_end(answer->headers);
                            reply(*answer);
                          });
  return true;
}

Result<void> RelayDesk::listen() {
  const RelayConfig& relay = *config_.relay;
  if (relay.rest) {
    HttpClientOptions how;
    how.ca_file = config_.ca;
    rest_ = std::make_unique<HttpClient>(around_.loop, *relay.rest, std::move(how));
    recorded_rest_ = std::make_unique<rest::RecordingRequester>(
        *rest_, around_.loop.clock(), around_.calls, around_.redactor,
        rest::RecordingRequester::Place{http_url(*relay.rest, ""), ConnectionId{0}});
  }
  auto options = server_options();
  if (!options) return tl::unexpected<Error>(options.error());
  const std::string ca = options->identity ? options->identity->ca : std::string();
  server_.emplace(around_.loop.context(), in_loop_, no_time_, std::move(*options));
  auto endpoints = server_->listen();
  if (!endpoints) return fail(endpoints.error().code, "--listen: " + endpoints.error().detail);
  if (!relay.ca_out.empty()) {
    if (auto written = write_whole_file(relay.ca_out, ca); !written) return written;
  }
  Endpoint& here = endpoints->front();
  here.target = public_path(config_.dialect);
  if (!relay.port_file.empty()) {
    if (auto written = write_whole_file(relay.port_file, fmt::format("{}\n", here.port)); !written) return written;
  }
  around_.say(fmt::format("listening on {}, for {}", here.url(), url_.url()));
  return {};
}

void RelayDesk::on_frame(const Frame& frame) {
  RecordedTransport*& line = lines_[frame.connection];
  if (line == nullptr) {
    auto transport = std::make_unique<RecordedTransport>();
    line = transport.get();
    around_.overhear(frame.connection, std::move(transport));
  }
  line->on_frame(frame);
}

}  // namespace ktape::cli
