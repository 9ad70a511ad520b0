// Live equals replay, whatever the client's loop goes through: late wake-ups, so that several deadlines and frames fall
// on one sampled instant; bursts; connections that are refused and cut.

#include <algorithm>
#include <array>
#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "core/base/random.hpp"
#include "faults/faulty_exchange.hpp"
#include "live/live_loop.hpp"
#include "live/websocket_transport.hpp"
#include "mock_server/mock_server.hpp"
#include "replay/player.hpp"
#include "replay/recorded_clients.hpp"
#include "synth/synthetic_exchange.hpp"
#include "tests/support/late_loop.hpp"
#include "tests/support/network.hpp"
#include "tests/support/recorded_run.hpp"
#include "tests/support/synthetic_options.hpp"
#include "tests/support/synthetic_recording.hpp"

namespace ktape::test {
namespace {

using namespace std::chrono_literals;

constexpr std::array<std::string_view, 2> kSymbols{"MINA/GBP", "EUR/USD"};

std::vector<Subscription> everything(int depth) {
  const std::vector<std::string> symbols(kSymbols.begin(), kSymbols.end());
  return {channel_of(Channel::Instrument), channel_of(Channel::Ticker, symbols), book_of(symbols, depth),
          channel_of(Channel::Trade, symbols), ohlc_of(symbols, 1)};
}

// The event log of a replay up to the instant at which the run was ended.
std::string replay(const std::string& recording, const ClientOptions& options, Timestamp end) {
  auto reader = SessionReader::open(std::make_unique<MemorySource>(recording)).value();
  VirtualClock clock(Timestamp{});
  std::string events;
  EventLog log(clock, [&](std::string_view line) { events += line; });
  RecordedClients clients(
      Dialect::SpotV2, clock, [&](ConnectionId connection) -> EventSink& { return log.of(connection); }, options);
  Player player(*reader, clock, clients);
  while (player.step().value()) {
  }
  clock.advance_to(end);
  return events;
}

// The first line that differs, with what led to it.
std::string difference(const std::string& live, const std::string& replayed) {
  if (live == replayed) return {};
  const auto at = static_cast<std::size_t>(
      std::mismatch(live.begin(), live.end(), replayed.begin(), replayed.end()).first - live.begin());
  std::size_t begin = live.rfind('\n', at == 0 ? 0 : at - 1);
  for (int lines = 0; lines < 5 && begin != std::string::npos && begin > 0; ++lines)
    begin = live.rfind('\n', begin - 1);
  if (begin == std::string::npos) begin = 0;
  return fmt::format("live:\n{}\nreplayed:\n{}", live.substr(begin, at - begin + 400),
                     replayed.substr(std::min(begin, replayed.size()), at - begin + 400));
}

// KTAPE_SEEDS=2000 takes as many, KTAPE_FIRST_SEED=17 begins there.
std::uint64_t first_seed() {
  const char* const text = std::getenv("KTAPE_FIRST_SEED");
  return text == nullptr ? 1 : std::strtoull(text, nullptr, 10);
}

TEST(LiveEqualsReplay, WithLateWakeUpsBurstsAndLostConnections) {
  LateLoop::Counts all;
  const std::uint64_t seeds = seeds_wanted(6);
  for (std::uint64_t seed = first_seed(); seed < first_seed() + seeds; ++seed) {
    auto market = synthetic_options(seed, 40s, kSymbols);
    VirtualClock exchange_clock(market.start);
    const Timestamp end = market.start + 45s;
    const auto exchange = synth::SyntheticExchange::create(std::move(market), exchange_clock).value();
    LateLoop loop(*exchange, exchange_clock, seed);
    ClientOptions options;
    options.endpoint = Endpoint::parse("wss://ws.kraken.com/v2").value();
    // Boundaries that several of a late wake-up's seconds hold.
    options.candles.intervals = {1s, 5s, 1min};
    options.candles.grace = Duration{static_cast<std::int64_t>(seed % 3) * 125'000'000};
    options.ping_interval = 3s;
    options.stale_after = 2s;
    options.silence_timeout = 4s;
    options.request_timeout = 2s;
    options.reconnect = {.delay = 700ms, .jitter = 300ms, .longest_delay = 3s};
    options.seed = seed;
    RecordedRun run(loop.transport(), loop.clock(), everything(seed % 2 == 0 ? 10 : 25), options);
    loop.run_until(end);
    ASSERT_EQ(difference(run.events(), replay(run.recording(), options, loop.clock().now())), "")
        << "with KTAPE_FIRST_SEED=" << seed;
    all.wake_ups += loop.counts().wake_ups;
    all.bursts += loop.counts().bursts;
    all.timers_skipped += loop.counts().timers_skipped;
    all.connections += loop.counts().connections;
    all.cuts += loop.counts().cuts;
  }
  EXPECT_GT(all.bursts, seeds * 5);
  EXPECT_GT(all.timers_skipped, seeds * 5);
  EXPECT_GT(all.connections, seeds);
  EXPECT_GT(all.cuts, seeds / 4);
  RecordProperty("wake_ups", std::to_string(all.wake_ups));
  RecordProperty("cuts", std::to_string(all.cuts));
}

// What goes wrong with the connection, by the seed: each kind on some seeds, often enough to be met in one market.
std::vector<std::string> troubles(std::uint64_t seed) {
  Random random(seed);
  std::vector<std::string> all;
  // One draw an entry: in which order arguments are evaluated is up to the compiler.
  const auto add = [&](std::string_view pattern, std::uint64_t least, std::uint64_t range) {
    all.push_back(fmt::format(fmt::runtime(pattern), least + random.below(range)));
  };
  add("{{kind: reset_peer, channel: book, probability: 1/{}}}", 20, 200);
  add("{{kind: close, code: 1001, reason: maintenance, channel: trade, probability: 1/{}}}", 4, 30);
  add("{{kind: latency, latency: 500ms, jitter: {}ms}}", 1, 500);
  add("{{kind: stall, duration: {}ms, channel: ticker, probability: 1/20}}", 1, 3000);
  add("{{kind: wrong_checksum, channel: book, probability: 1/{}}}", 10, 60);
  add("{{kind: gap, channel: trade, probability: 1/{}}}", 5, 20);
  add("{{kind: duplicate, channel: trade, probability: 1/{}}}", 2, 10);
  std::erase_if(all, [&](const std::string&) { return random.below(3) == 0; });
  return all;
}

// The same over TLS and on system time: the loop's turns take as long as the seed and the machine let them, so that its
// wake-ups are late and bring bursts.
TEST(LiveEqualsReplay, OverTlsOnSystemTimeWithFaultsAndSlowTurns) {
  std::uint64_t connections = 0;
  std::uint64_t acts = 0;
  const std::uint64_t seeds = seeds_wanted(4);
  for (std::uint64_t seed = first_seed(); seed < first_seed() + seeds; ++seed) {
    auto market = synthetic_options(seed, 20s, kSymbols);
    VirtualClock exchange_clock(market.start);
    const Timestamp end = market.start + 20s;
    const auto exchange = synth::SyntheticExchange::create(std::move(market), exchange_clock).value();
    FaultPlan plan(exchange_clock, seed);
    for (const std::string& trouble : troubles(seed)) ASSERT_TRUE(plan.add(parse_fault(trouble, "test").value()));
    FaultyExchange faulty(exchange_clock, *exchange, plan);

    LiveLoop loop;
    MockServerOptions served;
    served.pace = ServerPace::Max;
    served.patience = kPatience;
    served.listen = {{.security = ListenAddress::Security::Tls}};
    served.identity = test_identity();
    MockServer server(loop.context(), faulty, exchange_clock, std::move(served));

    ClientOptions options;
    options.endpoint = server.listen().value().front();
    options.endpoint.target = "/v2";
    options.candles.intervals = {10ms, 50ms};
    options.candles.grace = Duration{static_cast<std::int64_t>(seed % 3) * 4'000'000};
    options.reconnect = {.delay = 1ms, .jitter = 1ms, .longest_delay = 2ms};
    options.seed = seed;
    WebSocketTransport socket(loop, ConnectionId{1}, Network::trusting());
    RecordedRun run(socket, loop.clock(), everything(seed % 2 == 0 ? 10 : 25), options);
    Random random(seed);
    volatile std::uint64_t busy = 0;  // a long computation
    loop.after_turn([&] {
      if (random.below(20) != 0) return;
      const std::uint64_t until = busy + random.below(2'000'000);
      while (busy < until) busy = busy + 1;
    });
    ASSERT_TRUE(loop.run_until([&] { return exchange_clock.now() >= end; }, kPatience));
    run.client().stop();
    ASSERT_TRUE(loop.run_until([&] { return !run.client().connected(); }, kPatience));
    loop.after_turn({});
    ASSERT_EQ(difference(run.events(), replay(run.recording(), options, loop.clock().now())), "")
        << "with KTAPE_FIRST_SEED=" << seed << ", as far as a machine's timing can come back";
    for (const KeptFrame& frame : frames_of(run.recording())) connections += frame.kind == FrameKind::Opened ? 1 : 0;
    for (const FaultStatus& fault : plan.list()) acts += fault.acted;
  }
  EXPECT_GT(connections, seeds);
  EXPECT_GT(acts, seeds);
  RecordProperty("connections", std::to_string(connections));
}

}  // namespace
}  // namespace ktape::test
