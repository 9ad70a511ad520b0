#include "faults/faulty_exchange.hpp"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "core/base/random.hpp"
#include "core/base/virtual_clock.hpp"
#include "synth/synthetic_exchange.hpp"
#include "tests/support/frame_log.hpp"
#include "tests/support/synthetic_options.hpp"

// Laws of an exchange with faults, over drawn plans and conversations. KTAPE_SEEDS=1000 takes so many seeds.
namespace ktape {
namespace {

using namespace std::chrono_literals;

std::uint64_t seeds() {
  const char* const text = std::getenv("KTAPE_SEEDS");
  return text == nullptr ? 6 : std::strtoull(text, nullptr, 10);
}

// What may go wrong in a run; {} is a probability.
constexpr std::array kPool{
    "kind: latency, latency: 20ms, jitter: 20ms, direction: both, probability: {}",
    "kind: bandwidth, rate: 8, from: 2s, until: 6s, probability: {}",
    "kind: slow_start, rate: 1, doubling: 500ms, full: 32, probability: {}",
    "kind: slicer, average_size: 50, size_variation: 20, delay: 1ms, probability: {}",
    "kind: slow_close, delay: 700ms, probability: {}",
    "kind: stall, from: 3s, duration: 1s, probability: {}",
    "kind: stall, after: 20, duration: 300ms, direction: from_exchange, probability: {}",
    "kind: half_open, from: 6s, until: 7s, probability: {}",
    "kind: timeout, timeout: 1s, from: 4s, until: 4500ms, probability: {}",
    "kind: reset_peer, contains: trade, after: 5, probability: {}",
    "kind: reset_peer, timeout: 300ms, since: opening, from: 2s, until: 3s, probability: {}",
    "kind: close, code: 1012, reason: restart, from: 5s, until: 5200ms, probability: {}",
    "kind: limit_data, bytes: 20000, probability: {}",
    "kind: drop, channel: book, probability: {}",
    "kind: drop, direction: to_exchange, probability: {}",
    "kind: duplicate, delay: 5ms, probability: {}",
    "kind: reorder, by: 2, probability: {}",
    "kind: delay, delay: 50ms, probability: {}",
    "kind: truncate, probability: {}",
    "kind: corrupt, characters: 4, probability: {}",
    "kind: wrong_checksum, probability: {}",
    "kind: unknown_delete, probability: {}",
    "kind: crossed_book, symbol: MINA/GBP, probability: {}",
    "kind: missing_heartbeat, probability: {}",
    "kind: gap, messages: 2, probability: {}",
    "kind: clock_ahead, by: 90s, probability: {}",
    "kind: error_reply, probability: {}",
    "kind: rate_limit, requests: 2, per: 1s, probability: {}",
};

// Sees that the exchange behind the faults is treated as an exchange may expect.
class Watched final : public Exchange {
 public:
  explicit Watched(Exchange& inner) : inner_(inner) {}

  void attach(ConnectionId connection, const Endpoint& endpoint, FrameSink& client) override {
    EXPECT_TRUE(open_.insert(connection).second) << "attached twice";
    lines_[connection] = std::make_unique<Line>(*this, client);
    inside_ = true;
    inner_.attach(connection, endpoint, *lines_[connection]);
    inside_ = false;
  }
  void on_frame(const Frame& frame) override {
    EXPECT_TRUE(open_.contains(frame.connection)) << "a word of one that has gone: " << frame.payload;
    EXPECT_FALSE(inside_) << "told from inside of its own words";
    EXPECT_EQ(frame.direction, Direction::ToExchange);
    if (frame.kind == FrameKind::Closed) {
      open_.erase(frame.connection);
      EXPECT_TRUE(CloseInfo::parse(frame.payload).has_value());
    }
    inner_.on_frame(frame);
  }
  std::size_t open() const { return open_.size(); }

 private:
  struct Line final : FrameSink {
    Line(Watched& its_owner, FrameSink& its_client) : owner(its_owner), client(its_client) {}
    void on_frame(const Frame& frame) override {
      if (frame.kind == FrameKind::Closed) owner.open_.erase(frame.connection);
      owner.inside_ = true;
      client.on_frame(frame);
      owner.inside_ = false;
    }
    Watched& owner;
    FrameSink& client;
  };
  Exchange& inner_;
  std::map<ConnectionId, std::unique_ptr<Line>> lines_;
  std::set<ConnectionId> open_;
  bool inside_ = false;
};

struct History {
  std::vector<test::LoggedFrame> heard;
  std::vector<std::string> acts;
  friend bool operator==(const History&, const History&) = default;
};

// Three clients that ask, stay, and come back when they are closed. `faults` are added at the start.
History run(std::uint64_t seed, const std::vector<Fault>& faults, bool with_faulty = true) {
  constexpr std::array<std::string_view, 2> kSymbols{"MINA/GBP", "EUR/USD"};
  auto market = test::synthetic_options(seed, 8s, kSymbols);
  VirtualClock clock(market.start);
  const Timestamp start = clock.now();
  const auto exchange = synth::SyntheticExchange::create(std::move(market), clock).value();
  Watched watched(*exchange);
  FaultPlan plan(clock, seed);
  std::optional<FaultyExchange> faulty;
  if (with_faulty) faulty.emplace(clock, watched, plan);
  Exchange& far_end = with_faulty ? static_cast<Exchange&>(*faulty) : watched;
  History out;
  plan.on_act([&](const FaultAct& act) { out.acts.push_back(act.text()); });
  for (const Fault& fault : faults) static_cast<void>(plan.add(fault).value());

  struct Client final : FrameSink {
    void on_frame(const Frame& frame) override {
      EXPECT_TRUE(open) << "a word after the end: " << frame.payload;
      EXPECT_EQ(frame.direction, Direction::FromExchange);
      if (frame.kind == FrameKind::Closed) open = false;
      history->heard.push_back({frame.at, frame.connection, frame.direction, frame.kind, std::string(frame.payload)});
    }
    History* history = nullptr;
    ConnectionId id{};
    bool open = false;
  };
  std::array<Client, 3> clients;
  std::uint32_t last = 0;
  Random random(seed ^ 0x5EEDU);
  for (Timestamp at = start; at <= start + 9s; at += 100ms) {
    clock.advance_to(at);
    for (Client& client : clients) {
      client.history = &out;
      if (!client.open && at < start + 8s) {
        client.open = true;
        client.id = ConnectionId{++last};
        far_end.attach(client.id, Endpoint::parse("wss://ws.kraken.com/v2").value(), client);
      }
      const auto drawn = random.below(12);
      const auto say = [&](FrameKind kind, std::string_view text) {
        if (client.open) far_end.on_frame({clock.now(), client.id, Direction::ToExchange, kind, text});
      };
      if (drawn < 3) {
        say(FrameKind::Text,
            fmt::format(R"({{"method":"{}","params":{{"channel":"{}","symbol":["MINA/GBP","EUR/USD"]}},"req_id":{}}})",
                        drawn == 0 ? "unsubscribe" : "subscribe", random.below(2) == 0 ? "book" : "trade", last));
      } else if (drawn == 3) {
        say(FrameKind::Text, R"({"method":"ping"})");
      } else if (drawn == 4) {
        say(FrameKind::Ping, "p");
      } else if (drawn == 5 && random.below(8) == 0 && client.open) {
        client.open = false;
        far_end.on_frame({clock.now(), client.id, Direction::ToExchange, FrameKind::Closed, "1000 bye"});
      }
      clock.advance_to(clock.now());
    }
  }
  for (Client& client : clients) {
    if (!std::exchange(client.open, false)) continue;
    far_end.on_frame({clock.now(), client.id, Direction::ToExchange, FrameKind::Closed, "1000 bye"});
  }
  clock.advance_to(clock.now() + 5s);
  EXPECT_EQ(watched.open(), 0U) << "the exchange still has connections that are gone";
  return out;
}

std::vector<Fault> drawn_plan(std::uint64_t seed) {
  Random random(seed);
  std::vector<Fault> faults;
  for (auto n = 1 + random.below(6); n > 0; --n) {
    const std::string text = fmt::format(
        "{{{}}}", fmt::format(fmt::runtime(kPool[random.below(kPool.size())]), random.below(2) == 0 ? "1/2" : "1/20"));
    auto fault = parse_fault(text, "pool");
    EXPECT_TRUE(fault.has_value()) << text << ": " << fault.error().detail;
    faults.push_back(std::move(*fault));
  }
  return faults;
}

TEST(FaultyExchangeLaws, TheSameSeedAndConversationGiveTheSameBytesAndKeepToTheContract) {
  std::size_t acts = 0;
  for (std::uint64_t seed = 1; seed <= seeds(); ++seed) {
    const auto faults = drawn_plan(seed);
    const History once = run(seed, faults);
    acts += once.acts.size();
    ASSERT_EQ(once, run(seed, faults)) << "seed " << seed;
    ASSERT_FALSE(::testing::Test::HasFailure()) << "seed " << seed;
  }
  EXPECT_GT(acts, 0U) << "hardly anything went wrong";
}

TEST(FaultyExchangeLaws, APlanWithoutActiveFaultsPassesEverythingThroughUntouched) {
  for (std::uint64_t seed = 1; seed <= std::max<std::uint64_t>(seeds() / 3, 1); ++seed) {
    // All kinds, but not now, not here, or not any more.
    std::vector<Fault> asleep;
    for (const char* const one : kPool) {
      auto fault = parse_fault(fmt::format("{{{}}}", fmt::format(fmt::runtime(one), "1/1")), "pool").value();
      switch (asleep.size() % 4) {
        case 0:
          fault.when.from = 1h;
          fault.when.until.reset();
          break;
        case 1:
          fault.where.host = "elsewhere";
          break;
        case 2:
          fault.where.dialect = Dialect::FuturesV1;
          break;
        default:
          fault.where.connection = 1000;
          break;
      }
      if (!check(fault)) continue;
      asleep.push_back(std::move(fault));
    }
    const History truth = run(seed, {}, false);
    EXPECT_GT(truth.heard.size(), 100U);
    ASSERT_EQ(run(seed, {}), truth) << "seed " << seed;
    const History sleeping = run(seed, asleep);
    ASSERT_EQ(sleeping.heard, truth.heard) << "seed " << seed;
    EXPECT_TRUE(sleeping.acts.empty());
  }
}

}  // namespace
}  // namespace ktape
