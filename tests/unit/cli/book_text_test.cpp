#include "cli/book_text.hpp"

#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace ktape::cli {
namespace {

using testing::HasSubstr;
using testing::Optional;

Level level(const char* price, const char* quantity) {
  return {Decimal::parse(price).value(), Decimal::parse(quantity).value()};
}

// Three bids and one ask, as the client would tell them.
struct ThinBook : testing::Test {
  ThinBook() { EXPECT_TRUE(book.reset(snapshot())); }
  BookSnapshot snapshot() const {
    return {.symbol = "ETH/EUR", .bids = bids, .asks = asks, .checksum = std::nullopt, .exchange_time = std::nullopt};
  }
  std::string print(std::size_t rows) const {
    return book_text({.at = parse_rfc3339("2026-09-01T08:00:01Z").value(),
                      .symbol = "ETH/EUR",
                      .state = "live",
                      .book = &book,
                      .rows = rows});
  }
  // As the exchange and the client do it: connected, asked for, told.
  void make_live() {
    watch.on_event(LinkChange{LinkState::Up, "wss://exchange/v2"});
    watch.on_event(BookStateChange{"ETH/EUR", BookState::AwaitSnapshot, "subscribed", {}});
    BookSnapshot told = snapshot();
    told.checksum = 2389935577;
    watch.on_event(told);
    watch.on_event(BookStateChange{"ETH/EUR", BookState::Live, "snapshot", {}});
    stream(StreamState::Live, "snapshot");
  }
  void stream(StreamState state, std::string_view why) {
    watch.on_event(StreamStateChange{.channel = "book", .symbol = "ETH/EUR", .state = state, .reason = why});
  }

  std::vector<Level> bids{level("3120.55", "1.25000000"), level("3120.10", "0.40000000"),
                          level("3119.00", "2.00000000")};
  std::vector<Level> asks{level("3120.90", "0.75000000")};
  OrderBook book{{.symbol = "ETH/EUR", .depth = 10}};
  BookWatch watch{"ETH/EUR"};
};

TEST_F(ThinBook, ShowsWhatThereIsAndHowMuchIsMissing) {
  EXPECT_EQ(print(10),
            "2026-09-01T08:00:01Z  ETH/EUR  live\n"
            "        bid quantity              bid   ask              ask quantity\n"
            "          1.25000000          3120.55   3120.90          0.75000000\n"
            "          0.40000000          3120.10\n"
            "          2.00000000          3119.00\n"
            "                              3 of 10   1 of 10\n");
}

TEST_F(ThinBook, ShowsNoMoreThanWasAskedFor) {
  EXPECT_EQ(print(1),
            "2026-09-01T08:00:01Z  ETH/EUR  live\n"
            "        bid quantity              bid   ask              ask quantity\n"
            "          1.25000000          3120.55   3120.90          0.75000000\n");
}

TEST_F(ThinBook, SaysWhichChecksumWasRight) {
  make_live();
  EXPECT_EQ(watch.state_text(&book), "live  checksum 2389935577 right (1 so far, 0 wrong)");
  watch.on_event(BookUpdate{.symbol = "BTC/USD", .checksum = 1});
  EXPECT_EQ(watch.state_text(&book), "live  checksum 2389935577 right (1 so far, 0 wrong)") << "of another book";
}

TEST_F(ThinBook, SaysWhichNumberCameWhereThereAreNoChecksums) {
  make_live();
  watch.on_event(BookUpdate{.symbol = "ETH/EUR", .sequence = 4711});
  EXPECT_EQ(watch.state_text(&book), "live  number 4711 in turn (2 so far, 0 wrong)");
}

TEST_F(ThinBook, IsMarkedAsStaleWhenNothingIsHeard) {
  make_live();
  stream(StreamState::Stale, "nothing heard for 5s");
  EXPECT_EQ(watch.state_text(&book), "STALE: nothing heard for 5s");
  EXPECT_TRUE(BookWatch::shows(&book));
  stream(StreamState::Live, "heard again");
  EXPECT_THAT(watch.state_text(&book), HasSubstr("live  checksum"));
}

TEST_F(ThinBook, IsNotShownWhileTheConnectionIsDown) {
  make_live();
  watch.on_event(LinkChange{LinkState::Down, "1001 maintenance"});
  book.await_snapshot();
  EXPECT_EQ(watch.state_text(&book), "NO BOOK: disconnected: 1001 maintenance");
  EXPECT_FALSE(BookWatch::shows(&book));
}

TEST_F(ThinBook, IsNotShownAfterAWrongChecksum) {
  make_live();
  EXPECT_FALSE(book.apply(BookUpdate{.symbol = "ETH/EUR", .checksum = 1}));
  watch.on_event(BookStateChange{"ETH/EUR", BookState::Invalid, "checksum 1 does not fit", {}});
  EXPECT_EQ(watch.state_text(&book), "NO BOOK: checksum 1 does not fit; asked for again");
  EXPECT_FALSE(BookWatch::shows(&book));
  book.await_snapshot();
  watch.on_event(BookStateChange{"ETH/EUR", BookState::AwaitSnapshot, "subscribed", {}});
  EXPECT_EQ(watch.state_text(&book), "NO BOOK: checksum 1 does not fit; asked for again") << "until it is there";
}

TEST_F(ThinBook, KnowsWhyThereIsNoneYet) {
  EXPECT_EQ(watch.state_text(nullptr), "NO BOOK: not connected yet");
  watch.on_event(LinkChange{LinkState::Up, "wss://exchange/v2"});
  EXPECT_EQ(watch.state_text(nullptr), "NO BOOK: not asked for yet");
  stream(StreamState::Dead, "no answer within 10s");
  EXPECT_EQ(watch.state_text(nullptr), "NO BOOK: no answer within 10s");
  EXPECT_FALSE(watch.was_live());
}

TEST_F(ThinBook, KeepsTheWordsOfARefusal) {
  watch.on_event(Reply{.method = "subscribe", .success = false, .error = "Already subscribed", .symbol = "ETH/EUR"});
  watch.on_event(Reply{.method = "subscribe", .success = false, .error = "no", .symbol = "BTC/USD"});
  EXPECT_EQ(watch.refusal(), std::nullopt);
  watch.on_event(Reply{
      .method = "subscribe", .success = false, .error = "Currency pair not supported ETH/EUR", .symbol = "ETH/EUR"});
  EXPECT_THAT(watch.refusal(), Optional(std::string("Currency pair not supported ETH/EUR")));
}

}  // namespace
}  // namespace ktape::cli
