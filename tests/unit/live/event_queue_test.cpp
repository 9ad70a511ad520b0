#include "live/event_queue.hpp"

#include <string>
#include <thread>
#include <vector>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/base/virtual_clock.hpp"
#include "core/client/client.hpp"
#include "core/protocol/spot_v2/codec.hpp"
#include "tests/support/book_market.hpp"
#include "tests/support/scripted_transport.hpp"

namespace ktape {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;

Event numbered(int number) { return TradeGap{"ETH/EUR", number, 0}; }

std::string text_of(const QueuedEvent& queued) {
  if (const auto* lost = std::get_if<EventsLost>(&queued.what)) return fmt::format("{} lost", lost->events);
  const Event& event = std::get<OwnedEvent>(queued.what).event();
  if (const auto* ticker = std::get_if<Ticker>(&event))
    return fmt::format("{} {}", ticker->symbol, ticker->last.text());
  if (const auto* gap = std::get_if<TradeGap>(&event)) return std::to_string(gap->expected_id);
  return "other";
}

struct EventQueueTest : testing::Test {
  // What can be had without waiting.
  std::vector<std::string> take_all(EventQueue& queue) {
    std::vector<std::string> all;
    for (;;) {
      const auto next = queue.try_pop();
      if (!next) {
        all.push_back(next.error().detail);
      } else if (*next) {
        all.push_back(text_of(**next));
      } else {
        return all;
      }
    }
  }
  VirtualClock clock{parse_rfc3339("2026-09-01T08:00:00Z").value()};
};

TEST_F(EventQueueTest, KeepsOrderAndTellsWhenAndWhereFromAnEventCame) {
  EventQueue queue(clock, {.source = [] { return ConnectionId{2}; }});
  queue.on_event(numbered(1));
  clock.advance_to(clock.now() + 5s);
  queue.on_event(numbered(2));
  queue.finish();
  const auto first = queue.pop().value();
  ASSERT_TRUE(first);
  EXPECT_EQ(text_of(*first), "1");
  EXPECT_EQ(first->connection, ConnectionId{2});
  const auto second = queue.pop().value();
  ASSERT_TRUE(second);
  EXPECT_EQ(second->at - first->at, 5s);
  EXPECT_FALSE(queue.pop().value()) << "all is told";
  EXPECT_FALSE(queue.pop().value()) << "and stays so";
}

TEST_F(EventQueueTest, DropsTheOldestAndSaysHowManyInTheirPlace) {
  EventQueue queue(clock, {.max_events = 3});
  for (int i = 1; i <= 8; ++i) queue.on_event(numbered(i));
  EXPECT_THAT(take_all(queue), ElementsAre("5 lost", "6", "7", "8"));
  for (int i = 9; i <= 12; ++i) queue.on_event(numbered(i));
  EXPECT_THAT(take_all(queue), ElementsAre("1 lost", "10", "11", "12"));
  const EventQueueStats stats = queue.stats();
  EXPECT_EQ(stats.put, 12U);
  EXPECT_EQ(stats.taken, 6U);
  EXPECT_EQ(stats.lost, 6U);
  EXPECT_EQ(stats.waiting, 0U);
  EXPECT_EQ(stats.waiting_bytes, 0U);
  EXPECT_EQ(stats.most_waiting, 3U);
}

TEST_F(EventQueueTest, TellsWhichTimeIsMissing) {
  EventQueue queue(clock, {.max_events = 1});
  const Timestamp start = clock.now();
  for (int i = 0; i < 4; ++i) {
    queue.on_event(numbered(i));
    clock.advance_to(clock.now() + 1s);
  }
  const auto marker = queue.pop().value();
  ASSERT_TRUE(marker);
  const auto& lost = std::get<EventsLost>(marker->what);
  EXPECT_EQ(lost.first_at, start);
  EXPECT_EQ(lost.last_at, start + 2s);
  EXPECT_EQ(marker->at, start + 2s);
}

TEST_F(EventQueueTest, CountsBytesAsWellAsEvents) {
  const std::string large(1000, 'x');
  EventQueue queue(clock, {.max_bytes = 3000});
  for (int i = 0; i < 5; ++i) queue.on_event(UnknownMessage{large});
  EXPECT_LE(queue.stats().waiting_bytes, 3000U);
  EXPECT_GE(queue.stats().waiting, 1U);
  queue.on_event(UnknownMessage{std::string(4000, 'x')});
  EXPECT_THAT(take_all(queue), ElementsAre("6 lost")) << "one that does not fit at all";
}

TEST_F(EventQueueTest, ClosesWithAnErrorBehindWhatWasThere) {
  EventQueue queue(clock, {.max_events = 2, .when_full = WhenQueueFull::Close});
  for (int i = 1; i <= 5; ++i) queue.on_event(numbered(i));
  queue.finish();
  EXPECT_THAT(take_all(queue), ElementsAre("1", "2", HasSubstr("the event queue is full: 3 events")));
  EXPECT_FALSE(queue.pop().value());
  EXPECT_EQ(queue.stats().lost, 3U);
}

TEST_F(EventQueueTest, KeepsTheLatestTickerOfEachSymbol) {
  EventQueue queue(clock, {.max_events = 4, .when_full = WhenQueueFull::Conflate});
  const auto ticker = [](const char* symbol, int last) {
    return Ticker{.symbol = symbol, .last = Decimal::from_units(last, 0)};
  };
  queue.on_event(ticker("ETH/EUR", 1));
  queue.on_event(numbered(1));
  queue.on_event(ticker("BTC/USD", 2));
  queue.on_event(ticker("ETH/EUR", 3));
  queue.on_event(ticker("ETH/EUR", 4));
  EXPECT_EQ(queue.stats().lost, 0U);
  EXPECT_EQ(queue.stats().conflated, 2U);
  EXPECT_THAT(take_all(queue), ElementsAre("1", "BTC/USD 2", "ETH/EUR 4"));
}

// A consumer that keeps books of its own, from nothing but what the queue gives it.
struct Consumer {
  void take(const QueuedEvent& queued) {
    ++events;
    if (std::holds_alternative<EventsLost>(queued.what)) {
      ++losses;
      return;
    }
    const Event& event = std::get<OwnedEvent>(queued.what).event();
    if (const auto* snapshot = std::get_if<BookSnapshot>(&event)) {
      EXPECT_TRUE(book.reset(*snapshot));
    } else if (const auto* update = std::get_if<BookUpdate>(&event)) {
      EXPECT_TRUE(book.apply(*update)) << "every checksum holds";
    } else if (const auto* change = std::get_if<BookStateChange>(&event)) {
      if (change->state != BookState::Live) book.await_snapshot();
    }
  }
  OrderBook book{{.symbol = "BTC/USD", .depth = 10, .price_places = 1, .quantity_places = 8}};
  int events = 0;
  int losses = 0;
};

// The exchange's side of a book, and the client that follows it.
struct LiveBook {
  explicit LiveBook(VirtualClock& time, EventSink& events, std::uint64_t seed)
      : clock(time),
        transport(time),
        client(transport, codec, time, events, {.endpoint = Endpoint::parse("wss://exchange/v2").value()}),
        market(seed, "BTC/USD", 10, 14) {
    client.add_book("BTC/USD");
    client.start();
    transport.open();
    subscribe();
  }
  void subscribe() {
    transport.say(fmt::format(
        R"({{"method":"subscribe","req_id":{},"result":{{"channel":"book","depth":10,"snapshot":true,"symbol":"BTC/USD"}},)"
        R"("success":true,"time_in":"2026-09-01T08:00:00.000100Z","time_out":"2026-09-01T08:00:00.000140Z"}})",
        ++subscriptions));
    transport.say(market.snapshot(clock.now()));
  }
  void move() {
    market.move();
    if (const std::string update = market.update(clock.now()); !update.empty()) transport.say(update);
  }
  void lose_connection() {
    transport.drop();
    clock.advance_to(clock.now());
    transport.open();
    subscribe();
  }
  VirtualClock& clock;
  ScriptedTransport transport;
  spot_v2::SpotV2Codec codec;
  Client client;
  test::BookMarket market;
  int subscriptions = 0;
};

struct BooksOnly final : EventSink {
  explicit BooksOnly(EventQueue& to) : queue(to) {}
  void on_event(const Event& event) override {
    const bool of_book = std::holds_alternative<BookSnapshot>(event) || std::holds_alternative<BookUpdate>(event) ||
                         std::holds_alternative<BookStateChange>(event);
    if (of_book) queue.on_event(event);
  }
  EventQueue& queue;
};

// Books with fewer levels than their depth, lost connections, a consumer that comes at any time: with each seed.
TEST_F(EventQueueTest, MakesOneSnapshotOfABooksChangesThatAConsumerCanGoOnFrom) {
  std::uint64_t conflated = 0;
  for (std::uint64_t seed = 1; seed <= 15; ++seed) {
    const LiveBook* live = nullptr;
    EventQueue queue(clock, {.max_events = 20,
                             .when_full = WhenQueueFull::Conflate,
                             .book = [&](std::string_view symbol) { return live->client.book(symbol); }});
    BooksOnly gate(queue);
    test::Dice dice(seed);
    LiveBook market(clock, gate, seed);  // tells less than makes the queue full, so nobody asks for the book yet
    live = &market;
    Consumer consumer;
    for (int step = 0; step < 300; ++step) {
      market.move();
      if (dice.one_in(90)) market.lose_connection();
      if (!dice.one_in(40)) continue;
      for (auto next = queue.try_pop().value(); next; next = queue.try_pop().value()) consumer.take(*next);
      ASSERT_EQ(consumer.losses, 0) << "seed " << seed;
      const OrderBook& told = *live->client.book("BTC/USD");
      ASSERT_EQ(told.state(), BookState::Live);
      ASSERT_EQ(consumer.book.checksum(), OrderBook(told).checksum()) << "seed " << seed << " step " << step;
      ASSERT_EQ(consumer.book.bids().size(), told.bids().size());
    }
    conflated += queue.stats().conflated;
  }
  EXPECT_GT(conflated, 500U);
}

TEST_F(EventQueueTest, PassesEverythingToAnotherThreadInOrder) {
  constexpr int kEvents = 20'000;
  EventQueue queue(clock, {.max_events = kEvents});
  std::vector<std::int64_t> taken;
  std::thread consumer([&] {
    while (auto next = queue.pop().value()) {
      taken.push_back(std::get<TradeGap>(std::get<OwnedEvent>(next->what).event()).expected_id);
    }
  });
  for (int i = 0; i < kEvents; ++i) queue.on_event(numbered(i));
  queue.finish();
  consumer.join();
  ASSERT_EQ(taken.size(), static_cast<std::size_t>(kEvents));
  for (int i = 0; i < kEvents; ++i) ASSERT_EQ(taken[static_cast<std::size_t>(i)], i);
}

// However the threads run: what is told and what is said to be lost add up, and nothing is out of order.
TEST_F(EventQueueTest, AccountsForEveryEventWhenTheConsumerIsSlow) {
  constexpr int kEvents = 20'000;
  EventQueue queue(clock, {.max_events = 16});
  std::int64_t next_due = 0;
  std::thread consumer([&] {
    while (auto next = queue.pop().value()) {
      if (const auto* lost = std::get_if<EventsLost>(&next->what)) {
        next_due += static_cast<std::int64_t>(lost->events);
        continue;
      }
      const auto number = std::get<TradeGap>(std::get<OwnedEvent>(next->what).event()).expected_id;
      ASSERT_EQ(number, next_due);
      ++next_due;
    }
  });
  for (int i = 0; i < kEvents; ++i) queue.on_event(numbered(i));
  queue.finish();
  consumer.join();
  EXPECT_EQ(next_due, kEvents);
  const EventQueueStats stats = queue.stats();
  EXPECT_EQ(stats.taken + stats.lost, static_cast<std::uint64_t>(kEvents));
}

}  // namespace
}  // namespace ktape
