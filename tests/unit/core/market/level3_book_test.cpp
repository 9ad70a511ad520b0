#include "core/market/level3_book.hpp"

#include <string>
#include <vector>

#include <fmt/format.h>
#include <gmock/gmock.h>

namespace ktape {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

struct Row {
  const char* order_id;
  const char* price;
  const char* quantity;
  const char* time;
  OrderAction action = OrderAction::Add;
};

std::vector<RestingOrder> orders(const std::vector<Row>& rows) {
  std::vector<RestingOrder> out;
  for (const Row& row : rows) {
    out.push_back({.action = row.action,
                   .order_id = row.order_id,
                   .price = Decimal::parse(row.price).value(),
                   .quantity = Decimal::parse(row.quantity).value(),
                   .exchange_time = parse_rfc3339(row.time).value()});
  }
  return out;
}

Result<void> reset(Level3Book& book, const std::vector<Row>& bids, const std::vector<Row>& asks,
                   std::optional<std::uint32_t> checksum = {}) {
  return book.reset({.symbol = book.spec().symbol, .bids = orders(bids), .asks = orders(asks), .checksum = checksum});
}
Result<void> apply(Level3Book& book, const std::vector<Row>& bids, const std::vector<Row>& asks,
                   std::optional<std::uint32_t> checksum = {}) {
  return book.apply({.symbol = book.spec().symbol, .bids = orders(bids), .asks = orders(asks), .checksum = checksum});
}

// "price: id quantity, id quantity", best first.
std::vector<std::string> texts(const Level3Book::Levels& levels) {
  std::vector<std::string> out;
  for (const auto& [price, queue] : levels) {
    std::string line = price.text() + ":";
    for (const BookOrder& order : queue) line += fmt::format(" {} {}", order.order_id, order.quantity.text());
    out.push_back(line);
  }
  return out;
}

constexpr const char* kEarly = "2026-09-01T07:00:01Z";
constexpr const char* kMiddle = "2026-09-01T07:00:02Z";
constexpr const char* kLate = "2026-09-01T07:00:03Z";
constexpr auto kModify = OrderAction::Modify;
constexpr auto kDelete = OrderAction::Delete;

// The exchange's own published example (spot-v2 section 9.6).
const std::vector<Row> kPublishedAsks{
    {"OFVLAA-HRSSP-BK75KB", "44939.5", "4.52308393", "2024-01-08T12:18:05.770906486Z"},
    {"OYBAMK-O5DKX-WMPUTM", "44939.5", "0.00111261", "2024-01-08T12:18:12.847426441Z"},
    {"O3DRCT-J5M2S-KYV526", "44939.5", "0.00100000", "2024-01-08T12:26:42.108176464Z"},
    {"OF3X3A-72WZY-6EKA5F", "44939.5", "0.01000000", "2024-01-08T12:26:43.955098263Z"},
    {"OF5UA6-6IIZ2-YGQTSJ", "44950.0", "0.10334926", "2024-01-08T12:25:52.800473795Z"},
    {"OSDOZX-7UZ6Y-QDNPVI", "44953.0", "0.00064537", "2024-01-08T12:24:58.086806970Z"},
    {"OV7KTS-A2TWV-3XKRIA", "44955.0", "0.00250000", "2024-01-08T12:21:52.257936228Z"},
    {"OOF2V5-RYOHC-GLRNPM", "44959.6", "0.35630000", "2024-01-08T12:26:44.202823127Z"},
    {"OTVOVS-QLST3-3JG7JI", "44959.6", "0.35630000", "2024-01-08T12:26:44.203383999Z"},
    {"OGZCIU-RDQ77-DAAL3P", "44960.1", "0.00338072", "2024-01-08T12:26:42.724829715Z"},
    {"OVLG3E-HYBQM-CWNGCY", "44960.2", "0.88967575", "2024-01-08T12:26:12.935924248Z"},
    {"OWEOFO-HUCJC-T37MVO", "44967.0", "3.14392283", "2024-01-08T12:26:39.474431925Z"},
    {"OVYTHY-D2N76-5QYREQ", "44978.5", "0.06778960", "2024-01-08T12:26:41.229379178Z"},
    {"OFO525-PHRVS-236RMN", "44979.2", "0.35630000", "2024-01-08T12:26:20.271584488Z"},
};
const std::vector<Row> kPublishedBids{
    {"OTCFZG-YOE2Q-LQKNM3", "44939.4", "0.88968699", "2024-01-08T12:26:39.526146327Z"},
    {"OFGP5R-B3E7G-54EZD6", "44939.4", "0.45210000", "2024-01-08T12:26:39.530287934Z"},
    {"OMPHVY-IZPJ4-KOKA3P", "44939.4", "0.10000000", "2024-01-08T12:26:39.576380340Z"},
    {"OAI5QZ-AMPLW-NBNO72", "44939.4", "0.14296323", "2024-01-08T12:26:39.602118534Z"},
    {"O7VFZI-CTFWH-FF6EIR", "44939.4", "0.25000000", "2024-01-08T12:26:41.780601700Z"},
    {"O472V3-ZG4EZ-OLD66C", "44939.4", "0.10292988", "2024-01-08T12:26:43.087136366Z"},
    {"OEK26P-BGPUK-LDHMD2", "44939.4", "0.33880000", "2024-01-08T12:26:43.822433365Z"},
    {"OSMYPE-S5VOC-YSS3WM", "44939.4", "1.28140860", "2024-01-08T12:26:45.066096694Z"},
    {"OJPMIN-NXZL5-SOWP6V", "44937.1", "0.03346877", "2024-01-08T12:26:39.691304329Z"},
    {"O6PUGE-SQWYQ-TRJEEE", "44934.7", "0.35630000", "2024-01-08T12:26:44.129718463Z"},
    {"OPUOGC-Q532V-3OKLPM", "44930.2", "0.22734299", "2024-01-08T12:26:30.769031831Z"},
    {"OCIU7J-VB3CI-HPULSF", "44930.2", "0.01000000", "2024-01-08T12:26:36.054352106Z"},
    {"ORWVAF-LJFLY-ZWEHDQ", "44930.2", "0.05550000", "2024-01-08T12:26:36.635882793Z"},
    {"OYRAHE-PI5AN-7KOQ4E", "44930.2", "0.70000000", "2024-01-08T12:26:37.296554518Z"},
    {"OGBHYU-UILDD-6DLLYJ", "44930.2", "0.15000000", "2024-01-08T12:26:41.222733191Z"},
    {"O74ZBU-K2TKC-R76XSW", "44928.0", "0.00105240", "2024-01-08T12:26:23.542563322Z"},
    {"OQVTQF-Y56MR-BM6LWL", "44919.6", "0.33870000", "2024-01-08T12:26:42.808132842Z"},
    {"OYEH6U-ZCHA2-3HFR3W", "44919.5", "0.07610000", "2024-01-08T12:26:34.269600037Z"},
    {"OLGPG7-HVKXU-J6SANK", "44912.0", "0.35630000", "2024-01-08T12:26:34.961292766Z"},
    {"OHGC3L-FRZQ3-UIVZRU", "44909.7", "0.06690000", "2024-01-08T12:26:31.912880024Z"},
    {"O73C6Y-VZXYA-H4LDFY", "44901.9", "0.00088982", "2024-01-08T12:26:42.883315043Z"},
};

// The book of section 5.4, before and after its update.
const std::vector<Row> kSmallBids{{"OAAAA1-BBBBB-CCCCC1", "3120.55", "1.25000000", "2026-09-01T07:59:58.100200300Z"}};
const std::vector<Row> kSmallAsks{{"OAAAA2-BBBBB-CCCCC2", "3120.90", "0.50000000", "2026-09-01T07:59:50.000000001Z"},
                                  {"OAAAA3-BBBBB-CCCCC3", "3120.90", "0.25000000", "2026-09-01T07:59:57.000000002Z"}};

TEST(Level3Book, VerifiesThePublishedChecksum) {
  Level3Book book({.symbol = "BTC/USD", .depth = 10, .price_places = 1, .quantity_places = 8});
  const auto done = reset(book, kPublishedBids, kPublishedAsks, 1063832831);
  ASSERT_TRUE(done.has_value()) << done.error().detail;
  EXPECT_EQ(book.state(), BookState::Live);
  EXPECT_EQ(book.checksums_verified(), 1U);
  EXPECT_EQ(book.order_count(), 35U);
  EXPECT_EQ(book.bids().size(), 10U);
  EXPECT_EQ(book.orders(Side::Buy, Decimal::parse("44939.4").value()).size(), 8U);
}

TEST(Level3Book, LearnsThePlacesWhereNobodyTellsThem) {
  Level3Book book({.symbol = "BTC/USD", .depth = 10});
  EXPECT_TRUE(reset(book, kPublishedBids, kPublishedAsks, 1063832831).has_value());
}

TEST(Level3Book, OrdersInTheWrongOrderAreSortedByTime) {
  auto shuffled = kPublishedBids;
  std::swap(shuffled[0], shuffled[7]);
  std::swap(shuffled[2], shuffled[5]);
  Level3Book book({.symbol = "BTC/USD", .depth = 10});
  EXPECT_TRUE(reset(book, shuffled, kPublishedAsks, 1063832831).has_value());
}

TEST(Level3Book, VerifiesTheSmallBookBeforeAndAfterItsUpdate) {
  Level3Book book({.symbol = "ETH/EUR", .depth = 10});
  ASSERT_TRUE(reset(book, kSmallBids, kSmallAsks, 2296844629).has_value());
  const auto done =
      apply(book, {{"OAAAA4-BBBBB-CCCCC4", "3120.40", "0.10000000", "2026-09-01T08:00:08.240000005Z"}},
            {{"OAAAA2-BBBBB-CCCCC2", "3120.90", "0.20000000", "2026-09-01T07:59:50.000000001Z", kModify}}, 168774601);
  ASSERT_TRUE(done.has_value()) << done.error().detail;
  EXPECT_EQ(book.checksums_verified(), 2U);
}

TEST(Level3Book, TheChecksumCoversTheOrderOfTheQueue) {
  auto swapped = kSmallAsks;
  std::swap(swapped[0].time, swapped[1].time);
  Level3Book book({.symbol = "ETH/EUR", .depth = 10});
  EXPECT_TRUE(reset(book, kSmallBids, swapped, 751148006).has_value());
}

TEST(Level3Book, AcceptsAnEmptyBookAndOneSide) {
  Level3Book book({.symbol = "A/B", .depth = 10, .price_places = 2, .quantity_places = 8});
  EXPECT_TRUE(reset(book, {}, {}, 0).has_value());
  EXPECT_TRUE(reset(book, {}, {{"O1", "100.00", "1.00000000", kEarly}}, 684411121).has_value());
}

TEST(Level3Book, ADeleteCarriesTheLastQuantityAndRemoves) {
  Level3Book book({.symbol = "A/B", .depth = 10});
  ASSERT_TRUE(reset(book, {}, {{"O1", "1", "5", kEarly}, {"O2", "1", "6", kLate}}).has_value());
  ASSERT_TRUE(apply(book, {}, {{"O1", "1", "5", kEarly, kDelete}}).has_value());
  EXPECT_THAT(texts(book.asks()), ElementsAre("1: O2 6"));
  EXPECT_EQ(book.find("O1"), nullptr);
}

TEST(Level3Book, ARefilledLevelIsSortedByItsOldTimes) {
  Level3Book book({.symbol = "A/B", .depth = 10});
  ASSERT_TRUE(reset(book, {{"O2", "1", "1", kMiddle}}, {}).has_value());
  ASSERT_TRUE(
      apply(book, {{"O3", "1", "1", kLate}, {"O1", "1", "1", kEarly}, {"O4", "1", "1", kMiddle}}, {}).has_value());
  EXPECT_THAT(texts(book.bids()), ElementsAre("1: O1 1 O2 1 O4 1 O3 1"));
}

TEST(Level3Book, AModifyKeepsItsPlaceUnlessItsTimeIsNew) {
  Level3Book book({.symbol = "A/B", .depth = 10});
  ASSERT_TRUE(reset(book, {{"O1", "1", "5", kEarly}, {"O2", "1", "5", kMiddle}}, {}).has_value());
  ASSERT_TRUE(apply(book, {{"O1", "1", "3", kEarly, kModify}}, {}).has_value());
  EXPECT_THAT(texts(book.bids()), ElementsAre("1: O1 3 O2 5"));
  ASSERT_TRUE(apply(book, {{"O1", "1", "9", kLate, kModify}}, {}).has_value());
  EXPECT_THAT(texts(book.bids()), ElementsAre("1: O2 5 O1 9"));
}

TEST(Level3Book, ANewPriceMovesToTheBackOfItsNewLevelHoweverItIsTold) {
  for (const OrderAction action : {kModify, OrderAction::Add}) {
    Level3Book book({.symbol = "A/B", .depth = 10});
    ASSERT_TRUE(reset(book, {{"O1", "2", "5", kEarly}, {"O2", "1", "5", kLate}}, {}).has_value());
    ASSERT_TRUE(apply(book, {{"O1", "1", "5", kEarly, action}}, {}).has_value());
    EXPECT_THAT(texts(book.bids()), ElementsAre("1: O2 5 O1 5"));
    EXPECT_EQ(book.order_count(), 2U);
    EXPECT_EQ(book.find("O1")->price, Decimal::parse("1").value());
  }
}

TEST(Level3Book, AnOrderThatIsAddedAgainStandsOnceAlsoOnTheOtherSide) {
  Level3Book book({.symbol = "A/B", .depth = 10});
  ASSERT_TRUE(reset(book, {{"O1", "2", "5", kEarly}}, {}).has_value());
  ASSERT_TRUE(apply(book, {}, {{"O1", "3", "5", kEarly}}).has_value());
  EXPECT_THAT(texts(book.bids()), IsEmpty());
  EXPECT_THAT(texts(book.asks()), ElementsAre("3: O1 5"));
}

TEST(Level3Book, TruncatesToPriceLevelsAfterTheMessage) {
  Level3Book book({.symbol = "A/B", .depth = 2});
  ASSERT_TRUE(
      reset(book, {{"O1", "3", "1", kEarly}, {"O2", "3", "1", kEarly}, {"O3", "2", "1", kEarly}}, {}).has_value());
  // For a moment there are three levels; the one that is worst in the end goes.
  ASSERT_TRUE(apply(book, {{"O4", "1", "1", kLate}, {"O3", "2", "1", kEarly, kDelete}}, {}).has_value());
  EXPECT_THAT(texts(book.bids()), ElementsAre("3: O1 1 O2 1", "1: O4 1"));
  ASSERT_TRUE(apply(book, {{"O5", "4", "1", kLate}}, {}).has_value());
  EXPECT_THAT(texts(book.bids()), ElementsAre("4: O5 1", "3: O1 1 O2 1"));
  EXPECT_EQ(book.find("O4"), nullptr);
  EXPECT_EQ(book.order_count(), 3U);
}

TEST(Level3Book, CountsChangesOfOrdersThatAreNotThere) {
  Level3Book book({.symbol = "A/B", .depth = 10});
  ASSERT_TRUE(reset(book, {}, {}).has_value());
  ASSERT_TRUE(apply(book, {{"O1", "1", "1", kEarly, kDelete}}, {{"O2", "2", "1", kEarly, kModify}}).has_value());
  EXPECT_EQ(book.unknown_orders(), 2U);
  EXPECT_THAT(texts(book.asks()), ElementsAre("2: O2 1"));
}

TEST(Level3Book, AggregatesLevels) {
  Level3Book book({.symbol = "A/B", .depth = 10});
  ASSERT_TRUE(reset(book, {{"O1", "3", "1.5", kEarly}, {"O2", "3", "0.25", kEarly}, {"O3", "2", "1.00", kEarly}}, {})
                  .has_value());
  const auto all = book.aggregated(Side::Buy, 5).value();
  ASSERT_EQ(all.size(), 2U);
  EXPECT_EQ(all[0].price.text() + " x " + all[0].quantity.text(), "3 x 1.75");
  EXPECT_EQ(all[1].quantity.text(), "1.00");
  EXPECT_EQ(book.aggregated(Side::Buy, 1).value().size(), 1U);
  EXPECT_TRUE(book.aggregated(Side::Sell, 5).value().empty());
}

TEST(Level3Book, ASumThatDoesNotFitIsAnError) {
  const std::string huge(37, '9');
  Level3Book book({.symbol = "A/B", .depth = 10});
  ASSERT_TRUE(reset(book, {{"O1", "3", huge.c_str(), kEarly}, {"O2", "3", huge.c_str(), kEarly}}, {}).has_value());
  EXPECT_THAT(book.aggregated(Side::Buy, 5).error().detail, HasSubstr("too large"));
}

TEST(Level3Book, AWrongChecksumMakesItInvalidUntilTheNextSnapshot) {
  Level3Book book({.symbol = "ETH/EUR", .depth = 10});
  ASSERT_TRUE(reset(book, kSmallBids, kSmallAsks, 2296844629).has_value());
  const auto broken = apply(book, {}, {}, 1);
  EXPECT_EQ(broken.error().code, Errc::Checksum);
  EXPECT_EQ(broken.error().detail, "level3 book ETH/EUR: update says checksum 1, the book gives 2296844629");
  EXPECT_EQ(book.state(), BookState::Invalid);
  EXPECT_THAT(apply(book, {}, {}).error().detail, HasSubstr("an update while invalid"));
  EXPECT_TRUE(reset(book, kSmallBids, kSmallAsks, 2296844629).has_value());
}

TEST(Level3Book, AwaitsASnapshotFirstAndWhenItIsToldTo) {
  Level3Book book({.symbol = "A/B", .depth = 10});
  EXPECT_THAT(apply(book, {}, {}).error().detail, HasSubstr("waiting for a snapshot"));
  EXPECT_EQ(book.state(), BookState::AwaitSnapshot);
  ASSERT_TRUE(reset(book, {{"O1", "1", "1", kEarly}}, {}).has_value());
  book.await_snapshot();
  EXPECT_EQ(book.state(), BookState::AwaitSnapshot);
  EXPECT_EQ(book.order_count(), 0U);
  EXPECT_TRUE(book.bids().empty());
}

TEST(Level3Book, RefusesOrdersThatMakeNoSense) {
  for (const Row& row : {Row{"O1", "-1", "1", kEarly}, Row{"O1", "1", "-1", kEarly}, Row{"O1", "1", "0.00", kEarly}}) {
    Level3Book book({.symbol = "A/B", .depth = 10});
    const auto done = reset(book, {row}, {});
    EXPECT_EQ(done.error().code, Errc::Protocol);
    EXPECT_THAT(done.error().detail,
                HasSubstr(fmt::format("order O1 makes no sense, price {} quantity {}", row.price, row.quantity)));
    EXPECT_EQ(book.state(), BookState::Invalid);
  }
  Level3Book narrow({.symbol = "A/B", .depth = 10, .price_places = 1, .quantity_places = 1});
  EXPECT_THAT(reset(narrow, {{"O1", "1.25", "1", kEarly}}, {}).error().detail, HasSubstr("does not fit"));
}

}  // namespace
}  // namespace ktape
