// A recording of Spot v1 or Futures that begins at any instant with a keyframe shows the books of the whole one.

#include <algorithm>
#include <map>
#include <string>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "core/client/client.hpp"
#include "replay/player.hpp"
#include "replay/recorded_clients.hpp"
#include "replay/state_tracker.hpp"
#include "tests/support/dialect_markets.hpp"
#include "tests/support/frame_log.hpp"
#include "tests/support/tape.hpp"

namespace ktape {
namespace {

using std::chrono::milliseconds;

class Nobody final : public EventSink {
 public:
  void on_event(const Event& event) override {
    if (const auto* unknown = std::get_if<UnknownMessage>(&event)) ADD_FAILURE() << unknown->what;
    if (const auto* change = std::get_if<BookStateChange>(&event)) {
      EXPECT_NE(change->state, BookState::Invalid) << change->reason;
    }
    if (const auto* gap = std::get_if<TradeGap>(&event)) {
      ADD_FAILURE() << "trades from " << gap->expected_id << " to " << gap->received_id;
    }
  }
};

// The book of a client that replays the tape from beginning to end, and what it has verified.
std::string final_book(const test::Tape& tape, Dialect dialect) {
  VirtualClock clock(tape.entries.front().at);
  Nobody nobody;
  RecordedClients clients(dialect, clock, [&](ConnectionId) -> EventSink& { return nobody; }, {});
  const auto source = tape.source();
  Player player(*source, clock, clients);
  while (player.step().value()) {
  }
  std::string out;
  for (const auto& [connection, entry] : clients.all()) {
    for (const auto& [symbol, book] : entry->client->books()) {
      out += fmt::format("{} {} {}\n", symbol, book.state() == BookState::Live, book.sequence().value_or(0));
      for (const Level& level : book.bids()) out += fmt::format("{} {}\n", level.price.text(), level.quantity.text());
      for (const Level& level : book.asks()) out += fmt::format("{} {}\n", level.price.text(), level.quantity.text());
    }
  }
  return out;
}

test::Tape cut_at(const test::Tape& tape, Dialect dialect, std::size_t first) {
  StateTracker tracker(dialect);
  for (std::size_t i = 0; i < first; ++i) {
    const auto& entry = tape.entries[i];
    tracker.on_frame({entry.at, entry.connection, entry.direction, entry.kind, entry.payload});
  }
  test::FrameLog keyframe;
  tracker.tell(tape.entries[first].at, keyframe);
  test::Tape out;
  for (const auto& frame : keyframe.frames) {
    out.add(frame.at, frame.kind, frame.payload, static_cast<std::uint32_t>(frame.connection), frame.direction);
  }
  out.entries.insert(out.entries.end(), tape.entries.begin() + static_cast<std::ptrdiff_t>(first), tape.entries.end());
  return out;
}

class KeyframeDialects : public testing::TestWithParam<std::uint64_t> {
 protected:
  void expect_the_same_end(const test::Tape& tape, Dialect dialect) {
    SCOPED_TRACE(fmt::format("seed {}", GetParam()));
    const auto whole = final_book(tape, dialect);
    ASSERT_NE(whole.find(" true "), std::string::npos) << whole;
    test::Dice dice(GetParam() * 91);
    for (int i = 0; i < 5; ++i) {
      const auto first = static_cast<std::size_t>(dice.below(static_cast<std::int64_t>(tape.entries.size()) - 1)) + 1;
      EXPECT_EQ(final_book(cut_at(tape, dialect, first), dialect), whole) << "cut at frame " << first;
    }
  }
  const Timestamp start = parse_rfc3339("2026-09-01T08:00:00Z").value();
};

TEST_P(KeyframeDialects, ABookOfSpotV1IsTheSameInTheEnd) {
  test::Tape tape;
  test::SpotV1Market market(GetParam(), 10, 14);
  auto at = start;
  tape.add(at, FrameKind::Opened, "wss://ws.kraken.com/");
  tape.hear(at, R"({"connectionID":7,"event":"systemStatus","status":"online","version":"1.9.1"})");
  tape.say(at += milliseconds(10),
           R"({"event":"subscribe","reqid":1,"pair":["XBT/USD"],"subscription":{"name":"book","depth":10}})");
  tape.hear(
      at += milliseconds(10),
      R"({"channelID":464,"channelName":"book-10","event":"subscriptionStatus","pair":"XBT/USD","reqid":1,"status":"subscribed","subscription":{"depth":10,"name":"book"}})");
  tape.hear(at += milliseconds(10), market.snapshot());
  for (int i = 0; i < 150; ++i) {
    market.move(at += milliseconds(20));
    if (const auto text = market.update(at); !text.empty()) tape.hear(at, text);
    if (i % 20 == 0) {
      tape.hear(
          at,
          fmt::format(R"([336,[["63000.1{:04}","0.01000000","1788249600.123456","b","l",""]],"trade","XBT/USD"])", i));
    }
  }
  expect_the_same_end(tape, Dialect::SpotV1);
}

TEST_P(KeyframeDialects, ABookAndTradesOfFuturesAreTheSameInTheEnd) {
  test::Tape tape;
  test::FuturesMarket market(GetParam());
  auto at = start;
  tape.add(at, FrameKind::Opened, "wss://futures.kraken.com/ws/v1");
  tape.hear(at, R"({"event":"info","version":1})");
  tape.say(at += milliseconds(10), R"({"event":"subscribe","feed":"book","product_ids":["PI_XBTUSD"]})");
  tape.say(at += milliseconds(10), R"({"event":"subscribe","feed":"trade","product_ids":["PI_XBTUSD"]})");
  tape.hear(at += milliseconds(10), R"({"event":"subscribed","feed":"book","product_ids":["PI_XBTUSD"]})");
  tape.hear(at += milliseconds(10), R"({"event":"subscribed","feed":"trade","product_ids":["PI_XBTUSD"]})");
  tape.hear(at += milliseconds(10), market.snapshot(at));
  const auto trade = [&](int number) {
    return fmt::format(
        R"({{"feed":"trade","product_id":"PI_XBTUSD","uid":"u-{}","side":"buy","type":"fill","seq":{},"time":1788249600123,"qty":10.0,"price":64000.5}})",
        number, number);
  };
  tape.hear(at, fmt::format(R"({{"feed":"trade_snapshot","product_id":"PI_XBTUSD","trades":[{}]}})", trade(100)));
  for (int i = 0; i < 150; ++i) {
    tape.hear(at += milliseconds(20), market.move(at));
    if (i % 7 == 0) tape.hear(at, trade(101 + i / 7));
  }
  expect_the_same_end(tape, Dialect::FuturesV1);
}

INSTANTIATE_TEST_SUITE_P(Seeds, KeyframeDialects, testing::Range<std::uint64_t>(1, 9));

}  // namespace
}  // namespace ktape
