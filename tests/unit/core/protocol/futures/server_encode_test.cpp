#include "core/protocol/futures/server_encode.hpp"

#include <array>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "core/protocol/futures/account_encode.hpp"
#include "core/protocol/futures/codec.hpp"
#include "tests/support/places.hpp"

namespace ktape::futures {
namespace {

Decimal d(const char* text) { return Decimal::parse(text).value(); }
Timestamp ms(std::int64_t milliseconds) { return Timestamp{std::chrono::milliseconds{milliseconds}}; }

// Line `number` of tests/golden/futures/<file>.json: what the exchange writes, and the codec reads.
std::string golden(const char* file, int number) {
  std::ifstream in(std::filesystem::path(test::in_source_tree("tests/golden/futures")) / (std::string(file) + ".json"));
  std::string line;
  while (number-- > 0) std::getline(in, line);
  EXPECT_FALSE(line.empty()) << file;
  return line;
}

// What the codec makes of a line, written anew by `write`.
template <class Write>
std::string rewritten(const std::string& line, Write write) {
  struct Sink final : EventSink {
    explicit Sink(Write& writer) : write(writer) {}
    void on_event(const Event& event) override { write(event, text); }
    Write& write;
    std::string text;
  };
  Sink sink(write);
  FuturesCodec().decode(line, sink);
  return sink.text;
}

TEST(FuturesServerEncode, WritesControlMessages) {
  const auto text = [](auto append) {
    std::string out;
    append(out);
    return out;
  };
  EXPECT_EQ(text([](auto& out) { append_info(out); }), golden("control", 1));
  EXPECT_EQ(text([](auto& out) { append_challenge(out, "c100b894-1729-464d-ace1-52dbce11db42"); }),
            golden("control", 2));
  EXPECT_EQ(text([](auto& out) { append_pong(out); }), golden("control", 3));
  EXPECT_EQ(text([](auto& out) { append_confirmation(out, {.feed = "book", .product = "PF_XBTUSD"}); }),
            golden("control", 4));
  EXPECT_EQ(text([](auto& out) {
              append_confirmation(out, {.method = Method::Unsubscribe, .feed = "book", .product = "PF_XBTUSD"});
            }),
            golden("control", 5));
  EXPECT_EQ(text([](auto& out) { append_confirmation(out, {.feed = "open_orders"}); }), golden("control", 7));
  const Authorisation echo{.token = {},
                           .api_key = "key-1",
                           .original_challenge = "226aee50-88fc-4618-a42a-34f7709570b2",
                           .signed_challenge = "4JEpF3ix66GA2B=="};
  EXPECT_EQ(text([&](auto& out) {
              append_confirmation(out, {.method = Method::Unsubscribe, .feed = "fills", .echo = &echo});
            }),
            golden("control", 8));
  EXPECT_EQ(text([](auto& out) { append_heartbeat(out, ms(1788249600123)); }), golden("control", 12));
}

TEST(FuturesServerEncode, WritesEveryRefusal) {
  const auto text = [](Problem problem, RefusalForm form = RefusalForm::Observed) {
    std::string out;
    append_refusal(out, refusal_of(problem, "PF_NONE", form));
    return out;
  };
  EXPECT_EQ(text(Problem::InvalidFeed), golden("refusals", 1));
  EXPECT_EQ(text(Problem::InvalidProduct), golden("refusals", 6));
  EXPECT_EQ(text(Problem::AlreadySubscribed), golden("refusals", 11));
  EXPECT_EQ(text(Problem::NotSubscribed), golden("refusals", 12));
  EXPECT_EQ(text(Problem::NotAuthenticated), golden("refusals", 15));
  EXPECT_EQ(text(Problem::Malformed), golden("refusals", 16));
  EXPECT_EQ(text(Problem::InvalidProduct, RefusalForm::Documented), golden("refusals", 18));
  EXPECT_EQ(text(Problem::InvalidFeed, RefusalForm::Documented), golden("refusals", 21));
  EXPECT_EQ(text(Problem::Malformed, RefusalForm::Documented), golden("refusals", 23));
  EXPECT_EQ(text(Problem::BadChallenge), golden("refusals", 23));
}

TEST(FuturesServerEncode, WritesBooksAsTheyWereRead) {
  const auto write = [](const Event& event, std::string& out) {
    if (const auto* snapshot = std::get_if<BookSnapshot>(&event)) append_book_snapshot(out, *snapshot);
    if (const auto* update = std::get_if<BookUpdate>(&event)) append_book(out, *update);
  };
  for (const int line : {2, 3, 4}) EXPECT_EQ(rewritten(golden("book", line), write), golden("book", line));
  EXPECT_EQ(
      rewritten(golden("book", 5), write),
      R"({"feed":"book","product_id":"PF_XBTUSD","side":"buy","seq":3,"price":2,"qty":1,"timestamp":1788249600202})");
  EXPECT_NE(rewritten(golden("book", 1), write).find(R"({"price":100000,"qty":0.00015})"), std::string::npos)
      << "no exponents";
}

TEST(FuturesServerEncode, WritesTradesAsTheyWereReadAndHistoryNewestFirst) {
  const auto write = [](const Event& event, std::string& out) { append_trade(out, std::get<Trade>(event)); };
  EXPECT_EQ(rewritten(golden("trade", 3), write), golden("trade", 3));
  std::vector<Trade> history;
  struct Sink final : EventSink {
    explicit Sink(std::vector<Trade>& trades) : to(trades) {}
    void on_event(const Event& event) override { to.push_back(std::get<Trade>(event)); }
    std::vector<Trade>& to;
  } sink(history);
  FuturesCodec codec;
  const std::string line = golden("trade", 1);
  codec.decode(line, sink);
  // Texts that a tape has read are good until the next message.
  std::string out;
  append_trade_snapshot(out, "PF_XBTUSD", history);
  EXPECT_EQ(out, line);
  out.clear();
  append_trade_snapshot(out, "PI_XBTUSD", {});
  EXPECT_EQ(out, golden("trade", 2));
}

TEST(FuturesServerEncode, WritesTickers) {
  const TickerDetails perpetual{.volume_quote = d("262306237"),
                                .relative_funding_rate = d("-0.000001"),
                                .relative_funding_rate_prediction = d("0.00002"),
                                .leverage = "50x",
                                .pair = "XBT:USD"};
  EXPECT_EQ(
      rewritten(golden("ticker", 1),
                [&](const Event& event, std::string& out) { append_ticker(out, std::get<Ticker>(event), perpetual); }),
      golden("ticker", 1));
  const TickerDetails lite{.volume_quote = d("264126741"), .pair = "XBT:USD"};
  EXPECT_EQ(
      rewritten(golden("ticker", 5),
                [&](const Event& event, std::string& out) { append_ticker_lite(out, std::get<Ticker>(event), lite); }),
      golden("ticker", 5));
  const TickerDetails option{.volume_quote = d("6899673.0"),
                             .days_to_maturity = 141,
                             .maturity = ms(1624633200000),
                             .tag = "semiannual",
                             .pair = "ETH:USD",
                             .greeks = OptionGreeks{.iv = d("0.61")}};
  EXPECT_EQ(rewritten(golden("ticker", 6),
                      [&](const Event& event, std::string& out) {
                        append_ticker_lite(out, std::get<Ticker>(event), option);
                      }),
            golden("ticker", 6));
  std::string out;
  append_ticker(out, Ticker{.symbol = "PF_XBTUSD", .funding_rate = Decimal{}}, {});
  EXPECT_EQ(out.find("funding_rate"), std::string::npos) << "funding that is zero is left out";
}

TEST(FuturesServerEncode, WritesOpenOrders) {
  const std::array orders{OpenOrder{.instrument = "PI_XBTUSD",
                                    .time = ms(1788249601000),
                                    .last_update_time = ms(1788249601500),
                                    .qty = d("1000"),
                                    .filled = d("250.0"),
                                    .limit_price = d("10640"),
                                    .stop_price = d("0.0"),
                                    .type = "limit",
                                    .order_id = "723ba95f-13b7-418b-8fcf-ab7ba6620555",
                                    .cli_ord_id = "mine-1",
                                    .direction = Side::Sell},
                          OpenOrder{.instrument = "PF_XBTUSD",
                                    .time = ms(1788249601001),
                                    .last_update_time = ms(1788249601001),
                                    .qty = d("0.5"),
                                    .filled = d("0"),
                                    .limit_price = d("0.0"),
                                    .stop_price = d("30000.5"),
                                    .type = "stop",
                                    .order_id = "723ba95f-13b7-418b-8fcf-ab7ba6620556",
                                    .reduce_only = true,
                                    .trigger_signal = "last",
                                    .trailing_stop_options = TrailingStop{d("20.0"), "percent"}}};
  std::string out;
  append_open_orders_snapshot(out, "open_orders", "e258dba9-4dd5-4da5-bfef-75beb91c098e", orders);
  EXPECT_EQ(out, golden("open_orders", 1));
  out.clear();
  append_open_orders_snapshot(out, "open_orders_verbose", "e258dba9-4dd5-4da5-bfef-75beb91c098e", {});
  EXPECT_EQ(out, golden("open_orders", 25));
  out.clear();
  const OpenOrder placed{.instrument = "PI_XBTUSD",
                         .time = ms(1788249602000),
                         .last_update_time = ms(1788249602000),
                         .qty = d("304.0"),
                         .filled = d("0.0"),
                         .limit_price = d("10640.0"),
                         .stop_price = d("0.0"),
                         .type = "limit",
                         .order_id = "59302619-41d2-4f0b-941f-7e7914760ad3",
                         .direction = Side::Sell,
                         .reduce_only = true};
  append_open_order(out, "open_orders", placed, {.is_cancel = false, .reason = "new_placed_order_by_user"});
  EXPECT_EQ(out, golden("open_orders", 3));
  out.clear();
  append_gone_order(out, "open_orders", {.order_id = "660c6b23-8007-48c1-a7c9-4893f4572e8c", .reason = "full_fill"});
  EXPECT_EQ(out, golden("open_orders", 7));
  out.clear();
  append_gone_order(
      out, "open_orders",
      {.order_id = "660c6b23-8007-48c1-a7c9-4893f4572e8c", .cli_ord_id = "mine-2", .reason = "cancelled_by_user"});
  EXPECT_EQ(out, golden("open_orders", 8));
}

TEST(FuturesServerEncode, WritesFillsUnderTwoNamesOfTheAccount) {
  const std::array fills{FillEntry{.instrument = "FI_XBTUSD_200925",
                                   .time = ms(1788249604000),
                                   .price = d("10937.5"),
                                   .qty = d("5000.0"),
                                   .seq = 0,
                                   .buy = true,
                                   .remaining_order_qty = d("0.0"),
                                   .order_id = "9e30258b-5a98-4002-968a-5b0e149bcfbf",
                                   .fill_id = "cad76f07-814e-4dc6-8478-7867407b6bff",
                                   .cli_ord_id = "8b58d9da-fcaf-4f60-91bc-9973a3eba48d",
                                   .fill_type = "maker",
                                   .fee_paid = d("-0.00009142857"),
                                   .fee_currency = "BTC",
                                   .taker_order_type = "ioc",
                                   .order_type = "limit"}};
  std::string out;
  append_fills_snapshot(out, "DemoUser", fills);
  EXPECT_EQ(out, golden("fills", 1));
  out.clear();
  append_fills(out, "DemoUser", {});
  EXPECT_EQ(out, R"({"feed":"fills","username":"DemoUser","fills":[]})");
}

TEST(FuturesServerEncode, WritesPositions) {
  const std::array positions{
      PositionEntry{.instrument = "PF_XBTUSD",
                    .balance = d("-0.04"),
                    .pnl = d("119.00276389"),
                    .entry_price = d("26911.75"),
                    .mark_price = d("25013.0"),
                    .index_price = d("25013.73"),
                    .liquidation_threshold = d("0.0"),
                    .effective_leverage = d("0.28474239"),
                    .return_on_equity = d("0.10000000000000002"),
                    .unrealized_funding = d("-0.000012345678901234567"),
                    .initial_margin = d("400.0"),
                    .initial_margin_with_orders = d("401.5"),
                    .maintenance_margin = d("200.0"),
                    .pnl_currency = "USD"},
      PositionEntry{.instrument = "OF_ETHUSD_240101_1000_C",
                    .balance = d("3"),
                    .pnl = d("1"),
                    .entry_price = d("2"),
                    .mark_price = d("3"),
                    .index_price = d("4"),
                    .liquidation_threshold = d("5"),
                    .effective_leverage = d("6"),
                    .return_on_equity = d("7"),
                    .initial_margin = d("8"),
                    .initial_margin_with_orders = d("9"),
                    .maintenance_margin = d("10"),
                    .greeks = PositionGreeks{d("0.5"), d("0.4"), d("0.3"), d("0.2"), d("-0.1"), d("0.01")}}};
  std::string out;
  append_open_positions(out, {"DemoUser", 4, ms(1788249605000)}, positions);
  EXPECT_EQ(out, golden("open_positions", 1));
}

TEST(FuturesServerEncode, WritesBalances) {
  const std::array holding{Holding{"USDT", d("4997.5012493753")}, Holding{"XBT", d("0.1285407184")},
                           Holding{"EUR", d("0.0")}};
  const std::array accounts{FuturesAccount{"F-ETH:EUR", "ETH/EUR", "EUR", d("1.5"), d("2.5"), d("0.0"), d("0.0"),
                                           d("2.0"), d("0.0"), d("0.0"), d("0.25")},
                            FuturesAccount{"F-XBT:USD", "XBT/USD", "XBT", d("0.1"), d("0.2"), d("0.3"), d("0.4"),
                                           d("0.5"), d("0.6"), d("0.7"), d("0.8")}};
  const std::array currencies{
      FlexCurrency{"USDT", d("0.0"), d("0.0"), d("0.0"), d("0.0"), d("0.0"), d("0.0")},
      FlexCurrency{"GBP", d("3633.97"), d("4733.42"), d("4733.42"), d("4600.11"), d("0.0"), d("0.02")}};
  const FlexMargins margins{d("4.0"), d("5.0"), d("6.0"), d("7.0"), d("8.0"), d("9.0"), d("10.0")};
  const std::array isolated{IsolatedMargins{"PF_ETHUSD", margins}};
  const FlexFutures flex{
      .currencies = currencies,
      .balance_value = d("1.0"),
      .portfolio_value = d("2.0"),
      .collateral_value = d("3.0"),
      .margins = margins,
      .margin_equity = d("11.0"),
      .available_margin = d("12.0"),
      .total_position_size = d("13.0"),
      .unified_balances = true,
      .isolated = isolated,
      .cross = CrossMargins{d("1.0"), d("3.0"), d("2.0"), margins, d("11.0"), d("12.0"), d("0.5"), d("13.0")},
      .portfolio_margin_breakdown = MarginBreakdown{d("1.0"), d("2.0"), d("3.0"), d("4.0")}};
  std::string out;
  append_balances_snapshot(out, {.stamp = {"4a012c31-df95-484a-9473-d51e4a0c4ae7", 0, ms(1788249606000)},
                                 .holding = holding,
                                 .futures = accounts,
                                 .flex_futures = flex,
                                 .futures_cash_value = d("29.5"),
                                 .futures_upnl_cash_value = d("0.5")});
  std::string expected = golden("balances", 1);
  expected.replace(expected.find("-0.0"), 4, "0.0");  // which only floating point knows
  EXPECT_EQ(out, expected);
  out.clear();
  const std::array changed{Holding{"XBT", d("0.1285")}};
  append_balances(out, {.stamp = {"4a012c31-df95-484a-9473-d51e4a0c4ae7", 1, ms(1788249606001)}, .holding = changed});
  EXPECT_EQ(out, golden("balances", 2));
  out.clear();
  const std::array legacy{
      MarginAccount{"xbt", "", d("0.5"), d("0"), d("0"), d("0.5"), d("0.5"), d("0"), d("0")},
      MarginAccount{"f-xbt:usd", "inversed", d("9.81"), d("-0.1"), d("0.01"), d("9.7"), d("9.5"), d("0.2"), d("0.1")}};
  append_margin_accounts(out, "DemoUser", 14, legacy);
  EXPECT_EQ(out, golden("balances", 4));
}

TEST(FuturesServerEncode, WritesLogAndNotifications) {
  const LogEntry entry{.id = 1691,
                       .date = ms(1788249608000),
                       .asset = "pi_bchusd",
                       .info = "futures trade",
                       .booking_uid = "86fdc252-1b6e-40ec-ac1d-c7bd46ddeec0",
                       .margin_account = "f-bch:usd",
                       .old_balance = d("1.5"),
                       .new_balance = d("2.5"),
                       .old_average_entry_price = d("100.25"),
                       .new_average_entry_price = d("101.5"),
                       .trade_price = d("101.75"),
                       .mark_price = d("101.7"),
                       .realized_pnl = d("-0.5"),
                       .fee = d("0.0625"),
                       .execution = "cbd2ec5e-5bd5-4c6a-8b0a-21e2e7f7aa5f",
                       .collateral = "bch",
                       .funding_rate = d("0.0"),
                       .realized_funding = d("0.0"),
                       .conversion_spread_percentage = d("0.0"),
                       .liquidation_fee = d("0.0")};
  std::string out;
  append_account_log(out, entry);
  EXPECT_EQ(out, golden("notices", 3));
  out.clear();
  append_account_log_snapshot(out, {&entry, 1});
  const std::string change = golden("notices", 3);
  const std::size_t begin = change.find("{\"id\"");
  EXPECT_EQ(out, R"({"feed":"account_log_snapshot","logs":[)" + change.substr(begin, change.size() - begin - 1) + "]}");
  out.clear();
  const std::array notes{Notification{.id = 5,
                                      .type = "market",
                                      .priority = "low",
                                      .note = "A note describing the notification.",
                                      .effective_time = ms(1788250000000)},
                         Notification{.id = 6,
                                      .type = "maintenance",
                                      .priority = "high",
                                      .note = "Down",
                                      .effective_time = ms(1788260000000),
                                      .expected_downtime_minutes = 30}};
  append_notifications(out, notes);
  EXPECT_EQ(out, golden("notices", 4));
}

}  // namespace
}  // namespace ktape::futures
