// Whoever joins a recorded book of Spot v1 or Futures at whatever instant holds, at every instant, what the recorded
// client held; in v1 with the time of every level, and with checksums over the wire's own digits.

#include <algorithm>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "core/base/virtual_clock.hpp"
#include "core/protocol/dialect.hpp"
#include "replay/playback_exchange.hpp"
#include "tests/support/dialect_markets.hpp"
#include "tests/support/exchange_driver.hpp"
#include "tests/support/tape.hpp"

namespace ktape {
namespace {

using std::chrono::milliseconds;

// A client's book, kept from what it hears, with the times that v1 tells.
class Keeper final : public EventSink {
 public:
  Keeper(Dialect dialect, int depth)
      : book(BookSpec{dialect == Dialect::SpotV1 ? "BTC/USD" : "PI_XBTUSD", depth, std::nullopt, std::nullopt}),
        codec_(make_codec(dialect)) {}

  void hear(std::string_view text) { codec_->decode(text, *this); }
  void on_event(const Event& event) override {
    if (const auto* snapshot = std::get_if<BookSnapshot>(&event)) {
      ++snapshots;
      times.clear();
      check(book.reset(*snapshot));
      note(snapshot->bids, snapshot->bid_times);
      note(snapshot->asks, snapshot->ask_times);
    } else if (const auto* update = std::get_if<BookUpdate>(&event)) {
      check(book.apply(*update));
      note(update->bids, update->bid_times);
      note(update->asks, update->ask_times);
    } else if (const auto* reply = std::get_if<Reply>(&event)) {
      EXPECT_TRUE(reply->success) << reply->error;
      if (reply->method == "unsubscribe") book.await_snapshot();
    } else if (const auto* unknown = std::get_if<UnknownMessage>(&event)) {
      ADD_FAILURE() << unknown->what;
    }
  }

  OrderBook book;
  std::map<Decimal, Timestamp> times;
  int snapshots = 0;

 private:
  void note(std::span<const Level> levels, std::span<const Timestamp> at) {
    for (std::size_t i = 0; i < at.size(); ++i) times[levels[i].price] = at[i];
  }
  static void check(const Result<void>& done) { EXPECT_TRUE(done) << done.error().detail; }
  std::unique_ptr<Codec> codec_;
};

std::string spot_v1_answer(std::string_view status, int depth) {
  return fmt::format(
      R"({{"channelID":464,"channelName":"book-{}","event":"subscriptionStatus","pair":"XBT/USD","status":"{}","subscription":{{"depth":{},"name":"book"}}}})",
      depth, status, depth);
}

// A session of one book, whose client subscribes again now and then, with or without answers in the recording.
test::Tape record_spot_v1(std::uint64_t seed, int depth, bool acknowledged, Timestamp start) {
  test::Tape tape;
  test::Dice dice(seed);
  test::SpotV1Market market(seed, depth, depth == 10 ? 14 : 40);
  auto at = start;
  tape.add(at, FrameKind::Opened, "wss://ws.kraken.com/");
  tape.hear(at += milliseconds(50), R"({"connectionID":7,"event":"systemStatus","status":"online","version":"1.9.1"})");
  if (acknowledged) tape.hear(at += milliseconds(80), spot_v1_answer("subscribed", depth));
  tape.hear(at += milliseconds(60), market.snapshot());
  for (int i = 0; i < 400; ++i) {
    at += milliseconds(1 + dice.below(200));
    market.move(at);
    if (dice.one_in(120)) {
      if (acknowledged) {
        tape.hear(at, spot_v1_answer("unsubscribed", depth));
        tape.hear(at += milliseconds(dice.below(400)), spot_v1_answer("subscribed", depth));
      }
      for (auto n = dice.below(30); n > 0; --n) market.move(at += milliseconds(1));
      tape.hear(at += milliseconds(60), market.snapshot());
    } else if (const auto text = market.update(at); !text.empty()) {
      tape.hear(at, text);
    }
  }
  return tape;
}

test::Tape record_futures(std::uint64_t seed, bool acknowledged, Timestamp start) {
  test::Tape tape;
  test::Dice dice(seed);
  test::FuturesMarket market(seed);
  auto at = start;
  const auto answer = [](std::string_view event) {
    return fmt::format(R"({{"event":"{}","feed":"book","product_ids":["PI_XBTUSD"]}})", event);
  };
  tape.add(at, FrameKind::Opened, "wss://futures.kraken.com/ws/v1");
  tape.hear(at += milliseconds(50), R"({"event":"info","version":1})");
  if (acknowledged) tape.hear(at += milliseconds(80), answer("subscribed"));
  tape.hear(at += milliseconds(60), market.snapshot(at));
  for (int i = 0; i < 400; ++i) {
    at += milliseconds(1 + dice.below(200));
    if (dice.one_in(120)) {
      if (acknowledged) {
        tape.hear(at, answer("unsubscribed"));
        tape.hear(at += milliseconds(dice.below(400)), answer("subscribed"));
      }
      for (auto n = dice.below(30); n > 0; --n) market.move(at);
      tape.hear(at += milliseconds(60), market.snapshot(at));
    } else {
      tape.hear(at, market.move(at));
    }
  }
  return tape;
}

struct Joiner {
  ConnectionId id{};
  Timestamp at;
  int depth = 0;
  bool joined = false;
  std::unique_ptr<Keeper> keeper;
};

// Whether the joiner holds the best of what the recorded client held.
testing::AssertionResult holds(const Keeper& joiner, const Keeper& recorded, int depth) {
  for (const Side side : {Side::Buy, Side::Sell}) {
    const auto own = side == Side::Buy ? joiner.book.bids() : joiner.book.asks();
    auto all = side == Side::Buy ? recorded.book.bids() : recorded.book.asks();
    if (depth != 0) all = all.best(static_cast<std::size_t>(depth));
    if (own.size() != all.size()) {
      return testing::AssertionFailure() << own.size() << " levels instead of " << all.size();
    }
    for (std::size_t i = 0; i < own.size(); ++i) {
      if (own[i].price != all[i].price || own[i].quantity != all[i].quantity) {
        return testing::AssertionFailure()
               << "level " << i << ": " << own[i].price.text() << " " << own[i].quantity.text() << " instead of "
               << all[i].price.text() << " " << all[i].quantity.text();
      }
      if (recorded.times.empty()) continue;
      if (joiner.times.at(own[i].price) != recorded.times.at(own[i].price)) {
        return testing::AssertionFailure() << "time of " << own[i].price.text();
      }
    }
  }
  return testing::AssertionSuccess();
}

struct Case {
  Dialect dialect;
  int depth;                // of the recording
  std::vector<int> depths;  // that joiners ask for
  std::string (*subscribe)(int depth);
};

std::string ask_spot_v1(int depth) {
  return fmt::format(R"({{"event":"subscribe","pair":["XBT/USD"],"subscription":{{"name":"book","depth":{}}}}})",
                     depth);
}
std::string ask_futures(int /*depth*/) { return R"({"event":"subscribe","feed":"book","product_ids":["pi_xbtusd"]})"; }

void everybody_holds_the_recorded_book(const Case& how, const test::Tape& tape, std::uint64_t seed) {
  test::Dice dice(seed * 77);
  const auto start = tape.entries.front().at;
  const auto end = tape.entries.back().at;
  VirtualClock clock(start);
  PlaybackOptions options;
  options.dialect = how.dialect;
  auto exchange = PlaybackExchange::create(
      clock, [&] { return Result<std::unique_ptr<FrameSource>>(tape.source()); }, options);
  ASSERT_TRUE(exchange) << exchange.error().detail;
  test::ExchangeDriver driver(clock, **exchange);
  std::vector<Joiner> joiners(6);
  for (auto& joiner : joiners) {
    joiner.at = start + Duration(dice.below((end - start).count() * 9 / 10));
    joiner.depth = how.depths[static_cast<std::size_t>(dice.below(static_cast<std::int64_t>(how.depths.size())))];
    joiner.keeper = std::make_unique<Keeper>(how.dialect, joiner.depth);
  }
  joiners.front().at = start;

  Keeper recorded(how.dialect, how.depth);
  int compared = 0;
  for (std::size_t i = 0; i + 1 < tape.entries.size(); ++i) {
    const auto& entry = tape.entries[i];
    for (auto& joiner : joiners) {
      if (joiner.joined || joiner.at > entry.at) continue;
      driver.run_to(std::max(joiner.at, clock.now()));
      joiner.id = driver.connect();
      driver.say(joiner.id, how.subscribe(joiner.depth));
      joiner.joined = true;
    }
    driver.run_to(entry.at);
    if (entry.kind == FrameKind::Text) recorded.hear(entry.payload);
    // Between the recorded client's unsubscribing and its next snapshot nothing is known.
    const bool silent = recorded.book.state() != BookState::Live;
    if (tape.entries[i + 1].at == entry.at) continue;
    for (auto& joiner : joiners) {
      if (!joiner.joined) continue;
      for (const auto& text : driver.take(joiner.id)) joiner.keeper->hear(text);
      if (how.dialect == Dialect::SpotV1) {
        ASSERT_LE(joiner.keeper->snapshots, 1) << "a second snapshot on a live subscription";
      }
      if (silent) continue;
      ASSERT_EQ(joiner.keeper->book.state(), BookState::Live) << "joined " << format_rfc3339(joiner.at, 3);
      ASSERT_TRUE(holds(*joiner.keeper, recorded, joiner.depth)) << format_rfc3339(entry.at);
      ASSERT_EQ(joiner.keeper->book.sequence(), recorded.book.sequence());
      ASSERT_EQ(joiner.keeper->book.unknown_removals(), 0U) << "a level removed that the client does not hold";
      ++compared;
    }
  }
  EXPECT_GT(compared, 500);
  driver.run_to(end);
  for (const auto& joiner : joiners) EXPECT_EQ(driver.take(joiner.id).back(), "closed 1001 recording ended");
}

class PlaybackDialects : public testing::TestWithParam<std::uint64_t> {
 protected:
  const std::uint64_t seed = GetParam();
  const Timestamp start = parse_rfc3339("2026-09-01T08:00:00Z").value();
};

TEST_P(PlaybackDialects, EveryJoinerHoldsTheRecordedBookOfSpotV1) {
  SCOPED_TRACE(fmt::format("seed {}", seed));
  const int depth = seed % 2 == 0 ? 25 : 10;
  const Case how{Dialect::SpotV1, depth, depth == 25 ? std::vector{25, 10} : std::vector{10}, ask_spot_v1};
  everybody_holds_the_recorded_book(how, record_spot_v1(seed, depth, seed % 3 != 0, start), seed);
}

TEST_P(PlaybackDialects, EveryJoinerHoldsTheRecordedBookOfFutures) {
  SCOPED_TRACE(fmt::format("seed {}", seed));
  const Case how{Dialect::FuturesV1, 0, {0}, ask_futures};
  everybody_holds_the_recorded_book(how, record_futures(seed, seed % 3 != 0, start), seed);
}

INSTANTIATE_TEST_SUITE_P(Seeds, PlaybackDialects, testing::Range<std::uint64_t>(1, 9));

}  // namespace
}  // namespace ktape
