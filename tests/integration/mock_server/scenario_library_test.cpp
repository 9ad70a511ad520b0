// Every scenario of scenarios/ over real sockets, with a client that goes on whatever happens: two runs
// have the same journal, byte for byte. Time moves in steps of the test's, and between two of them everything that was
// sent in either direction has arrived, so that nothing depends on how fast this machine is. A scenario that is added
// to the folder is found here by itself.
#include <filesystem>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/session/session_reader.hpp"
#include "faults/server_faults.hpp"
#include "hosts/kraken_hosts.hpp"
#include "replay/file_source.hpp"
#include "replay/playback_exchange.hpp"
#include "rest/requests.hpp"
#include "scenario/scenario_exchange.hpp"
#include "tests/support/network.hpp"
#include "tests/support/places.hpp"
#include "tests/support/raw_peer.hpp"
#include "tests/support/small_market.hpp"

namespace ktape::test {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;

constexpr Duration kStep = 100ms;

Result<std::unique_ptr<FrameSource>> open(const std::string& path) {
  auto reader = SessionReader::open(FileSource::open(path).value());
  if (!reader) return tl::unexpected<Error>(reader.error());
  return std::unique_ptr<FrameSource>(std::move(*reader));
}

Timestamp first_frame(const std::string& path) {
  const auto source = open(path).value();
  return source->next().value()->at;
}

// What `ktape serve --clock step` puts together, and one client.
class Rehearsal {
 public:
  explicit Rehearsal(scenario::Scenario what)
      : needs_token_(what.name == "token expiry"),
        recording_(what.recording),
        clock_(first_frame(recording_)),
        playback_(PlaybackExchange::create(
                      clock_, [this] { return open(recording_); }, playback_options())
                      .value()),
        hosts_(clock_, *playback_,
               {.accounts = SmallMarket::accounts(),
                .market_ended = [this] { return playback_->ended(); },
                .token_seed = what.seed}),
        exchange_(
            clock_, hosts_, std::move(what),
            {.set_engine =
                 [this](std::string_view state) {
                   return playback_->set_system(state == "online" ? std::nullopt : std::optional<std::string>(state));
                 },
             .end = [this] { ended_ = true; }}) {
    exchange_.journal().write_to([this](std::string_view line) { journal_ += line; });
    auto& door = exchange_.door();
    MockServerOptions options;
    options.pace = ServerPace::Manual;
    options.close_timeout = 20ms;  // of real time: the client answers no close, it hangs up
    options.accepts = [this](const Endpoint& asked) { return hosts_.serves(asked); };
    let_fail(options, exchange_.faults(), [&door](ConnectionId id) { return door.inner_number(id); });
    options.ends_connection = [&door](ConnectionId id) { door.note_verdict(id); };
    options.refuses_upgrade = [refuses = options.refuses_upgrade, &door](const Endpoint& endpoint,
                                                                         std::string_view client) {
      auto refusal = refuses(endpoint, client);
      if (refusal) door.note_refusal(endpoint, refusal->status);
      return refusal;
    };
    server_.emplace(loop_.context(), exchange_, clock_, std::move(options));
    endpoint_ = server_->listen().value().front();
    exchange_.begin();
  }

  // The journal of all of it.
  const std::string& run() {
    while (!ended_ && clock_.now() < exchange_.report(false).began_at + 10min) {
      live();
      server_->advance_to(clock_.now() + kStep);
    }
    EXPECT_TRUE(ended_) << "the scenario did not come to its end";
    exchange_.finish();
    return journal_;
  }

 private:
  static PlaybackOptions playback_options() {
    PlaybackOptions options;
    options.at_end = PlaybackEnd::RestartOnAttach;
    options.generate_heartbeats = true;
    options.known_feeds = {Feed::book("BTC/USD", 25), Feed::book("ETH/USD", 10), Feed::trade("BTC/USD"),
                           Feed::trade("ETH/USD")};
    return options;
  }

  std::string token() {
    const auto credentials = example_credentials();
    const auto request = rest::private_request("GetWebSocketsToken", ++nonce_, {}, credentials).value();
    const auto response = hosts_.answer(request).value();
    exchange_.door().note_call(request, response);
    const std::string name = R"("token":")";
    return response.body.substr(response.body.find(name) + name.size(), 43);
  }

  // What the client does in this step: it connects if it is not, a second after it was lost; it subscribes when it is
  // let in; and it pings. All that was said before the ping has arrived when that is answered.
  void live() {
    if (!peer_) {
      if (clock_.now() < back_at_) return;
      const std::string target = needs_token_ ? "/v2/auth" : "/v2";
      peer_.emplace(RawPeer::connect(loop_.context(), endpoint_));
      peer_->write(RawPeer::upgrade_request(target));
      ASSERT_TRUE(until([&] { return peer_->ended() || peer_->received().find("\r\n\r\n") != std::string::npos; }));
      if (!peer_->received().starts_with("HTTP/1.1 101 ")) return lost();
      ASSERT_TRUE(until([&] { return peer_->ended() || server_->clients() > 0; }));
      say(needs_token_
              ? fmt::format(R"({{"method":"subscribe","params":{{"channel":"executions","token":"{}"}}}})", token())
              : R"({"method":"subscribe","params":{"channel":"book","symbol":["BTC/USD","ETH/USD"],"depth":10}})");
    }
    const std::string ping = fmt::format("{:08}", ++pings_);
    peer_->write(RawPeer::client_frame(0x89, ping));
    const std::string pong = "\x8a\x08" + ping;
    ASSERT_TRUE(until([&] { return peer_->ended() || peer_->received().find(pong, seen_) != std::string::npos; }));
    seen_ = peer_->received().size() - std::min<std::size_t>(peer_->received().size(), pong.size());
    if (peer_->ended()) lost();
  }
  void say(std::string_view text) { peer_->write(RawPeer::client_frame(0x81, text)); }
  void lost() {
    peer_->hang_up();
    peer_.reset();
    seen_ = 0;
    back_at_ = clock_.now() + 1s;
    ASSERT_TRUE(until([&] { return server_->connections() == 0; }));
  }
  ::testing::AssertionResult until(const std::function<bool()>& done) {
    return loop_.run_until(done, kPatience) ? ::testing::AssertionSuccess() : ::testing::AssertionFailure();
  }

  bool needs_token_;
  std::string recording_;
  VirtualClock clock_;
  std::unique_ptr<PlaybackExchange> playback_;
  hosts::KrakenHosts hosts_;
  scenario::ScenarioExchange exchange_;
  LiveLoop loop_;
  std::optional<MockServer> server_;
  Endpoint endpoint_;
  std::optional<RawPeer> peer_;
  std::size_t seen_ = 0;
  Timestamp back_at_ = Timestamp::min();
  std::uint64_t nonce_ = 0;
  int pings_ = 0;
  bool ended_ = false;
  std::string journal_;
};

class ScenariosOverSockets : public ::testing::TestWithParam<std::string> {
 protected:
  static std::string run() {
    auto scenario = scenario::read_scenario(in_source_tree("scenarios/" + GetParam() + ".yaml")).value();
    return Rehearsal(std::move(scenario)).run();
  }
};

TEST_P(ScenariosOverSockets, HaveTheSameJournalInEveryRun) {
  const std::string first = run();
  EXPECT_THAT(first, HasSubstr(R"("event":"connect")"));
  EXPECT_EQ(first, run());
  if (GetParam() == "cloudflare-restart") {
    EXPECT_THAT(first, HasSubstr(R"("code":1001,"text":"CloudFlare WebSocket proxy restarting")"));
    EXPECT_THAT(first, HasSubstr(R"("event":"refusal","host":"ws.kraken.com","path":"/v2","code":503)"));
  }
}

std::vector<std::string> all_scenarios() {
  std::set<std::string> all;
  for (const auto& entry : std::filesystem::directory_iterator(in_source_tree("scenarios"))) {
    if (entry.path().extension() == ".yaml") all.insert(entry.path().stem());
  }
  return {all.begin(), all.end()};
}

INSTANTIATE_TEST_SUITE_P(All, ScenariosOverSockets, ::testing::ValuesIn(all_scenarios()), [](const auto& one) {
  std::string name = one.param;
  std::erase(name, '-');
  return name;
});

}  // namespace
}  // namespace ktape::test
