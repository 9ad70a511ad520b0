// Whoever joins a recorded book at whatever instant and depth holds, at every instant, what the recorded client held.

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "core/base/virtual_clock.hpp"
#include "core/protocol/spot_v2/codec.hpp"
#include "replay/playback_exchange.hpp"
#include "tests/support/book_market.hpp"
#include "tests/support/exchange_driver.hpp"
#include "tests/support/tape.hpp"

namespace ktape {
namespace {

using std::chrono::milliseconds;
constexpr auto kSymbol = "BTC/USD";

// A client's book, kept from what it hears. Every checksum is verified by OrderBook.
class Keeper final : public EventSink {
 public:
  explicit Keeper(int depth) : book(BookSpec{kSymbol, depth, 1, 8}) {}

  void hear(std::string_view text) { codec_.decode(text, *this); }
  void on_event(const Event& event) override {
    if (const auto* snapshot = std::get_if<BookSnapshot>(&event)) {
      ++snapshots;
      check(book.reset(*snapshot));
    } else if (const auto* update = std::get_if<BookUpdate>(&event)) {
      ++updates;
      check(book.apply(*update));
    } else if (const auto* reply = std::get_if<Reply>(&event)) {
      EXPECT_TRUE(reply->success) << reply->error;
      if (reply->method == "unsubscribe") book.await_snapshot();
      if (reply->method == "subscribe") subscribed = true;
    } else if (std::holds_alternative<UnknownMessage>(event)) {
      ADD_FAILURE() << std::get<UnknownMessage>(event).what;
    }
  }

  OrderBook book;
  int snapshots = 0;
  int updates = 0;
  bool subscribed = false;

 private:
  static void check(const Result<void>& done) { EXPECT_TRUE(done) << done.error().detail; }
  spot_v2::SpotV2Codec codec_;
};

std::string ask(std::string_view method, int depth) {
  return fmt::format(R"({{"method":"{}","params":{{"channel":"book","symbol":["{}"],"depth":{}}}}})", method, kSymbol,
                     depth);
}

bool same(LevelsView held, LevelsView recorded, int depth) {
  return std::ranges::equal(held, recorded.best(static_cast<std::size_t>(depth)), [](const Level& a, const Level& b) {
    return identical(a.price, b.price) && identical(a.quantity, b.quantity);
  });
}

struct Ack {
  std::string_view method;
  int depth;
};
std::string text_of(const Ack& ack, Timestamp at) {
  Reply reply;
  reply.method = ack.method;
  reply.success = true;
  reply.channel = "book";
  reply.symbol = kSymbol;
  reply.depth = ack.depth;
  if (ack.method == "subscribe") reply.snapshot = true;
  reply.time_in = reply.time_out = at;
  std::string text;
  spot_v2::append_reply(text, reply);
  return text;
}

// A minute of one book, whose client subscribes again now and then, with or without acknowledgements in the recording.
test::Tape record(std::uint64_t seed, int depth, bool acknowledged, Timestamp start) {
  test::Tape tape;
  test::Dice dice(seed);
  test::BookMarket market(seed, kSymbol, depth, depth == 10 ? 14 : 40);
  auto at = start;
  tape.add(at, FrameKind::Opened, "wss://ws.kraken.com/v2");
  tape.hear(
      at += milliseconds(50),
      R"({"channel":"status","type":"update","data":[{"version":"2.0.10","system":"online","api_version":"v2"}]})");
  if (acknowledged) tape.hear(at += milliseconds(80), text_of({"subscribe", depth}, at));
  tape.hear(at += milliseconds(60), market.snapshot(at));
  for (int i = 0; i < 600; ++i) {
    at += milliseconds(1 + dice.below(200));
    market.move();
    if (dice.one_in(120)) {
      if (acknowledged) {
        tape.hear(at, text_of({"unsubscribe", depth}, at));
        tape.hear(at += milliseconds(dice.below(400)), text_of({"subscribe", depth}, at));
      }
      for (auto n = dice.below(30); n > 0; --n) market.move();
      tape.hear(at += milliseconds(60), market.snapshot(at));
    } else if (const auto text = market.update(at); !text.empty()) {
      tape.hear(at, text);
    }
  }
  return tape;
}

struct Joiner {
  ConnectionId id{};
  Timestamp at;
  int depth = 10;
  bool joined = false;
  std::unique_ptr<Keeper> keeper;
};

class PlaybackBooks : public testing::TestWithParam<std::uint64_t> {};

TEST_P(PlaybackBooks, EveryJoinerHoldsTheRecordedBookAtEveryInstant) {
  const auto seed = GetParam();
  SCOPED_TRACE(fmt::format("seed {}", seed));
  test::Dice dice(seed * 77);
  const auto start = parse_rfc3339("2026-09-01T08:00:00Z").value();
  const int depth = seed % 2 == 0 ? 25 : 10;
  const auto tape = record(seed, depth, seed % 3 != 0, start);
  const auto end = tape.entries.back().at;

  VirtualClock clock(start);
  auto exchange = PlaybackExchange::create(clock, [&] { return Result<std::unique_ptr<FrameSource>>(tape.source()); });
  ASSERT_TRUE(exchange) << exchange.error().detail;
  test::ExchangeDriver driver(clock, **exchange);
  std::vector<Joiner> joiners(8);
  for (auto& joiner : joiners) {
    joiner.at = start + Duration(dice.below((end - start).count() * 9 / 10));
    joiner.depth = depth == 25 && dice.one_in(2) ? 25 : 10;
    joiner.keeper = std::make_unique<Keeper>(joiner.depth);
  }
  joiners.front().at = start;

  Keeper recorded(depth);
  bool silent = true;  // between the recorded client's unsubscribing and its next snapshot nothing is known
  int compared = 0;
  for (std::size_t i = 0; i + 1 < tape.entries.size(); ++i) {
    const auto& entry = tape.entries[i];
    for (auto& joiner : joiners) {
      if (joiner.joined || joiner.at > entry.at) continue;
      driver.run_to(std::max(joiner.at, clock.now()));
      joiner.id = driver.connect();
      driver.say(joiner.id, ask("subscribe", joiner.depth));
      joiner.joined = true;
    }
    driver.run_to(entry.at);
    if (entry.kind == FrameKind::Text) recorded.hear(entry.payload);
    silent = recorded.book.state() != BookState::Live;
    if (tape.entries[i + 1].at == entry.at) continue;
    for (auto& joiner : joiners) {
      if (!joiner.joined) continue;
      for (const auto& text : driver.take(joiner.id)) joiner.keeper->hear(text);
      ASSERT_LE(joiner.keeper->snapshots, 1) << "a second snapshot on a live subscription";
      if (silent) continue;
      ASSERT_EQ(joiner.keeper->book.state(), BookState::Live) << "joined " << format_rfc3339(joiner.at, 3);
      ASSERT_TRUE(same(joiner.keeper->book.bids(), recorded.book.bids(), joiner.depth)) << format_rfc3339(entry.at);
      ASSERT_TRUE(same(joiner.keeper->book.asks(), recorded.book.asks(), joiner.depth)) << format_rfc3339(entry.at);
      ASSERT_EQ(joiner.keeper->book.unknown_removals(), 0U) << "a level removed that the client does not hold";
      ++compared;
    }
  }
  EXPECT_GT(compared, 1000);
  driver.run_to(end);
  for (const auto& joiner : joiners) EXPECT_EQ(driver.take(joiner.id).back(), "closed 1001 recording ended");
}

INSTANTIATE_TEST_SUITE_P(Seeds, PlaybackBooks, testing::Range<std::uint64_t>(1, 25));

}  // namespace
}  // namespace ktape
