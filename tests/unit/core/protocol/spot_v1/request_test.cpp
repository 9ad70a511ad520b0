#include "core/protocol/spot_v1/request.hpp"

#include <gmock/gmock.h>

#include "core/protocol/spot_v1/symbol_names.hpp"

namespace ktape::spot_v1 {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

Request subscribe(Subscription subscription, std::string token = {}) {
  return {.method = Method::Subscribe,
          .request_id = 7,
          .subscription = std::move(subscription),
          .trading = {},
          .authorisation = {.token = std::move(token)}};
}
Request trade(TradingRequest trading, std::string token = "t") {
  return {.method = Method::Trade,
          .request_id = 7,
          .subscription = {},
          .trading = std::move(trading),
          .authorisation = {.token = std::move(token)}};
}
std::string refusal_of(const Request& request) {
  const auto checked = check(request);
  return checked ? "taken" : checked.error().detail;
}
NewOrder limit_order() {
  NewOrder order;
  order.symbol = "BTC/USD";
  order.quantity = Decimal::parse("0.05000000").value();
  order.limit_price = Decimal::parse("27120.5").value();
  return order;
}

TEST(SpotV1Names, DifferForTwoAssetsOnBothSidesOfTheSlash) {
  SymbolNames names;
  for (const auto& [modern, wire] :
       {std::pair{"BTC/USD", "XBT/USD"}, std::pair{"DOGE/BTC", "XDG/XBT"}, std::pair{"ETH/BTC:BTNL", "ETH/XBT:BTNL"},
        std::pair{"ETH/USD", "ETH/USD"}, std::pair{"BTCX/USD", "BTCX/USD"}, std::pair{"XBTX/USD", "XBTX/USD"}}) {
    EXPECT_EQ(wire_symbol(modern), wire);
    EXPECT_EQ(names.modern(wire), modern);
  }
  EXPECT_EQ(wire_symbol("BTC"), "BTC");
}

TEST(SpotV1Check, RefusesWhatV1HasNot) {
  EXPECT_EQ(refusal_of(subscribe({.channel = Channel::Instrument})),
            "Spot v1 has no channel 'instrument': it has book, ohlc, spread, ticker, trade, ownTrades and openOrders");
  EXPECT_THAT(refusal_of(subscribe({.channel = Channel::Level3, .symbols = {"BTC/USD"}})), HasSubstr("'level3'"));
  EXPECT_THAT(refusal_of(subscribe({.channel = Channel::Executions}, "t")), HasSubstr("'executions'"));
  EXPECT_EQ(refusal_of({.method = Method::Challenge}), "Spot v1 cannot say 'challenge'");
  EXPECT_EQ(refusal_of(trade(BatchAdd{})), "Spot v1 cannot say batch_add");
  EXPECT_EQ(refusal_of(trade(BatchCancel{})), "Spot v1 cannot say batch_cancel");
}

TEST(SpotV1Check, NamesTheValueAndWhatIsAllowed) {
  EXPECT_EQ(refusal_of(subscribe({.channel = Channel::Book, .symbols = {"BTC/USD"}, .depth = 50})),
            "book depth 50 is not one of 10, 25, 100, 500, 1000");
  EXPECT_EQ(refusal_of(subscribe({.channel = Channel::Ohlc, .symbols = {"BTC/USD"}, .interval_minutes = 2})),
            "ohlc interval 2 is not one of 1, 5, 15, 30, 60, 240, 1440, 10080, 21600 minutes");
  EXPECT_EQ(refusal_of(subscribe({.channel = Channel::Book})),
            "channel book needs at least one symbol, such as BTC/USD");
  EXPECT_EQ(refusal_of(subscribe({.channel = Channel::Book, .symbols = {"BTCUSD"}})),
            "symbol 'BTCUSD' is not in the form BASE/QUOTE, such as BTC/USD");
  EXPECT_EQ(refusal_of(subscribe({.channel = Channel::Book, .symbols = {"XBT/USD"}})),
            "symbol 'XBT/USD' is a name of v1's wire only: here it is 'BTC/USD', also in v1");
  EXPECT_EQ(refusal_of(subscribe({.channel = Channel::OwnTrades, .symbols = {"BTC/USD"}}, "t")),
            "channel ownTrades takes no symbols, but 'BTC/USD' is given");
  EXPECT_EQ(refusal_of(subscribe({.channel = Channel::OpenOrders})), "openOrders needs a token");
  EXPECT_EQ(refusal_of(trade(CancelAll{}, "")), "cancel_all needs a token");
  EXPECT_EQ(refusal_of(trade(CancelAllOrdersAfter{86'400})), "timeout 86400 is not within 0 to 86399 seconds");
  EXPECT_EQ(refusal_of(trade(CancelOrder{})), "cancel_order names no order");
}

TEST(SpotV1Check, RefusesOrdersThatV1CannotSay) {
  const auto with = [](auto change) {
    AddOrder add{.order = limit_order()};
    change(add);
    return refusal_of(trade(add));
  };
  EXPECT_EQ(with([](AddOrder&) {}), "taken");
  EXPECT_THAT(with([](AddOrder& add) { add.order.order_type = "dance"; }),
              HasSubstr("order_type 'dance' is not one of"));
  EXPECT_EQ(with([](AddOrder& add) { add.order.limit_price.reset(); }), "a limit order needs a limit price");
  EXPECT_EQ(with([](AddOrder& add) { add.order.order_type = "market"; }), "a market order has no limit price");
  EXPECT_EQ(with([](AddOrder& add) { add.order.trigger.emplace(); }), "a limit order has no trigger price");
  EXPECT_EQ(with([](AddOrder& add) { add.order.limit_price = Decimal::from_units(-5, 0); }),
            "limit price -5 is negative");
  EXPECT_THAT(with([](AddOrder& add) { add.order.limit_price_type = "moon"; }), HasSubstr("'moon'"));
  EXPECT_EQ(with([](AddOrder& add) { add.order.time_in_force = "fok"; }),
            "time_in_force 'fok' is not one of gtc, gtd, ioc");
  EXPECT_EQ(with([](AddOrder& add) { add.order.quantity.reset(); }), "an order needs a quantity, not below zero");
  EXPECT_EQ(with([](AddOrder& add) { add.order.display_quantity = Decimal(); }),
            "Spot v1 cannot say display_quantity in a new order");
  EXPECT_EQ(with([](AddOrder& add) { add.order.cash_quantity = Decimal(); }),
            "cash_quantity and quantity exclude each other");
  EXPECT_EQ(with([](AddOrder& add) { add.order.cash_quantity.swap(add.order.quantity); }),
            "cash_quantity is for market orders that buy without margin");
  EXPECT_THAT(with([](AddOrder& add) { add.order.effective_time = "soon"; }), HasSubstr("effective_time 'soon'"));
  EXPECT_THAT(with([](AddOrder& add) { add.deadline = "soon"; }), HasSubstr("deadline 'soon'"));
  EXPECT_THAT(with([](AddOrder& add) { add.order.fee_preference = "free"; }), HasSubstr("fee_preference 'free'"));
  EXPECT_THAT(with([](AddOrder& add) { add.order.self_trade_prevention = "no"; }),
              HasSubstr("self_trade_prevention 'no'"));
  EXPECT_THAT(with([](AddOrder& add) {
                add.order.client_order_id = "c";
                add.order.user_reference = 5;
              }),
              HasSubstr("exclude each other"));
  const auto trailing = [&](std::int64_t distance, std::string reference) {
    return with([&](AddOrder& add) {
      add.order.order_type = "trailing-stop";
      add.order.limit_price.reset();
      add.order.trigger = {.price = Decimal::from_units(distance, 0), .reference = reference, .price_type = "pct"};
    });
  };
  EXPECT_EQ(trailing(5, "last"), "taken");
  EXPECT_THAT(trailing(5, "index"), HasSubstr("cannot say that 'index' triggers"));
  EXPECT_EQ(trailing(-5, ""), "the distance -5 of a trailing-stop order is negative");

  EXPECT_EQ(refusal_of(trade(EditOrder{.order_id = "O1", .symbol = "BTC/USD", .reduce_only = true})),
            "Spot v1 cannot say reduce_only in edit_order");
  EXPECT_EQ(refusal_of(trade(EditOrder{.symbol = "BTC/USD"})), "edit_order needs an order_id");
  EXPECT_EQ(refusal_of(trade(AmendOrder{})), "amend_order needs an order_id or a client_order_id, one of them");
  EXPECT_EQ(refusal_of(trade(AmendOrder{.order_id = "O1", .limit_price_type = "pct"})),
            "Spot v1 cannot say a price of type 'pct' in amend_order");
}

TEST(SpotV1Encode, WritesV1sNamesAndTheDocumentedKeys) {
  EXPECT_EQ(
      encode(subscribe({.channel = Channel::Book, .symbols = {"BTC/USD", "DOGE/EUR"}, .depth = 25})),
      R"({"event":"subscribe","reqid":7,"pair":["XBT/USD","XDG/EUR"],"subscription":{"name":"book","depth":25}})");
  EXPECT_EQ(encode(subscribe({.channel = Channel::OwnTrades, .snapshot_trades = true}, "t\"")),
            R"({"event":"subscribe","reqid":7,"subscription":{"name":"ownTrades","snapshot":true,)"
            R"("consolidate_taker":true,"token":"t\""}})");
  EXPECT_EQ(encode(trade(AddOrder{.order = limit_order(), .validate = true})),
            R"({"event":"addOrder","token":"t","reqid":7,"ordertype":"limit","type":"buy","pair":"XBT/USD",)"
            R"("volume":"0.05000000","price":"27120.5","validate":"true"})");
  EXPECT_EQ(encode(trade(CancelOrder{.order_ids = {"O1"}, .client_order_ids = {}, .user_references = {17}})),
            R"({"event":"cancelOrder","token":"t","reqid":7,"txid":["O1","17"]})");
  EXPECT_EQ(encode({.method = Method::Ping}), R"({"event":"ping"})");
}

TEST(SpotV1Parse, KnowsTheWorkOfEachHost) {
  const char* const book = R"({"event":"subscribe","pair":["XBT/USD"],"subscription":{"name":"book"}})";
  const char* const own = R"({"event":"subscribe","subscription":{"name":"ownTrades","token":"t"}})";
  const char* const unknown = R"({"event":"subscribe","pair":["XBT/USD"],"subscription":{"name":"depth"}})";
  const char* const all = R"({"event":"subscribe","subscription":{"name":"*","token":"t"}})";
  const char* const cancel = R"({"event":"cancelAll","token":"t"})";
  const char* const elsewhere = "Private data and trading are unavailable on this endpoint. Try ws-auth.kraken.com";
  const char* const public_elsewhere =
      "Public market data subscriptions are unavailable on this endpoint. Try ws.kraken.com";
  EXPECT_THAT(parse_request(book, Host::Public).problems, IsEmpty());
  EXPECT_THAT(parse_request(book, Host::Private).problems, ElementsAre(public_elsewhere));
  EXPECT_THAT(parse_request(own, Host::Private).problems, IsEmpty());
  EXPECT_THAT(parse_request(own, Host::Public).problems, ElementsAre(elsewhere));
  EXPECT_THAT(parse_request(unknown, Host::Public).problems, ElementsAre("Subscription name invalid"));
  EXPECT_THAT(parse_request(unknown, Host::Private).problems, ElementsAre(public_elsewhere));
  EXPECT_THAT(parse_request(all, Host::Private).problems, IsEmpty());
  EXPECT_THAT(parse_request(all, Host::Public).problems, ElementsAre("Pair(s) not found"));
  EXPECT_THAT(parse_request(cancel, Host::Private).problems, IsEmpty());
  EXPECT_THAT(parse_request(cancel, Host::Public).problems, ElementsAre(elsewhere));
}

TEST(SpotV1Parse, KeepsWhatAServerSendsBack) {
  const auto parsed = parse_request(
      R"( {"reqid":5, "event":"subscribe","pair":["XBT/USD","no"],"subscription": {"name":"book","depth":12} } )",
      Host::Public);
  EXPECT_EQ(parsed.request_id, 5);
  EXPECT_EQ(parsed.subscription, R"({"name":"book","depth":12})");
  EXPECT_EQ(parsed.depth, 12);
  EXPECT_THAT(parsed.pairs, ElementsAre("XBT/USD", "no"));
  EXPECT_THAT(parsed.problems, ElementsAre("Subscription depth not supported"));
  EXPECT_EQ(pair_problem("XBT/USD"), std::nullopt);
  EXPECT_EQ(pair_problem("no"), "Currency pair not in ISO 4217-A3 format no");
  EXPECT_EQ(pair_problem("DOGE/USD"), "Currency pair not supported DOGE/USD");
}

TEST(SpotV1Parse, RefusesATextBeyondTheLimit) {
  EXPECT_THAT(parse_request(std::string(kMaxRequestBytes + 1, ' ')).problems, ElementsAre("Malformed request"));
}

}  // namespace
}  // namespace ktape::spot_v1
