// One history: what a live client saw, its replay sees again, byte for byte and stamp for stamp; and what a recording
// plays to a client that says the same, is the same recording.

#include <array>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "core/base/random.hpp"
#include "core/wire/loopback.hpp"
#include "live/live_loop.hpp"
#include "live/websocket_transport.hpp"
#include "mock_server/mock_server.hpp"
#include "replay/playback_exchange.hpp"
#include "replay/player.hpp"
#include "replay/recorded_clients.hpp"
#include "synth/synthetic_exchange.hpp"
#include "tests/support/network.hpp"
#include "tests/support/recorded_run.hpp"
#include "tests/support/synthetic_options.hpp"

namespace ktape::test {
namespace {

using namespace std::chrono_literals;

constexpr std::array<std::string_view, 2> kSymbols{"BTC/USD", "XRP/USD"};

std::vector<Subscription> everything() {
  const std::vector<std::string> symbols(kSymbols.begin(), kSymbols.end());
  std::vector<Subscription> all;
  for (const Channel channel : {Channel::Instrument, Channel::Ticker, Channel::Book, Channel::Trade, Channel::Ohlc}) {
    Subscription one{.channel = channel};
    if (channel != Channel::Instrument) one.symbols = symbols;
    one.depth = 25;
    all.push_back(one);
  }
  return all;
}

ClientOptions client_options(Endpoint endpoint = Endpoint::parse("wss://ws.kraken.com/v2").value()) {
  ClientOptions options;
  options.endpoint = std::move(endpoint);
  options.candles.intervals = {1min, 5min};
  options.reconnects = false;
  return options;
}

// Half a minute before a full hour it begins; sockets see the first minute's end, and sanitizers are slow.
synth::SyntheticOptions market(std::uint64_t seed, Duration length = 70s) {
  return synthetic_options(seed, length, kSymbols);
}

struct History {
  std::string events;
  std::string recording;
};

History run_on_loopback(Exchange& exchange, VirtualClock& exchange_clock) {
  VirtualClock client_clock(exchange_clock.now());
  Loopback loopback(exchange, client_clock, exchange_clock);
  const auto line = loopback.make_transport(ConnectionId{1});
  RecordedRun run(*line, client_clock, everything(), client_options());
  loopback.run_until(exchange_clock.now() + 71s);
  return {run.events(), run.recording()};
}

History original(std::uint64_t seed, Duration length = 70s) {
  VirtualClock clock(market(seed).start);
  const auto exchange = synth::SyntheticExchange::create(market(seed, length), clock).value();
  return run_on_loopback(*exchange, clock);
}

std::unique_ptr<PlaybackExchange> playback_of(const std::string& recording, VirtualClock& clock) {
  return PlaybackExchange::create(clock,
                                  [&recording]() -> Result<std::unique_ptr<FrameSource>> {
                                    auto reader = SessionReader::open(std::make_unique<MemorySource>(recording));
                                    if (!reader) return tl::unexpected<Error>(reader.error());
                                    return std::move(*reader);
                                  })
      .value();
}

// The event log of a replay. `meanwhile` may move time before each frame, up to but not to the frame's stamp.
std::string replay(const std::string& recording,
                   const std::function<void(VirtualClock&, Timestamp next)>& meanwhile = {}) {
  auto reader = SessionReader::open(std::make_unique<MemorySource>(recording)).value();
  VirtualClock clock(Timestamp{});
  std::string events;
  EventLog log(clock, [&](std::string_view line) { events += line; });
  RecordedClients clients(
      Dialect::SpotV2, clock, [&](ConnectionId connection) -> EventSink& { return log.of(connection); },
      client_options());
  Player player(*reader, clock, clients);
  while (const auto next = player.next_at().value()) {
    if (meanwhile) meanwhile(clock, *next);
    EXPECT_TRUE(player.step().value());
  }
  return events;
}

class OneHistory : public testing::TestWithParam<std::uint64_t> {};

TEST_P(OneHistory, ReplayTellsTheEventsOfTheRunThatWasRecorded) {
  const History live = original(GetParam());
  EXPECT_GT(live.events.size(), 100'000U);
  EXPECT_EQ(live.events, replay(live.recording));
}

TEST_P(OneHistory, ReplayIsTheSameHoweverTimeIsMovedBetweenFrames) {
  const History live = original(GetParam());
  Random random(GetParam());
  const std::string stepped = replay(live.recording, [&](VirtualClock& clock, Timestamp next) {
    if (clock.now() == Timestamp{}) return;
    for (auto left = (next - clock.now()).count(); left > 1 && random.below(4) != 0;
         left = (next - clock.now()).count()) {
      clock.advance_to(clock.now() +
                       Duration{static_cast<std::int64_t>(random.below(static_cast<std::uint64_t>(left)))});
    }
  });
  EXPECT_EQ(live.events, stepped);
}

TEST_P(OneHistory, ARecordingPlayedToAClientThatSaysTheSameIsThatRecording) {
  const History live = original(GetParam());
  VirtualClock clock(market(GetParam()).start);
  const auto playback = playback_of(live.recording, clock);
  const History again = run_on_loopback(*playback, clock);
  EXPECT_EQ(frames_of(live.recording), frames_of(again.recording));
  EXPECT_EQ(live.recording, again.recording);  // the file too
  EXPECT_EQ(live.events, again.events);
}

// Served over a real socket and recorded by a live client.
History run_on_sockets(const std::string& recording, ServerPace pace, TimeSource time,
                       ListenAddress::Security security) {
  VirtualClock exchange_clock(frames_of(recording).front().at);
  const auto exchange = playback_of(recording, exchange_clock);
  LiveLoop loop(time);
  MockServerOptions options;
  options.pace = pace;
  options.patience = kPatience;
  options.listen = {{.security = security}};
  if (security == ListenAddress::Security::Tls) options.identity = test_identity();
  MockServer server(loop.context(), *exchange, exchange_clock, std::move(options));
  Endpoint endpoint = server.listen().value().front();
  endpoint.target = "/v2";
  WebSocketTransport socket(loop, ConnectionId{1}, Network::trusting());
  RecordedRun run(socket, loop.clock(), everything(), client_options(endpoint));
  bool was_connected = false;
  EXPECT_TRUE(loop.run_until(
      [&] {
        was_connected = was_connected || run.client().connected();
        return was_connected && !run.client().connected();
      },
      kPatience));
  return {run.events(), run.recording()};
}

TEST_P(OneHistory, LockstepOverTlsCarriesEveryByteAndEveryStamp) {
  const History live = original(GetParam(), 35s);
  const History again =
      run_on_sockets(live.recording, ServerPace::Lockstep, TimeSource::Server, ListenAddress::Security::Tls);
  EXPECT_EQ(frames_of(live.recording), frames_of(again.recording));
  EXPECT_EQ(replay(again.recording), again.events);
}

TEST_P(OneHistory, ALiveRunOnSystemTimeIsReplayedStampForStamp) {
  const History live = original(GetParam(), 35s);
  const History again =
      run_on_sockets(live.recording, ServerPace::Max, TimeSource::System,
                     GetParam() % 2 == 0 ? ListenAddress::Security::Tls : ListenAddress::Security::Plain);
  EXPECT_EQ(replay(again.recording), again.events);
}

INSTANTIATE_TEST_SUITE_P(Seeds, OneHistory, testing::Range<std::uint64_t>(1, 6),
                         [](const auto& seed) { return "Seed" + std::to_string(seed.param); });

}  // namespace
}  // namespace ktape::test
