#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "core/session/session_reader.hpp"
#include "core/wire/loopback.hpp"
#include "hosts/kraken_hosts.hpp"
#include "net/http_requester.hpp"
#include "replay/file_source.hpp"
#include "replay/playback_exchange.hpp"
#include "scenario/scenario_exchange.hpp"
#include "tests/support/scripted_rest.hpp"

namespace ktape::test {

// A scenario as `ktape serve` runs it, without sockets: its recording, Kraken's hosts around it, the scenario around
// those, and clients on a Loopback in virtual time.
class ScenarioRig {
 public:
  explicit ScenarioRig(scenario::Scenario what)
      : recording_(what.recording),
        start_(first_frame(recording_)),
        playback_(PlaybackExchange::create(
                      exchange_clock_, [this] { return open(recording_); }, playback_options())
                      .value()),
        hosts_(exchange_clock_, *playback_,
               {.accounts = accounts(),
                .watch = {.feeds = feeds()},
                .market_ended = [this] { return playback_->ended(); },
                .token_seed = what.seed}),
        exchange_(
            exchange_clock_, hosts_, std::move(what),
            {.set_engine =
                 [this](std::string_view state) {
                   return playback_->set_system(state == "online" ? std::nullopt : std::optional<std::string>(state));
                 },
             .end = [this] { ended_ = true; }}),
        loopback_(exchange_, client_clock_, exchange_clock_) {
    exchange_.journal().write_to([this](std::string_view line) { journal_ += line; });
    exchange_.begin();
  }

  VirtualClock& clock() { return client_clock_; }
  scenario::ScenarioExchange& exchange() { return exchange_; }
  const std::string& journal() const { return journal_; }

  // A client's end, as a mock server would let it in or not.
  std::unique_ptr<Transport> transport(ConnectionId connection) {
    return std::make_unique<Door>(*this, loopback_.make_transport(connection), connection);
  }

  // Kraken's REST, answered at the present.
  class Rest final : public net::HttpRequester {
   public:
    explicit Rest(ScenarioRig& rig) : rig_(rig) {}
    void request(net::HttpRequest request, Done done) override {
      auto response = rig_.hosts_.answer(request);
      if (response) rig_.exchange_.door().note_call(request, *response);
      const VirtualClock& clock = rig_.client_clock_;
      pending_.push_back(rig_.client_clock_.at(clock.now(), [done = std::move(done), response](Timestamp) {
        done(response.value_or(net::HttpResponse{.status = 404}));
      }));
    }

   private:
    ScenarioRig& rig_;
    std::vector<Timer> pending_;
  };

  // Until the scenario ends it, or for so long at most.
  scenario::Report run(Duration limit = std::chrono::minutes(10)) {
    const Timestamp end = start_ + limit;
    while (!ended_ && client_clock_.now() < end) {
      loopback_.run_until(std::min(end, client_clock_.now() + std::chrono::milliseconds(100)));
    }
    return exchange_.report(true);
  }

 private:
  class Door final : public Transport {
   public:
    Door(ScenarioRig& rig, std::unique_ptr<Transport> inner, ConnectionId id)
        : rig_(rig), inner_(std::move(inner)), id_(id) {}
    void connect(const Endpoint& endpoint, FrameSink& inbound) override {
      const auto refusal = rig_.exchange_.faults().at_upgrade(endpoint);
      if (!refusal) return inner_->connect(endpoint, inbound);
      rig_.exchange_.door().note_refusal(endpoint, refusal->status);
      VirtualClock& clock = rig_.client_clock_;
      refused_ = clock.at(clock.now(), [this, &inbound, status = refusal->status](Timestamp at) {
        const std::string why = CloseInfo{1006, fmt::format("HTTP {}", status)}.text();
        inbound.on_frame({at, id_, Direction::FromExchange, FrameKind::Closed, why});
      });
    }
    void send(std::string_view text) override { inner_->send(text); }
    void close(const CloseInfo& why) override { inner_->close(why); }

   private:
    ScenarioRig& rig_;
    std::unique_ptr<Transport> inner_;
    ConnectionId id_;
    Timer refused_;
  };

  static Result<std::unique_ptr<FrameSource>> open(const std::string& path) {
    auto file = FileSource::open(path);
    if (!file) return tl::unexpected<Error>(file.error());
    auto reader = SessionReader::open(std::move(*file));
    if (!reader) return tl::unexpected<Error>(reader.error());
    return std::unique_ptr<FrameSource>(std::move(*reader));
  }
  static Timestamp first_frame(const std::string& path) { return open(path).value()->next().value()->at; }
  static std::vector<Feed> feeds() {
    return {Feed::instrument(), Feed::book("BTC/USD", 25), Feed::book("ETH/USD", 10), Feed::trade("BTC/USD"),
            Feed::trade("ETH/USD")};
  }
  static PlaybackOptions playback_options() {
    PlaybackOptions options;
    options.known_feeds = feeds();
    return options;
  }
  static std::vector<hosts::Account> accounts() {
    std::vector<hosts::Account> all(1);
    all[0].terms.name = "alice";
    all[0].terms.balances = {{"USD", Decimal::parse("10000").value()}};
    all[0].keys.push_back({example_credentials()});
    return all;
  }

  std::string recording_;
  Timestamp start_;
  VirtualClock client_clock_{start_};
  VirtualClock exchange_clock_{start_};
  std::unique_ptr<PlaybackExchange> playback_;
  hosts::KrakenHosts hosts_;
  bool ended_ = false;
  scenario::ScenarioExchange exchange_;
  std::string journal_;
  Loopback loopback_;
};

}  // namespace ktape::test
