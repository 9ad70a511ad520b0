#include "cli/live_client.hpp"

#include <csignal>
#include <utility>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "cli/arguments.hpp"
#include "cli/command.hpp"
#include "cli/text_output.hpp"
#include "core/client/exchange_hosts.hpp"

namespace ktape::cli {
namespace {

WebSocketOptions socket_options(const LivePlace& place) {
  WebSocketOptions socket;
  socket.ca_file = place.ca_file;
  return socket;
}

}  // namespace

std::vector<CLI::Option*> add_live_options(CLI::App& command, LiveArguments& arguments) {
  return {
      command.add_option("--url", arguments.url, "Where the exchange is; Kraken's own, if it is left out"),
      command.add_option("--dialect", arguments.dialect, "What is spoken there")
          ->check(CLI::IsMember({"spot-v2", "spot-v1", "futures-v1"}))
          ->capture_default_str(),
      command.add_option("--ca", arguments.ca, "Trust the authorities in this PEM file instead of the system's"),
      command.add_option("--clock", arguments.clock, "system, or server: the time that a mock server announces")
          ->check(CLI::IsMember({"system", "server"}))
          ->capture_default_str(),
  };
}

Result<LivePlace> LivePlace::of(const LiveArguments& arguments) {
  const auto dialect = parse_dialect(arguments.dialect);
  if (!dialect) return fail(Errc::InvalidArgument, fmt::format("--dialect: '{}' is unknown", arguments.dialect));
  LivePlace place{.dialect = *dialect,
                  .endpoint = ExchangeHosts::of_kraken(*dialect).public_host,
                  .ca_file = arguments.ca,
                  .server_time = arguments.clock == "server"};
  if (!arguments.url.empty()) {
    auto parsed = Endpoint::parse(arguments.url);
    if (!parsed) return tl::unexpected<Error>(in_option("--url", parsed.error()));
    place.endpoint = std::move(*parsed);
  }
  if (auto possible = WebSocketTransport::check(place.endpoint, socket_options(place)); !possible) {
    return fail(possible.error().code, fmt::format("{}: {}", place.endpoint.url(), possible.error().detail));
  }
  return place;
}

LiveClient::LiveClient(const LivePlace& place, EventSink& events, ClientOptions options)
    : place_(place),
      events_(events),
      loop_(place.server_time ? TimeSource::Server : TimeSource::System),
      socket_(loop_, ConnectionId{1}, socket_options(place)),
      codec_(make_codec(place.dialect)),
      client_(socket_, *codec_, loop_.clock(), *this, own(std::move(options))) {}

ClientOptions LiveClient::own(ClientOptions options) {
  options.endpoint = place_.endpoint;
  options.notices = this;
  options.reconnects = !place_.server_time;  // a server that keeps the time takes it along when it goes
  return options;
}

Result<void> LiveClient::run(const std::function<bool()>& done) {
  for (const int signal : {SIGINT, SIGTERM}) {
    // Asked twice: do not wait for the exchange's goodbye.
    loop_.on_signal(signal, [this] { stopping_ ? loop_.stop() : stop(); });
  }
  loop_.after_turn([this, &done] {
    if (done()) stop();
    if (stopping_ && !client_.connected()) loop_.stop();
  });
  client_.start();
  loop_.run();
  if (hopeless_) return tl::unexpected<Error>(*hopeless_);
  return {};
}

void LiveClient::on_event(const Event& event) {
  events_.on_event(event);
  const auto* const link = std::get_if<LinkChange>(&event);
  if (link == nullptr) return;
  if (link->state == LinkState::Up) {
    connected_ever_ = true;
    say(fmt::format("connected to {}", link->detail));
  } else if (link->state == LinkState::Down) {
    down(link->detail);
  }
}

void LiveClient::down(std::string_view why) {
  const auto failure = socket_.failure();
  if (!connected_ever_ && failure && failure->code == Errc::Tls) {
    hopeless_ = *failure;  // no further try mends a certificate
    return stop();
  }
  if (!stopping_) say(fmt::format("disconnected: {}", why));
  if (place_.server_time) stop();
}

void LiveClient::retrying(int attempt, Duration delay) {
  if (delay > Duration::zero() && !stopping_) {
    const Duration rounded = std::chrono::ceil<std::chrono::milliseconds>(delay);
    say(fmt::format("trying again in {} (attempt {})", format_duration(rounded), attempt));
  }
}

void LiveClient::stop() {
  if (std::exchange(stopping_, true)) return;
  client_.stop();
}

}  // namespace ktape::cli
