// Every scenario of scenarios/: our own client does what is expected of it, one that makes the known mistake does not,
// and two runs have the same journal, byte for byte.
#include <filesystem>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/client/client.hpp"
#include "core/protocol/spot_v2/codec.hpp"
#include "rest/token_authoriser.hpp"
#include "tests/support/places.hpp"
#include "tests/support/scenario_rig.hpp"

namespace ktape::test {
namespace {

using namespace std::chrono_literals;

// The mistakes of the clients that must not pass.
struct Mistakes {
  bool stays_away = false;               // when the connection is lost
  bool subscribes_once = false;          // and not again on the next connection
  Duration retry_delay{};                // always the same
  bool leaves_at_maintenance = false;    // takes it for the end of the connection
  std::optional<Duration> impatience{};  // with a pair that says nothing
  bool shows_old_token = false;          // whatever the exchange says of it
};

struct Case {
  const char* name;
  Mistakes mistakes;
  const char* unmet;  // at least this is not met then
};

const Case kCases[] = {
    {"abnormal-close", {.subscribes_once = true}, "subscribes again on every connection"},
    {"maintenance", {.retry_delay = 1s, .leaves_at_maintenance = true}, "keeps its connection throughout"},
    {"cloudflare-restart", {.retry_delay = 100ms}, "does not hammer at the door"},
    {"checksum-break", {}, "asks for a new snapshot of that book within 5 s"},
    {"quiet-pair", {.impatience = 10s}, "keeps its connection"},
    {"token-expiry", {.retry_delay = 1s, .shows_old_token = true}, "fetches another one when that is refused"},
    {"reconnect-storm", {.retry_delay = 0s}, "connects at most 20 times in that minute"},
    {"slow-consumer", {.stays_away = true}, "is back within 15 s"},
};
bool needs_token(const Case& one) { return std::string_view(one.name) == "token-expiry"; }

scenario::Scenario scenario_of(const Case& one) {
  auto read = scenario::read_scenario(in_source_tree(std::string("scenarios/") + one.name + ".yaml"));
  EXPECT_TRUE(read) << read.error().detail;
  return std::move(*read);
}

Endpoint endpoint_of(const Case& one) {
  return Endpoint::parse(needs_token(one) ? "wss://ws-auth.kraken.com/v2" : "wss://ws.kraken.com/v2").value();
}

struct Outcome {
  scenario::Report report;
  std::string journal;
};

Outcome run_our_client(const Case& one) {
  ScenarioRig rig(scenario_of(one));
  class Silent final : public EventSink {
    void on_event(const Event& /*event*/) override {}
  } events;
  const auto transport = rig.transport(ConnectionId{1});
  spot_v2::SpotV2Codec codec;
  ScenarioRig::Rest web(rig);
  const auto credentials = example_credentials();
  rest::NonceSource nonces(rig.clock());
  rest::RestClient rest(web, rig.clock(), {}, rest::RestClient::Account{credentials, nonces});
  rest::TokenAuthoriser tokens(rest, rig.clock());
  ClientOptions options;
  options.endpoint = endpoint_of(one);
  options.authoriser = &tokens;
  Client client(*transport, codec, rig.clock(), events, options);
  if (needs_token(one)) {
    EXPECT_TRUE(client.subscribe({.channel = Channel::Executions}));
  } else {
    EXPECT_TRUE(client.subscribe({.channel = Channel::Book, .symbols = {"BTC/USD", "ETH/USD"}, .depth = 10}));
    EXPECT_TRUE(client.subscribe({.channel = Channel::Trade, .symbols = {"BTC/USD"}}));
  }
  client.start();
  auto report = rig.run();
  return {std::move(report), rig.journal()};
}

// A client by somebody who has read half of the documentation.
class CarelessClient final : public FrameSink {
 public:
  CarelessClient(ScenarioRig& rig, const Case& one, std::string token)
      : rig_(rig),
        endpoint_(endpoint_of(one)),
        mistakes_(one.mistakes),
        token_(std::move(token)),
        transport_(rig.transport(ConnectionId{1})) {
    transport_->connect(endpoint_, *this);
  }

  void on_frame(const Frame& frame) override {
    if (frame.direction == Direction::ToExchange && frame.kind != FrameKind::Closed) return;
    if (frame.kind == FrameKind::Opened) return opened();
    if (frame.kind == FrameKind::Closed) return closed();
    if (frame.kind != FrameKind::Text) return;
    const auto says = [&](std::string_view what) { return frame.payload.find(what) != frame.payload.npos; };
    if (mistakes_.leaves_at_maintenance && says(R"("system":"maintenance")")) transport_->close({1000, "maintenance"});
    if (mistakes_.impatience && says("BTC/USD")) {
      patience_ = rig_.clock().at(frame.at + *mistakes_.impatience, [this](Timestamp) {
        transport_->close({1000, "silence"});
      });
    }
    if (mistakes_.shows_old_token && says("\"success\":false")) later([this] { subscribe(); });
  }

 private:
  void opened() {
    if (std::exchange(subscribed_, true) && mistakes_.subscribes_once) return;
    subscribe();
  }
  void closed() {
    patience_ = {};
    if (!mistakes_.stays_away) later([this] { transport_->connect(endpoint_, *this); });
  }
  void later(std::function<void()> action) {
    timer_ = rig_.clock().at(rig_.clock().now() + mistakes_.retry_delay, [action](Timestamp) { action(); });
  }
  void subscribe() {
    transport_->send(
        token_.empty()
            ? R"({"method":"subscribe","params":{"channel":"book","symbol":["BTC/USD"],"depth":10}})"
            : fmt::format(R"({{"method":"subscribe","params":{{"channel":"executions","token":"{}"}}}})", token_));
  }

  ScenarioRig& rig_;
  Endpoint endpoint_;
  Mistakes mistakes_;
  std::string token_;
  std::unique_ptr<Transport> transport_;
  bool subscribed_ = false;
  Timer patience_, timer_;
};

Outcome run_careless_client(const Case& one) {
  ScenarioRig rig(scenario_of(one));
  ScenarioRig::Rest web(rig);
  const auto credentials = example_credentials();
  rest::NonceSource nonces(rig.clock());
  rest::RestClient rest(web, rig.clock(), {}, rest::RestClient::Account{credentials, nonces});
  std::optional<CarelessClient> client;
  if (needs_token(one)) {
    rest.web_sockets_token([&](const Result<rest::WebSocketsToken>& token) { client.emplace(rig, one, token->token); });
  } else {
    client.emplace(rig, one, std::string());
  }
  auto report = rig.run();
  return {std::move(report), rig.journal()};
}

class ScenarioLibrary : public ::testing::TestWithParam<Case> {};

TEST_P(ScenarioLibrary, OurClientDoesWhatIsExpectedAndTwoRunsAreEqual) {
  const Outcome first = run_our_client(GetParam());
  EXPECT_TRUE(is_clean(first.report)) << report_text(first.report) << first.journal.substr(0, 20'000);
  EXPECT_GE(first.report.findings.size(), 2U);
  const Outcome second = run_our_client(GetParam());
  EXPECT_EQ(first.journal, second.journal);
  EXPECT_EQ(report_junit(first.report), report_junit(second.report));
}

TEST_P(ScenarioLibrary, AClientThatMakesTheMistakeDoesNotPass) {
  const Outcome outcome = run_careless_client(GetParam());
  const auto& all = outcome.report.findings;
  const auto found =
      std::find_if(all.begin(), all.end(), [](const auto& finding) { return finding.name == GetParam().unmet; });
  ASSERT_NE(found, all.end());
  EXPECT_EQ(found->verdict, scenario::Verdict::Unmet)
      << report_text(outcome.report) << outcome.journal.substr(0, 20'000);
  EXPECT_FALSE(is_clean(outcome.report));
}

INSTANTIATE_TEST_SUITE_P(All, ScenarioLibrary, ::testing::ValuesIn(kCases), [](const auto& one) {
  std::string name = one.param.name;
  std::erase(name, '-');
  return name;
});

// What is added to the folder is tested, and described.
TEST(ScenarioLibraryFolder, HasNoOtherScenarios) {
  std::set<std::string> there;
  for (const auto& entry : std::filesystem::directory_iterator(in_source_tree("scenarios"))) {
    if (entry.path().extension() == ".yaml") there.insert(entry.path().stem());
  }
  std::set<std::string> tested;
  for (const Case& one : kCases) tested.insert(one.name);
  EXPECT_EQ(there, tested);
}

}  // namespace
}  // namespace ktape::test
