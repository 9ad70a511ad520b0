// Live equals replay, whatever the client's loop goes through: late wake-ups, so that several deadlines and frames fall
// on one sampled instant; bursts; connections that are refused and cut.

#include <algorithm>
#include <array>
#include <cstdlib>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "core/base/random.hpp"
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

// Cuts the connections of a real server now and then.
class Cutting final : public Exchange {
 public:
  Cutting(Exchange& beyond, std::uint64_t seed) : beyond_(beyond), random_(seed) {}

  void attach(ConnectionId connection, const Endpoint& endpoint, FrameSink& client) override {
    auto& line = lines_[connection] = std::make_unique<Line>(*this, connection, client);
    beyond_.attach(connection, endpoint, *line);
  }
  void on_frame(const Frame& frame) override {
    const auto line = lines_.find(frame.connection);
    if (line == lines_.end() || line->second->client == nullptr) return;
    if (frame.kind == FrameKind::Closed) line->second->client = nullptr;
    beyond_.on_frame(frame);
  }
  int cuts() const { return cuts_; }

 private:
  struct Line final : FrameSink {
    Line(Cutting& its_owner, ConnectionId id, FrameSink& to) : owner(its_owner), connection(id), client(&to) {}
    void on_frame(const Frame& frame) override {
      if (client == nullptr) return;
      FrameSink& to = *client;
      if (frame.kind == FrameKind::Closed) {
        client = nullptr;
        to.on_frame(frame);
      } else if (frame.kind == FrameKind::Text && owner.cuts_ < 2 && owner.random_.below(40) == 0) {
        ++owner.cuts_;
        client = nullptr;
        owner.beyond_.on_frame({frame.at, connection, Direction::ToExchange, FrameKind::Closed, "1006 gone"});
        to.on_frame({frame.at, connection, Direction::FromExchange, FrameKind::Closed, "1006 cut"});
      } else {
        to.on_frame(frame);
      }
    }
    Cutting& owner;
    ConnectionId connection;
    FrameSink* client;
  };

  Exchange& beyond_;
  Random random_;
  std::map<ConnectionId, std::unique_ptr<Line>> lines_;
  int cuts_ = 0;
};

// The real loop, on system time and over real sockets, TLS for one seed in four. The market moves on
// while the client sleeps, a seed says how far: what has happened meanwhile falls on one sampled instant.
TEST(LiveEqualsReplay, OverSocketsOnSystemTime) {
  std::uint64_t cuts = 0;
  const std::uint64_t seeds = seeds_wanted(4);
  for (std::uint64_t seed = first_seed(); seed < first_seed() + seeds; ++seed) {
    Random random(seed);
    auto market = synthetic_options(seed, 20s, kSymbols);
    VirtualClock exchange_clock(market.start);
    const auto synthetic = synth::SyntheticExchange::create(std::move(market), exchange_clock).value();
    Cutting exchange(*synthetic, seed);
    LiveLoop server_loop;
    MockServerOptions server_options;
    server_options.pace = ServerPace::Manual;
    server_options.patience = kPatience;
    const bool tls = seed % 4 == 0;
    server_options.listen = {{.security = tls ? ListenAddress::Security::Tls : ListenAddress::Security::Plain}};
    if (tls) server_options.identity = test_identity();
    MockServer server(server_loop.context(), exchange, exchange_clock, std::move(server_options));
    ClientOptions options;
    options.endpoint = server.listen().value().front();
    options.endpoint.target = "/v2";
    // Deadlines as near to each other as the frames are: each wake-up has some of both behind it.
    options.candles.intervals = {1ms, 5ms, 1min};
    options.candles.grace = 1ms;
    options.ping_interval = 2ms;
    options.reconnect = {.instant_tries = 5, .delay = 1ms, .jitter = 1ms, .longest_delay = 4ms};
    options.seed = seed;
    LiveLoop loop;
    WebSocketTransport socket(loop, ConnectionId{1}, Network::trusting());
    RecordedRun run(socket, loop.clock(), everything(10), options);
    const Timestamp end = exchange_clock.now() + 20s;
    const auto over = [&] {
      for (auto turns = random.below(8) == 0 ? 60 : 1 + random.below(6); turns > 0; --turns) {
        server_loop.post([] {});
        server_loop.turn(kPatience);
      }
      // A step of the market's time, whatever the client's own has come to.
      const Timestamp step = exchange_clock.now() + Duration{static_cast<std::int64_t>(random.below(300'000'000))};
      if (run.client().connected()) server.advance_to(std::min(end, step));
      loop.post([] {});  // so that the client's turn does not wait for what only the server's next one can bring
      return exchange_clock.now() >= end && !run.client().connected();
    };
    EXPECT_TRUE(loop.run_until(over, kPatience));
    EXPECT_GE(exchange_clock.now(), end) << "the market came to its end";
    ASSERT_EQ(difference(run.events(), replay(run.recording(), options, loop.clock().now())), "")
        << "with KTAPE_FIRST_SEED=" << seed;
    EXPECT_GT(run.client().stats().messages, 20U);
    cuts += static_cast<std::uint64_t>(exchange.cuts());
  }
  EXPECT_GT(cuts, 0U);
}

}  // namespace
}  // namespace ktape::test
