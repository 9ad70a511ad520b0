#include "core/protocol/spot_v2/trading_rules.hpp"

#include <functional>
#include <string>

#include <gmock/gmock.h>

#include "core/protocol/spot_v2/codec.hpp"

namespace ktape::spot_v2 {
namespace {

using testing::HasSubstr;

Decimal dec(std::string_view text) { return Decimal::parse(text).value(); }

NewOrder limit_order() {
  return {
      .order_type = "limit", .side = Side::Buy, .symbol = "ETH/EUR", .quantity = dec("0.5"), .limit_price = dec("10")};
}
NewOrder market_order() { return {.order_type = "market", .symbol = "ETH/EUR", .quantity = dec("0.5")}; }
NewOrder stop_order(std::string_view type = "stop-loss") {
  NewOrder order = market_order();
  order.order_type = type;
  order.trigger = OrderTrigger{.price = dec("9")};
  if (type.ends_with("limit")) order.limit_price = dec("8");
  return order;
}

struct Case {
  TradingRequest request;
  const char* parameter;
  const char* detail;
};

void expect_refused(const Case& test) {
  const auto violation = find_violation(test.request);
  ASSERT_TRUE(violation.has_value()) << test.detail;
  EXPECT_EQ(violation->parameter, test.parameter);
  EXPECT_THAT(violation->detail, HasSubstr(test.detail));
}

Case bad(NewOrder order, const std::function<void(NewOrder&)>& spoil, const char* parameter, const char* detail) {
  spoil(order);
  return {AddOrder{.order = order}, parameter, detail};
}

TEST(SpotV2TradingRules, LetsEveryOrderTypePass) {
  for (const auto type : kOrderTypes) {
    NewOrder order = market_order();
    const bool triggered = type.find("stop") != std::string_view::npos || type.find("profit") != std::string_view::npos;
    if (triggered) order.trigger = OrderTrigger{.price = dec("9"), .reference = "index", .price_type = "pct"};
    if (type.ends_with("limit") || type == "iceberg") order.limit_price = dec("10");
    order.order_type = type;
    const auto valid = validate(AddOrder{.order = order, .deadline = "2026-09-01T08:01:06.500Z"});
    EXPECT_TRUE(valid.has_value()) << valid.error().detail;
  }
}

TEST(SpotV2TradingRules, RefusesOrdersThatKrakenWouldRefuse) {
  const std::string long_id(19, 'x');
  for (const Case& test : {
           bad(
               limit_order(), [](auto& o) { o.order_type = "stop"; }, "order_type",
               "order_type 'stop' is not one of limit, market, iceberg"),
           bad(
               limit_order(), [](auto& o) { o.symbol = "XBT/USD"; }, "symbol", "v2 calls it 'BTC/USD'"),
           bad(
               limit_order(), [](auto& o) { o.symbol.clear(); }, "symbol", "symbol is missing"),
           bad(
               limit_order(), [](auto& o) { o.quantity.reset(); }, "order_qty", "order_qty is missing"),
           bad(
               limit_order(), [](auto& o) { o.quantity = dec("0.0"); }, "order_qty",
               "order_qty 0.0 is not greater than zero"),
           bad(
               limit_order(), [](auto& o) { o.limit_price.reset(); }, "limit_price",
               "limit_price is missing, which order_type limit needs"),
           bad(
               limit_order(), [](auto& o) { o.limit_price = dec("-1"); }, "limit_price",
               "limit_price -1 is not greater than zero"),
           bad(
               market_order(), [](auto& o) { o.limit_price = dec("1"); }, "limit_price",
               "limit_price 1 is for the order types limit,"),
           bad(
               limit_order(), [](auto& o) { o.limit_price_type = "pct"; }, "limit_price_type",
               "is for trailing-stop-limit only, not for limit"),
           bad(
               stop_order("trailing-stop-limit"), [](auto& o) { o.limit_price_type = "percent"; }, "limit_price_type",
               "'percent' is not one of static, pct, quote"),
           bad(
               stop_order(), [](auto& o) { o.trigger.reset(); }, "triggers",
               "triggers is missing, which order_type stop-loss needs"),
           bad(
               stop_order(), [](auto& o) { o.trigger->price = dec("0"); }, "triggers", "triggers 0 is not greater"),
           bad(
               stop_order(), [](auto& o) { o.trigger->reference = "mark"; }, "reference",
               "reference 'mark' is not one of last, index"),
           bad(
               stop_order(), [](auto& o) { o.trigger->price_type = "x"; }, "price_type",
               "price_type 'x' is not one of"),
           bad(
               limit_order(), [](auto& o) { o.trigger = OrderTrigger{.price = dec("1")}; }, "triggers",
               "triggers with price 1 is for triggered order types only"),
           bad(
               limit_order(), [](auto& o) { o.time_in_force = "GTC"; }, "time_in_force",
               "time_in_force 'GTC' is not one of gtc, gtd, ioc, fok"),
           bad(
               market_order(), [](auto& o) { o.time_in_force = "fok"; }, "time_in_force",
               "fok is for limit orders only, not for market"),
           bad(
               limit_order(), [](auto& o) { o.time_in_force = "gtd"; }, "expire_time",
               "expire_time is missing, which time_in_force gtd needs"),
           bad(
               limit_order(), [](auto& o) { o.expire_time = "2026-09-02T00:00:00Z"; }, "expire_time",
               "needs time_in_force gtd, not ''"),
           bad(
               limit_order(), [](auto& o) { o.effective_time = "tomorrow"; }, "effective_time",
               "effective_time 'tomorrow' is not a UTC time"),
           bad(
               market_order(), [](auto& o) { o.post_only = true; }, "post_only",
               "post_only needs an order with a limit price, not order_type market"),
           bad(
               limit_order(), [](auto& o) { o.reduce_only = true; }, "reduce_only", "for margin orders only"),
           bad(
               limit_order(), [](auto& o) { o.display_quantity = dec("0.1"); }, "display_qty",
               "display_qty 0.1 is for iceberg orders only, not for limit"),
           bad(
               limit_order(),
               [](auto& o) {
                 o.order_type = "iceberg";
                 o.quantity = dec("15.01");
                 o.display_quantity = dec("1");
               },
               "display_qty", "display_qty 1 is less than 1/15 of order_qty 15.01"),
           bad(
               limit_order(), [&](auto& o) { o.client_order_id = long_id; }, "cl_ord_id",
               "is neither a UUID, with or without hyphens, nor 1 to 18 ASCII characters"),
           bad(
               limit_order(), [](auto& o) { o.client_order_id = "m\xc3\xbcnze"; }, "cl_ord_id", "is neither a UUID"),
           bad(
               limit_order(),
               [](auto& o) {
                 o.client_order_id = "x";
                 o.user_reference = 7;
               },
               "order_userref", "order_userref 7 and cl_ord_id 'x' exclude each other"),
           bad(
               limit_order(), [](auto& o) { o.fee_preference = "quoted"; }, "fee_preference",
               "is not one of base, quote"),
           bad(
               limit_order(), [](auto& o) { o.self_trade_prevention = "none"; }, "stp_type",
               "is not one of cancel_newest, cancel_oldest, cancel_both"),
           bad(
               limit_order(), [&](auto& o) { o.sender_sub_id = long_id; }, "sender_sub_id", "is neither a UUID"),
           bad(
               limit_order(), [](auto& o) { o.cash_quantity = dec("5"); }, "cash_order_qty",
               "cash_order_qty 5 is for market orders that buy without margin only"),
           bad(
               market_order(),
               [](auto& o) {
                 o.side = Side::Sell;
                 o.quantity.reset();
                 o.cash_quantity = dec("5");
               },
               "cash_order_qty", "that buy"),
           bad(
               market_order(),
               [](auto& o) {
                 o.margin = true;
                 o.quantity.reset();
                 o.cash_quantity = dec("5");
               },
               "cash_order_qty", "without margin"),
           bad(
               market_order(), [](auto& o) { o.cash_quantity = dec("5"); }, "order_qty",
               "order_qty 0.5 and cash_order_qty 5 exclude each other"),
           bad(
               limit_order(), [](auto& o) { o.conditional = ConditionalClose{.order_type = "market"}; }, "conditional",
               "conditional order_type 'market' is not one of limit"),
           bad(
               limit_order(), [](auto& o) { o.conditional = ConditionalClose{.order_type = "limit"}; }, "conditional",
               "conditional limit_price is missing"),
           bad(
               limit_order(), [](auto& o) { o.conditional = ConditionalClose{.order_type = "stop-loss"}; },
               "conditional", "conditional trigger_price is missing"),
           Case{AddOrder{.order = limit_order(), .deadline = "08:01"}, "deadline",
                "deadline '08:01' is not a UTC time such as 2026-09-01T08:01:06.500Z"},
       }) {
    expect_refused(test);
  }
}

TEST(SpotV2TradingRules, TakesAllFormsOfAClientId) {
  for (const char* id :
       {"6d1b345e-2821-40e2-ad83-4ecb18a06876", "6d1b345e282140e2ad834ecb18a06876", "x", "123456789012345678"}) {
    NewOrder order = limit_order();
    order.client_order_id = id;
    EXPECT_TRUE(validate(AddOrder{.order = order}).has_value()) << id;
  }
  for (const char* id :
       {"6d1b345e-2821-40e2-ad83-4ecb18a0687g", "6d1b345e282140e2ad834ecb18a0687", "1234567890123456789"}) {
    NewOrder order = limit_order();
    order.client_order_id = id;
    EXPECT_FALSE(validate(AddOrder{.order = order}).has_value()) << id;
  }
}

TEST(SpotV2TradingRules, RefusesAmendmentsThatSayNothingOrTooMuch) {
  const auto amend = [](auto spoil) {
    AmendOrder request{.order_id = "O1", .quantity = dec("1")};
    spoil(request);
    return request;
  };
  EXPECT_FALSE(find_violation(amend([](auto&) {})).has_value());
  for (const Case& test : {
           Case{amend([](auto& a) { a.order_id.clear(); }), "order_id", "neither order_id nor cl_ord_id is given"},
           Case{amend([](auto& a) { a.client_order_id = "x"; }), "order_id",
                "order_id 'O1' and cl_ord_id 'x' exclude each other"},
           Case{amend([](auto& a) { a.quantity.reset(); }), "order_qty", "nothing would change"},
           Case{amend([](auto& a) { a.quantity = dec("0"); }), "order_qty", "order_qty 0 is not greater"},
           Case{amend([](auto& a) { a.display_quantity = dec("0.06"); }), "display_qty",
                "display_qty 0.06 is less than 1/15 of order_qty 1"},
           Case{amend([](auto& a) { a.limit_price = dec("0"); }), "limit_price", "limit_price 0 is not greater"},
           Case{amend([](auto& a) { a.limit_price_type = "pct"; }), "limit_price_type",
                "limit_price_type 'pct' is given without a limit_price"},
           Case{amend([](auto& a) {
                  a.trigger_price = dec("1");
                  a.trigger_price_type = "x";
                }),
                "trigger_price_type", "trigger_price_type 'x' is not one of"},
           Case{amend([](auto& a) { a.symbol = "ETHEUR"; }), "symbol", "symbol 'ETHEUR' is not in the form BASE/QUOTE"},
           Case{amend([](auto& a) { a.deadline = "soon"; }), "deadline", "deadline 'soon'"},
       }) {
    expect_refused(test);
  }
}

TEST(SpotV2TradingRules, CountsWhatBatchesHold) {
  const auto batch = [](std::size_t count) {
    NewOrder order = limit_order();
    order.symbol.clear();
    return BatchAdd{.symbol = "ETH/EUR", .orders = std::vector<NewOrder>(count, order)};
  };
  EXPECT_FALSE(find_violation(batch(2)).has_value());
  EXPECT_FALSE(find_violation(batch(15)).has_value());
  expect_refused({batch(1), "orders", "orders holds 1 orders, 2 to 15 are allowed"});
  expect_refused({batch(16), "orders", "orders holds 16 orders, 2 to 15 are allowed"});
  BatchAdd mixed = batch(3);
  mixed.orders[1].symbol = "BTC/USD";
  expect_refused({mixed, "symbol", "orders[1]: symbol 'BTC/USD' is not that of the batch, 'ETH/EUR'"});
  mixed = batch(3);
  mixed.orders[2].limit_price.reset();
  expect_refused({mixed, "limit_price", "orders[2]: limit_price is missing"});
  mixed = batch(2);
  mixed.symbol.clear();
  expect_refused({mixed, "symbol", "symbol is missing"});

  const auto cancel = [](std::size_t ids, std::size_t client_ids) {
    return BatchCancel{std::vector<std::string>(ids, "O1"), std::vector<std::string>(client_ids, "x")};
  };
  EXPECT_FALSE(find_violation(cancel(1, 1)).has_value());
  EXPECT_FALSE(find_violation(cancel(50, 0)).has_value());
  expect_refused({cancel(1, 0), "orders", "orders and cl_ord_id hold 1 ids together, 2 to 50 are allowed"});
  expect_refused({cancel(25, 26), "orders", "hold 51 ids together"});
  expect_refused({BatchCancel{{"", "O1"}, {}}, "orders", "orders holds an empty id"});
}

TEST(SpotV2TradingRules, ChecksCancellationsAndTheSwitch) {
  expect_refused({CancelOrder{}, "order_id", "there is nothing to cancel"});
  expect_refused({CancelOrder{.order_ids = {""}}, "order_id", "order_id holds an empty id"});
  expect_refused({CancelOrder{.client_order_ids = {""}}, "cl_ord_id", "is neither a UUID"});
  EXPECT_FALSE(find_violation(CancelOrder{.user_references = {0}}).has_value());
  EXPECT_FALSE(find_violation(CancelAllOrdersAfter{86'399}).has_value());
  EXPECT_FALSE(find_violation(CancelAllOrdersAfter{0}).has_value());
  expect_refused({CancelAllOrdersAfter{86'400}, "timeout", "timeout 86400 is not between 0 and 86399 seconds"});
  expect_refused({CancelAllOrdersAfter{-1}, "timeout", "timeout -1 is not"});
  expect_refused({EditOrder{.symbol = "ETH/EUR"}, "order_id", "order_id is missing"});
  expect_refused({EditOrder{.order_id = "O1"}, "symbol", "symbol is missing"});
  expect_refused({EditOrder{.order_id = "O1", .symbol = "ETH/EUR", .limit_price = dec("0")}, "limit_price",
                  "limit_price 0 is not greater"});
}

TEST(SpotV2TradingRules, TheCodecNamesTheMethodAndWantsAToken) {
  const SpotV2Codec codec;
  Request request{.method = Method::Trade, .trading = CancelAllOrdersAfter{90'000}, .authorisation = {.token = "T"}};
  EXPECT_EQ(codec.check(request).error().detail,
            "cancel_all_orders_after: timeout 90000 is not between 0 and 86399 seconds");
  EXPECT_EQ(codec.check(request).error().code, Errc::InvalidArgument);
  request.trading = CancelAll{};
  EXPECT_TRUE(codec.check(request).has_value());
  request.authorisation = {};
  EXPECT_EQ(codec.check(request).error().detail, "cancel_all needs a token, and none is given");
}

TEST(SpotV2TradingRules, TheCodecChecksPrivateSubscriptionsAndLevel3) {
  const SpotV2Codec codec;
  const auto complaint = [&](Subscription subscription, const char* token = "T") {
    const auto checked = codec.check({.subscription = std::move(subscription), .authorisation = {.token = token}});
    return checked ? std::string("none") : checked.error().detail;
  };
  EXPECT_EQ(complaint({.channel = Channel::Executions}), "none");
  EXPECT_EQ(complaint({.channel = Channel::Executions}, ""), "channel executions needs a token, and none is given");
  EXPECT_EQ(complaint({.channel = Channel::Balances}, ""), "channel balances needs a token, and none is given");
  EXPECT_EQ(complaint({.channel = Channel::Balances, .symbols = {"A/B"}}),
            "channel balances takes no symbols, but 'A/B' is given");
  EXPECT_EQ(complaint({.channel = Channel::Level3, .symbols = {"A/B"}, .depth = 1000}), "none");
  EXPECT_EQ(complaint({.channel = Channel::Level3, .symbols = {"A/B"}}, ""),
            "channel level3 needs a token, and none is given");
  EXPECT_EQ(complaint({.channel = Channel::Level3, .symbols = {"A/B"}, .depth = 25}),
            "level3 depth 25 is not one of 10, 100, 1000");
  EXPECT_EQ(complaint({.channel = Channel::Level3}), "channel level3 needs at least one symbol, such as BTC/USD");
  EXPECT_EQ(complaint({.channel = Channel::OwnTrades}), "Spot v2 has no channel 'ownTrades'");
}

}  // namespace
}  // namespace ktape::spot_v2
