#include "core/protocol/spot_v1/codec.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>

#include "core/market/order_book.hpp"
#include "core/protocol/dialect.hpp"
#include "tests/support/event_log.hpp"

namespace ktape::spot_v1 {
namespace {

using ::testing::HasSubstr;

std::string events_of(Codec& codec, std::string_view text) {
  test::EventLog log;
  codec.decode(text, log);
  return log.text();
}

TEST(SpotV1Codec, IsTheCodecOfItsDialect) {
  const auto codec = make_codec(Dialect::SpotV1);
  ASSERT_NE(codec, nullptr);
  EXPECT_THAT(events_of(*codec, R"({"event":"heartbeat"})"), HasSubstr("heartbeat"));
}

TEST(SpotV1Codec, KeepsTheTextOfAnOrderAndOfAFill) {
  struct Venue final : EventSink {
    void on_event(const Event& event) override {
      if (const auto* orders = std::get_if<OrderReports>(&event)) text = orders->reports.front().venue;
      if (const auto* fills = std::get_if<FillReports>(&event)) text = fills->fills.back().venue;
    }
    std::string text;
  } venue;
  SpotV1Codec codec;
  codec.decode(R"([[{"O1": { "status":"open", "misc":"x" } }],"openOrders",{"sequence":2}])", venue);
  EXPECT_EQ(venue.text, R"({ "status":"open", "misc":"x" })");
  const std::string fill = R"({"ordertxid":"O1","pair":"A/B","time":"1","type":"buy","ordertype":"limit","price":"1",)"
                           R"("vol":"1","margin":"0"})";
  codec.decode(R"([[{"T0":)" + fill + R"(},{"T1":)" + fill + R"(}],"ownTrades",{"sequence":2}])", venue);
  EXPECT_EQ(venue.text, fill);
}

TEST(SpotV1Codec, CountsWhatNoDocumentMentions) {
  SpotV1Codec codec;
  events_of(codec, R"([1,[["1.0","2.0","3.5","b","l","","x"]],"trade","A/B"])");
  events_of(codec, R"({"event":"heartbeat","colour":"red"})");
  events_of(codec, "nonsense");
  EXPECT_EQ(codec.stats().messages, 3U);
  EXPECT_EQ(codec.stats().unknown_fields, 2U);
  EXPECT_EQ(codec.stats().unknown_messages, 1U);
}

TEST(SpotV1Codec, KnowsFromItsRequestsWhatAnErrorRefuses) {
  SpotV1Codec codec;
  codec.sent({.method = Method::Unsubscribe, .request_id = 5});
  const char* const refused = R"({"errorMessage":"no","event":"subscriptionStatus","reqid":5,"status":"error"})";
  EXPECT_THAT(events_of(codec, refused), HasSubstr(R"("method":"unsubscribe")"));
  codec.reset();
  EXPECT_THAT(events_of(codec, refused), HasSubstr(R"("method":"subscribe")"));
}

TEST(SpotV1Codec, KnowsFromItsRequestsWhetherFillsBeginWithHistory) {
  SpotV1Codec codec;
  const char* const fills = R"([[],"ownTrades",{"sequence":1}])";
  EXPECT_THAT(events_of(codec, fills), HasSubstr(R"("snapshot":true)"));
  codec.sent({.method = Method::Subscribe, .subscription = {.channel = Channel::OwnTrades, .snapshot_trades = false}});
  EXPECT_THAT(events_of(codec, fills), HasSubstr(R"("snapshot":false)"));
}

TEST(SpotV1Codec, ForgetsItsChannelsWithTheConnection) {
  SpotV1Codec codec;
  const char* const subscribed = R"({"channelID":5,"channelName":"trade","event":"subscriptionStatus",)"
                                 R"("pair":"XBT/USD","status":"subscribed","subscription":{"name":"trade"}})";
  const char* const trade = R"([5,[["1.0","2.0","3.5","b","l",""]]])";
  events_of(codec, subscribed);
  EXPECT_THAT(events_of(codec, trade), HasSubstr("BTC/USD"));
  codec.reset();
  EXPECT_THAT(events_of(codec, trade), HasSubstr("data of channel 5, which is not subscribed"));
}

// ---- checksums of spot-v1 section 5.6

class Book final : public EventSink {
 public:
  explicit Book(int depth = 10) : book_({.symbol = "BTC/USD", .depth = depth}) {}
  void hear(std::string_view text) { codec_.decode(text, *this); }
  std::uint32_t checksum() { return book_.checksum(); }

 private:
  void on_event(const Event& event) override {
    if (const auto* snapshot = std::get_if<BookSnapshot>(&event)) {
      EXPECT_TRUE(book_.reset(*snapshot));
    } else if (const auto* update = std::get_if<BookUpdate>(&event)) {
      const auto applied = book_.apply(*update);
      EXPECT_TRUE(applied.has_value()) << applied.error().detail;
    } else {
      ADD_FAILURE() << "no book";
    }
  }
  SpotV1Codec codec_;
  OrderBook book_;
};

TEST(SpotV1Checksum, OfThePublishedExample) {
  std::string asks;
  std::string bids;
  for (int price = 5005; price <= 5050; price += 5) {
    asks += fmt::format(R"({}["0.0{}","0.00000500","1582905487.684110"])", asks.empty() ? "" : ",", price);
  }
  for (const int price : {5000, 4995, 4990, 4980, 4975, 4970, 4965, 4960, 4955, 4950}) {
    bids += fmt::format(R"({}["0.0{}","0.00000500","1582905486.493008"])", bids.empty() ? "" : ",", price);
  }
  Book book;
  book.hear(fmt::format(R"([0,{{"as":[{}],"bs":[{}]}},"book-10","XBT/USD"])", asks, bids));
  EXPECT_EQ(book.checksum(), 974947235U);
}

TEST(SpotV1Checksum, OfARealBookThroughThreeUpdates) {
  Book book;
  book.hear(
      R"([336,{"as":[["27120.00000","4.28732553","1"],["27127.30000","0.13827025","1"],["27128.30000","0.14741534","1"],)"
      R"(["27128.90000","2.76458276","1"],["27129.20000","0.73724565","1"],["27129.40000","0.63655172","1"],)"
      R"(["27129.60000","0.02417558","1"],["27129.90000","0.73724565","1"],["27130.00000","0.24631177","1"],)"
      R"(["27130.30000","0.66320000","1"]],"bs":[["27119.90000","13.54109952","1"],["27119.30000","0.03686228","1"],)"
      R"(["27119.20000","0.73724565","1"],["27118.90000","0.04936402","1"],["27118.60000","0.37500000","1"],)"
      R"(["27118.10000","0.03170000","1"],["27117.50000","1.08235034","1"],["27117.40000","0.38246705","1"],)"
      R"(["27117.30000","0.33513309","1"],["27117.20000","3.68769114","1"]]},"book-10","XBT/USD"])");
  EXPECT_EQ(book.checksum(), 3572756970U);
  book.hear(R"([336,{"b":[["27117.40000","0.00000000","3"],["27116.80000","0.14741986","2","r"]],"c":"3139033408"},)"
            R"("book-10","XBT/USD"])");
  book.hear(R"([336,{"b":[["27117.60000","0.07527506","4"]],"c":"3251018358"},"book-10","XBT/USD"])");
  EXPECT_EQ(book.checksum(), 3251018358U);
}

TEST(SpotV1Checksum, OfSidesThatAreShortOrEmpty) {
  Book book;
  book.hear(R"([1,{"as":[],"bs":[]},"book-10","XBT/USD"])");
  EXPECT_EQ(book.checksum(), 0U);
  book.hear(R"([1,{"b":[["1.00000","0.10000000","1"]],"c":"4078591020"},"book-10","XBT/USD"])");
  book.hear(R"([1,{"as":[["0.05005","0.00000500","1"],["0.05010","0.00000500","1"]],)"
            R"("bs":[["0.05000","0.00000500","1"]]},"book-10","XBT/USD"])");
  EXPECT_EQ(book.checksum(), 1725113685U);
}

}  // namespace
}  // namespace ktape::spot_v1
