#include "exchange/resting_engine.hpp"

#include <gmock/gmock.h>

#include "core/base/virtual_clock.hpp"
#include "tests/support/fixed_market.hpp"

namespace ktape {
namespace {

using test::decimal;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr AccountId kAlice{1};

// Keeps what is told, a line each, answers among it.
class Log final : public EngineListener {
 public:
  void on_engine_news(AccountId /*account*/, const EngineNews& news) override {
    if (const auto* order = std::get_if<OrderNews>(&news)) {
      std::string line(to_string(order->change));
      if (order->fill) line += " " + order->fill->quantity.text() + " @ " + order->fill->price.text();
      if (!order->reason.empty()) line += ": " + order->reason;
      lines.push_back(std::move(line));
    } else {
      const auto& change = std::get<LedgerChange>(news);
      lines.push_back(change.asset + " " + change.amount.text() + " fee " + change.fee.text());
    }
  }
  std::vector<std::string> lines;
};

class RestingEngineTest : public testing::Test {
 protected:
  RestingEngineTest() {
    engine.add_listener(log);
    market.show("TEST/USD", Side::Sell, "100.1x1 100.2x2 100.5x10");
    market.show("TEST/USD", Side::Buy, "100.0x5 99.9x3");
  }
  static std::vector<AccountTerms> accounts() {
    AccountTerms alice;
    alice.name = "alice";
    alice.tier = AccountTier::Starter;
    alice.balances = {{"USD", decimal("1000")}, {"TEST", decimal("5")}};
    return {alice};
  }
  static NewOrder order(Side side, std::string_view quantity, std::string_view limit = {}) {
    NewOrder out;
    out.side = side;
    out.symbol = "TEST/USD";
    out.quantity = decimal(quantity);
    out.order_type = limit.empty() ? "market" : "limit";
    if (!limit.empty()) out.limit_price = decimal(limit);
    return out;
  }
  EngineAnswer submit(const TradingRequest& request) {
    EngineAnswer told;
    engine.submit(kAlice, request, [&](const EngineAnswer& answer) {
      told = answer;
      log.lines.push_back("answer");
    });
    return told;
  }
  EngineAnswer add(const NewOrder& wanted) { return submit(AddOrder{.order = wanted}); }
  std::string usd() const { return engine.balances(kAlice).at("USD").text(); }

  VirtualClock clock{parse_rfc3339("2026-09-01T08:00:00Z").value()};
  test::FixedMarket market;
  RestingEngine engine{clock, market, accounts()};
  Log log;
};

TEST_F(RestingEngineTest, WalksTheDisplayedBookAndAnswersBeforeItTells) {
  EXPECT_EQ(add(order(Side::Buy, "2.5")).error, "");
  EXPECT_THAT(log.lines,
              ElementsAre("answer", "pending_new", "new", "trade 1.00000000 @ 100.1", "USD -100.1000 fee 0.4004",
                          "TEST 1.0000000000 fee 0.0000000000", "trade 1.50000000 @ 100.2", "USD -150.3000 fee 0.6012",
                          "TEST 1.5000000000 fee 0.0000000000", "filled"));
  EXPECT_EQ(usd(), "748.5984") << "cost 250.4, fee 1.0016";
  EXPECT_EQ(engine.balances(kAlice).at("TEST").text(), "7.5000000000");
}

TEST_F(RestingEngineTest, RestsWhatDoesNotTakeAndHoldsItsMoney) {
  EXPECT_EQ(add(order(Side::Buy, "3", "99.0")).error, "");
  EXPECT_EQ(engine.holds(kAlice).at("USD"), decimal("297"));
  EXPECT_EQ(usd(), "1000") << "holds are no bookings";
  EXPECT_EQ(add(order(Side::Buy, "8", "99.0")).error, "EOrder:Insufficient funds");
  EXPECT_EQ(add(order(Side::Sell, "5", "101")).error, "");
  EXPECT_EQ(add(order(Side::Sell, "0.1", "101")).error, "EOrder:Insufficient funds");
  EXPECT_EQ(submit(CancelAll{}).count, 2);
  EXPECT_THAT(engine.holds(kAlice), IsEmpty());
}

TEST_F(RestingEngineTest, TakesWhatALimitAllowsAndRestsTheRemainder) {
  EXPECT_EQ(add(order(Side::Buy, "4", "100.2")).error, "");
  ASSERT_EQ(engine.open_orders(kAlice).size(), 1U);
  const EngineOrder open = engine.open_orders(kAlice)[0];
  EXPECT_EQ(open.filled_quantity.text(), "3.00000000");
  EXPECT_EQ(open.average_price.text(), "100.2") << "100.1667, in the pair's places";
  EXPECT_EQ(open.status, OrderStatus::PartiallyFilled);
  EXPECT_EQ(engine.holds(kAlice).at("USD"), decimal("100.2"));
}

TEST_F(RestingEngineTest, KeepsKrakensTimesInForce) {
  NewOrder ioc = order(Side::Buy, "3", "100.1");
  ioc.time_in_force = "ioc";
  EXPECT_EQ(add(ioc).error, "");
  EXPECT_EQ(log.lines.back(), "canceled: Immediate or cancel");
  EXPECT_EQ(engine.closed_orders(kAlice).back().filled_quantity.text(), "1.00000000");
  NewOrder fok = order(Side::Buy, "4", "100.2");
  fok.time_in_force = "fok";
  EXPECT_EQ(add(fok).error, "");
  EXPECT_THAT(log.lines.back(), HasSubstr("canceled: Fill or kill"));
  EXPECT_TRUE(engine.closed_orders(kAlice).back().filled_quantity.is_zero());
  NewOrder gtd = order(Side::Buy, "1", "90.0");
  gtd.time_in_force = "gtd";
  gtd.expire_time = "2026-09-01T08:00:30Z";
  EXPECT_EQ(add(gtd).error, "");
  clock.advance_to(parse_rfc3339("2026-09-01T08:00:30Z").value());
  EXPECT_EQ(log.lines.back(), "expired");
  EXPECT_THAT(engine.holds(kAlice), IsEmpty());
}

TEST_F(RestingEngineTest, CancelsAPostOnlyOrderThatWouldTake) {
  NewOrder post = order(Side::Buy, "1", "100.1");
  post.post_only = true;
  const auto answer = add(post);
  EXPECT_EQ(answer.error, "");
  EXPECT_FALSE(answer.orders.at(0).order_id.empty()) << "accepted first";
  EXPECT_EQ(log.lines.back(), "canceled: Post only order");
}

TEST_F(RestingEngineTest, RefusesMinimumsTicksAndStates) {
  EXPECT_EQ(add(order(Side::Buy, "0.00004", "9000.0")).error, "EGeneral:Invalid arguments:volume minimum not met");
  EXPECT_EQ(add(order(Side::Buy, "0.00005", "9000.0")).error, "EOrder:Cost minimum not met");
  EXPECT_EQ(add(order(Side::Buy, "1", "100.05")).error,
            "EOrder:Invalid price:TEST/USD price can only be specified up to 1 decimals.");
  EXPECT_EQ(add(order(Side::Buy, "1.000000001", "99")).error, "EGeneral:Invalid arguments:volume");
  NewOrder stranger = order(Side::Buy, "1", "99");
  stranger.symbol = "WWW/USD";
  EXPECT_EQ(add(stranger).error, "EGeneral:Invalid arguments:symbol");
  NewOrder stop = order(Side::Buy, "1");
  stop.order_type = "stop-loss";
  EXPECT_THAT(add(stop).error, HasSubstr("stop-loss is not simulated"));
  market.state = "cancel_only";
  EXPECT_EQ(add(order(Side::Buy, "1", "99")).error, "EService:Market in cancel_only mode");
  market.state = "post_only";
  EXPECT_EQ(add(order(Side::Buy, "1", "99")).error, "EService:Market in post_only mode");
  market.state = "maintenance";
  EXPECT_EQ(submit(CancelAll{}).error, "EService:Unavailable");
  market.state = "online";
  market.books.clear();
  EXPECT_THAT(add(order(Side::Buy, "1")).error, HasSubstr("EService:Unavailable:no book of TEST/USD"));
}

TEST_F(RestingEngineTest, BuysForCash) {
  NewOrder cash = order(Side::Buy, "1");
  cash.quantity.reset();
  cash.cash_quantity = decimal("50.05");
  EXPECT_EQ(add(cash).error, "");
  EXPECT_EQ(engine.fills(kAlice).back().quantity.text(), "0.50000000");
}

TEST_F(RestingEngineTest, KeepsClientIdsUniqueAmongOpenOrders) {
  NewOrder named = order(Side::Buy, "1", "99");
  named.client_order_id = "mine";
  EXPECT_EQ(add(named).error, "");
  EXPECT_EQ(add(named).error, "EGeneral:Invalid arguments:cl_ord_id");
  EXPECT_EQ(submit(CancelOrder{.client_order_ids = {"mine"}}).orders.at(0).error, "");
  EXPECT_EQ(add(named).error, "");
}

TEST_F(RestingEngineTest, AmendsInPlaceAndCancelsWhatIsAlreadyFilled) {
  NewOrder wanted = order(Side::Buy, "4", "100.2");
  wanted.client_order_id = "mine";
  EXPECT_EQ(add(wanted).error, "");  // 3 filled
  EXPECT_EQ(submit(AmendOrder{.client_order_id = "mine", .quantity = decimal("5")}).error, "");
  ASSERT_EQ(engine.closed_orders(kAlice).size(), 1U) << "it still crosses, and takes again";
  EXPECT_EQ(engine.closed_orders(kAlice)[0].filled_quantity.text(), "5.00000000");
  EXPECT_EQ(log.lines.back(), "filled");
}

TEST_F(RestingEngineTest, AmendsARestingOrder) {
  NewOrder wanted = order(Side::Buy, "4", "99.0");
  wanted.client_order_id = "mine";
  EXPECT_EQ(add(wanted).error, "");
  const auto answer =
      submit(AmendOrder{.client_order_id = "mine", .quantity = decimal("5"), .limit_price = decimal("98.5")});
  EXPECT_EQ(answer.error, "");
  EXPECT_TRUE(answer.orders.at(0).amend_id.starts_with("T"));
  EXPECT_EQ(engine.holds(kAlice).at("USD"), decimal("492.5"));
  EXPECT_EQ(submit(AmendOrder{.client_order_id = "mine", .quantity = decimal("50")}).error,
            "EOrder:Insufficient funds");
  EXPECT_EQ(submit(AmendOrder{.client_order_id = "mine", .limit_price = decimal("100.1"), .post_only = true}).error,
            "EOrder:Post only order");
  EXPECT_EQ(engine.holds(kAlice).at("USD"), decimal("492.5")) << "what is refused changes nothing";
  EXPECT_EQ(submit(AmendOrder{.client_order_id = "other", .quantity = decimal("1")}).error, "EOrder:Unknown order");
}

TEST_F(RestingEngineTest, EditsByReplacing) {
  const auto placed = add(order(Side::Buy, "4", "99.0"));
  const std::string id = placed.orders.at(0).order_id;
  const auto answer = submit(EditOrder{.order_id = id, .symbol = "TEST/USD", .limit_price = decimal("98")});
  EXPECT_EQ(answer.error, "");
  EXPECT_EQ(answer.orders.at(0).original_order_id, id);
  ASSERT_EQ(engine.open_orders(kAlice).size(), 1U);
  EXPECT_EQ(engine.open_orders(kAlice)[0].order_id, answer.orders.at(0).order_id);
  EXPECT_EQ(submit(EditOrder{.order_id = id, .symbol = "TEST/USD"}).error, "EOrder:Unknown order");
  EXPECT_EQ(
      submit(EditOrder{.order_id = answer.orders[0].order_id, .symbol = "TEST/USD", .quantity = decimal("100")}).error,
      "EOrder:Insufficient funds");
  EXPECT_EQ(engine.open_orders(kAlice).size(), 1U) << "the old one stays";
}

TEST_F(RestingEngineTest, CancelsBatchesByAnyName) {
  NewOrder named = order(Side::Buy, "1", "99");
  named.client_order_id = "mine";
  NewOrder marked = order(Side::Buy, "1", "98");
  marked.user_reference = 77;
  add(named);
  add(marked);
  const std::string id = add(order(Side::Buy, "1", "97")).orders.at(0).order_id;
  EXPECT_EQ(submit(BatchCancel{.order_ids = {id, "77", "nothing"}, .client_order_ids = {"mine"}}).count, 3);
  EXPECT_EQ(submit(BatchCancel{.order_ids = {id, "77"}}).error, "EOrder:Unknown order");
}

TEST_F(RestingEngineTest, CountsOpenOrdersAndRates) {
  int placed = 0;
  std::string error;
  while (error.empty()) {
    error = add(order(Side::Buy, "0.1", "10.0")).error;
    if (error.empty()) ++placed;
  }
  EXPECT_EQ(placed, 60) << "of the starter's tier";
  EXPECT_EQ(error, "EOrder:Rate limit exceeded");
  clock.advance_to(clock.now() + std::chrono::seconds(100));
  EXPECT_EQ(add(order(Side::Buy, "0.1", "10.0")).error, "EOrder:Orders limit exceeded");
}

TEST_F(RestingEngineTest, KeepsDeadlines) {
  const auto until = [&](const char* deadline) {
    return submit(AddOrder{.order = order(Side::Buy, "1", "99"), .deadline = deadline}).error;
  };
  EXPECT_EQ(until("2026-09-01T08:00:05.000Z"), "");
  EXPECT_EQ(until("2026-09-01T07:59:59.000Z"), "EService:Deadline elapsed");
  EXPECT_EQ(until("2026-09-01T08:00:00.400Z"), "EGeneral:Invalid arguments:deadline");
  EXPECT_EQ(until("2026-09-01T08:02:00.000Z"), "EGeneral:Invalid arguments:deadline");
}

TEST_F(RestingEngineTest, TellsInOrderAlsoWhenAListenerActsAtOnce) {
  // Cancels whatever it hears of first.
  struct Nervous final : EngineListener {
    explicit Nervous(RestingEngine& to) : engine(to) {}
    void on_engine_news(AccountId account, const EngineNews& news) override {
      const auto* const order = std::get_if<OrderNews>(&news);
      if (order == nullptr || order->change != OrderChange::PendingNew) return;
      engine.submit(account, CancelOrder{.order_ids = {order->order.order_id}}, [](const EngineAnswer&) {});
    }
    RestingEngine& engine;
  };
  Nervous nervous(engine);
  engine.add_listener(nervous);
  Log after;
  engine.add_listener(after);
  add(order(Side::Buy, "1", "99"));
  EXPECT_THAT(after.lines, ElementsAre("pending_new", "new", "canceled: User requested"));
}

TEST_F(RestingEngineTest, ValidatesWithoutPlacing) {
  const auto answer = submit(AddOrder{.order = order(Side::Buy, "1", "99"), .validate = true});
  EXPECT_EQ(answer.error, "");
  EXPECT_EQ(answer.orders.at(0).order_id, "");
  EXPECT_THAT(engine.open_orders(kAlice), IsEmpty());
}

}  // namespace
}  // namespace ktape
