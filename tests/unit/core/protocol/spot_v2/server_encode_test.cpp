#include "core/protocol/spot_v2/server_encode.hpp"

#include <array>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace ktape::spot_v2 {
namespace {

Decimal dec(std::string_view text) { return Decimal::parse(text).value(); }
Timestamp at(std::string_view text) { return parse_rfc3339(text).value(); }

template <class Append>
std::string written(Append append) {
  std::string out = "before";
  append(out);
  EXPECT_EQ(out.substr(0, 6), "before") << "it must append, not assign";
  return out.substr(6);
}
std::string text(const Reply& reply) {
  return written([&](std::string& out) { append_reply(out, reply); });
}
Reply stamped() {
  Reply reply;
  reply.method = "subscribe";
  reply.time_in = at("2026-09-01T08:00:00.000100Z");
  reply.time_out = at("2026-09-01T08:00:00.000140Z");
  return reply;
}
constexpr std::string_view kStamps =
    R"("time_in":"2026-09-01T08:00:00.000100Z","time_out":"2026-09-01T08:00:00.000140Z"})";

TEST(ServerEncode, WritesABookSnapshotAsKrakenDoes) {
  const std::vector<Level> bids = {{dec("3120.55"), dec("1.25000000")}, {dec("3120.10"), dec("0.40000000")}};
  const std::vector<Level> asks = {{dec("3120.90"), dec("0.75000000")}, {dec("3121.00"), dec("2.00000000")}};
  const BookSnapshot book{"ETH/EUR", bids, asks, 2389935577U, at("2026-09-01T08:00:07.100001Z")};
  EXPECT_EQ(
      written([&](std::string& out) { append_book(out, book); }),
      R"({"channel":"book","type":"snapshot","data":[{"symbol":"ETH/EUR","bids":[{"price":3120.55,"qty":1.25000000},{"price":3120.10,"qty":0.40000000}],"asks":[{"price":3120.90,"qty":0.75000000},{"price":3121.00,"qty":2.00000000}],"checksum":2389935577,"timestamp":"2026-09-01T08:00:07.100001Z"}]})");
}

TEST(ServerEncode, WritesARemovalWithThePlacesOfThePair) {
  const std::vector<Level> bids = {{dec("3120.55"), dec("0.00000000")}};
  const BookUpdate update{"ETH/EUR", bids, {}, 3176942565U, at("2026-09-01T08:00:07.180204Z")};
  EXPECT_EQ(
      written([&](std::string& out) { append_book(out, update); }),
      R"({"channel":"book","type":"update","data":[{"symbol":"ETH/EUR","bids":[{"price":3120.55,"qty":0.00000000}],"asks":[],"checksum":3176942565,"timestamp":"2026-09-01T08:00:07.180204Z"}]})");
}

TEST(ServerEncode, LeavesOutTheTimeOfABookOf2024) {
  const BookSnapshot book{"A/B", {}, {}, 0U, std::nullopt};
  EXPECT_EQ(written([&](std::string& out) { append_book(out, book); }),
            R"({"channel":"book","type":"snapshot","data":[{"symbol":"A/B","bids":[],"asks":[],"checksum":0}]})");
}

TEST(ServerEncode, NeverWritesAnExponent) {
  const std::vector<Level> asks = {{dec("1e-08"), dec("5E-10")}};
  const BookUpdate update{"A/B", {}, asks, std::nullopt, std::nullopt};
  EXPECT_EQ(
      written([&](std::string& out) { append_book(out, update); }),
      R"({"channel":"book","type":"update","data":[{"symbol":"A/B","bids":[],"asks":[{"price":0.00000001,"qty":0.0000000005}]}]})");
}

TEST(ServerEncode, WritesTradesThatWereStruckTogetherInOneMessage) {
  Trade trade{"ETH/EUR",
              Side::Buy,
              OrderType::Limit,
              dec("3120.90"),
              dec("0.05000000"),
              48210001,
              at("2026-09-01T08:00:09.844359Z")};
  std::vector<Trade> trades = {trade, trade};
  trades[1].price = dec("3121.00");
  trades[1].quantity = dec("0.01000000");
  trades[1].trade_id = 48210002;
  EXPECT_EQ(
      written([&](std::string& out) { append_trades(out, trades, false); }),
      R"({"channel":"trade","type":"update","data":[{"symbol":"ETH/EUR","side":"buy","price":3120.90,"qty":0.05000000,"ord_type":"limit","trade_id":48210001,"timestamp":"2026-09-01T08:00:09.844359Z"},{"symbol":"ETH/EUR","side":"buy","price":3121.00,"qty":0.01000000,"ord_type":"limit","trade_id":48210002,"timestamp":"2026-09-01T08:00:09.844359Z"}]})");
  EXPECT_EQ(written([&](std::string& out) { append_trades(out, {}, true); }),
            R"({"channel":"trade","type":"snapshot","data":[]})");
}

Ticker ticker() {
  Ticker t;
  t.symbol = "ETH/EUR";
  t.bid = dec("3120.55");
  t.bid_quantity = dec("1.25000000");
  t.ask = dec("3120.90");
  t.ask_quantity = dec("0.75000000");
  t.last = dec("3120.90");
  t.volume = dec("2173.29284504");
  t.vwap = dec("3143.14");
  t.low = dec("3077.79");
  t.high = dec("3267.99");
  t.change = dec("-19.77");
  t.change_percent = dec("-0.63");
  return t;
}

TEST(ServerEncode, WritesATickerWithTheFieldsOf2026) {
  Ticker t = ticker();
  t.trades = 38144;
  t.exchange_time = at("2026-09-01T08:00:06.339692Z");
  EXPECT_EQ(
      written([&](std::string& out) { append_ticker(out, t); }),
      R"({"channel":"ticker","type":"update","data":[{"symbol":"ETH/EUR","bid":3120.55,"bid_qty":1.25000000,"ask":3120.90,"ask_qty":0.75000000,"last":3120.90,"volume":2173.29284504,"vwap":3143.14,"low":3077.79,"high":3267.99,"change":-19.77,"change_pct":-0.63,"trades":38144,"timestamp":"2026-09-01T08:00:06.339692Z"}]})");
}

TEST(ServerEncode, WritesATickerWithTheFieldsOf2024) {
  Ticker t = ticker();
  t.snapshot = true;
  EXPECT_EQ(
      written([&](std::string& out) { append_ticker(out, t); }),
      R"({"channel":"ticker","type":"snapshot","data":[{"symbol":"ETH/EUR","bid":3120.55,"bid_qty":1.25000000,"ask":3120.90,"ask_qty":0.75000000,"last":3120.90,"volume":2173.29284504,"vwap":3143.14,"low":3077.79,"high":3267.99,"change":-19.77,"change_pct":-0.63}]})");
}

TEST(ServerEncode, GivesACandleTheEndOfItsIntervalAsItsTime) {
  Candle candle;
  candle.symbol = "ETH/EUR";
  candle.interval = std::chrono::minutes(1);
  candle.begin = at("2026-09-01T08:00:00Z");
  candle.open = dec("3119.50");
  candle.high = dec("3121.00");
  candle.low = dec("3119.40");
  candle.close = dec("3121.00");
  candle.volume = dec("2.21155628");
  candle.vwap = dec("3120.46");
  candle.trades = 33;
  EXPECT_EQ(
      written([&](std::string& out) {
        append_ohlc(out, {&candle, 1}, false, at("2026-09-01T08:00:09.844359566Z"));
      }),
      R"({"channel":"ohlc","type":"update","timestamp":"2026-09-01T08:00:09.844359566Z","data":[{"symbol":"ETH/EUR","open":3119.50,"high":3121.00,"low":3119.40,"close":3121.00,"trades":33,"volume":2.21155628,"vwap":3120.46,"interval_begin":"2026-09-01T08:00:00.000000000Z","interval":1,"timestamp":"2026-09-01T08:01:00.000000Z"}]})");
}

TEST(ServerEncode, WritesTheInstrumentSnapshotWithOnlyTheFieldsThatAreSet) {
  std::vector<AssetInfo> assets(2);
  assets[0].id = "EUR";
  assets[0].status = "enabled";
  assets[0].precision = 4;
  assets[0].precision_display = 2;
  assets[0].borrowable = true;
  assets[0].collateral_value = dec("1.000");
  assets[0].asset_class = "currency";
  assets[0].margin_rate = dec("0.025000");
  assets[1].id = "ETH";
  assets[1].status = "enabled";
  assets[1].precision = 10;
  assets[1].precision_display = 5;
  assets[1].collateral_value = dec("0.000");
  assets[1].asset_class = "currency";
  PairInfo pair;
  pair.symbol = "ETH/EUR";
  pair.base = "ETH";
  pair.quote = "EUR";
  pair.status = "online";
  pair.quantity_precision = 8;
  pair.quantity_increment = dec("0.00000001");
  pair.price_precision = 2;
  pair.cost_precision = 5;
  pair.marginable = true;
  pair.has_index = true;
  pair.display_price_precision = 2;
  pair.cost_min = dec("0.45");
  pair.margin_initial = dec("0.20");
  pair.position_limit_long = 1000;
  pair.position_limit_short = 600;
  pair.tick_size = dec("0.01");
  pair.price_increment = dec("0.01");
  pair.quantity_min = dec("0.00100000");
  const InstrumentUpdate update{true, assets, {&pair, 1}};
  EXPECT_EQ(
      written([&](std::string& out) { append_instrument(out, update); }),
      R"({"channel":"instrument","type":"snapshot","data":{"assets":[{"id":"EUR","status":"enabled","precision":4,"precision_display":2,"borrowable":true,"collateral_value":1.000,"class":"currency","margin_rate":0.025000},{"id":"ETH","status":"enabled","precision":10,"precision_display":5,"borrowable":false,"collateral_value":0.000,"class":"currency"}],"pairs":[{"symbol":"ETH/EUR","base":"ETH","quote":"EUR","status":"online","qty_precision":8,"qty_increment":0.00000001,"price_precision":2,"cost_precision":5,"marginable":true,"has_index":true,"ws_display_price_precision":2,"cost_min":0.45,"margin_initial":0.20,"position_limit_long":1000,"position_limit_short":600,"tick_size":0.01,"price_increment":0.01,"qty_min":0.00100000}]}})");
}

TEST(ServerEncode, WritesAConnectionIdBeyond63Bits) {
  StatusChange status;
  status.system = "online";
  status.version = "2.0.10";
  status.api_version = "v2";
  status.connection_id = 12345678901234567890ULL;
  EXPECT_EQ(
      written([&](std::string& out) { append_status(out, status); }),
      R"({"channel":"status","type":"update","data":[{"version":"2.0.10","system":"online","api_version":"v2","connection_id":12345678901234567890,"upcoming_maintenance":[],"emergency":[]}]})");
}

TEST(ServerEncode, LeavesOutWhatAnOlderStatusDidNotHave) {
  StatusChange status;
  status.system = "maintenance";
  status.version = "2.0.4";
  status.api_version = "v2";
  EXPECT_EQ(
      written([&](std::string& out) { append_status(out, status, {.maintenance_fields = false}); }),
      R"({"channel":"status","type":"update","data":[{"version":"2.0.4","system":"maintenance","api_version":"v2"}]})");
}

TEST(ServerEncode, WritesAHeartbeatOf23Bytes) {
  const auto heartbeat = written([](std::string& out) { append_heartbeat(out); });
  EXPECT_EQ(heartbeat, R"({"channel":"heartbeat"})");
  EXPECT_EQ(heartbeat.size(), 23U);
}

TEST(ServerEncode, AcknowledgesABookWithTheKeysOfItsResultInAlphabeticalOrder) {
  Reply reply = stamped();
  reply.success = true;
  reply.request_id = 17;
  reply.channel = "book";
  reply.symbol = "ETH/EUR";
  reply.depth = 25;
  reply.snapshot = true;
  const std::string result =
      R"("req_id":17,"result":{"channel":"book","depth":25,"snapshot":true,"symbol":"ETH/EUR"},"success":true,)";
  EXPECT_EQ(text(reply), R"({"method":"subscribe",)" + result + std::string(kStamps));
}

TEST(ServerEncode, AcknowledgesWithoutARequestIdWhereNoneWasSent) {
  Reply reply = stamped();
  reply.method = "unsubscribe";
  reply.success = true;
  reply.channel = "ticker";
  reply.event_trigger = "bbo";
  reply.symbol = "ETH/EUR";
  EXPECT_EQ(text(reply),
            R"({"method":"unsubscribe","result":{"channel":"ticker","event_trigger":"bbo","symbol":"ETH/EUR"},)"
            R"("success":true,)" +
                std::string(kStamps));
}

TEST(ServerEncode, WarnsOfDeprecatedFields) {
  const std::array<std::string_view, 1> ohlc = {kOhlcWarning};
  Reply reply = stamped();
  reply.success = true;
  reply.channel = "ohlc";
  reply.interval_minutes = 5;
  reply.snapshot = false;
  reply.symbol = "ETH/EUR";
  reply.warnings = ohlc;
  EXPECT_EQ(text(reply),
            R"({"method":"subscribe","result":{"channel":"ohlc","interval":5,"snapshot":false,"symbol":"ETH/EUR",)"
            R"("warnings":["timestamp is deprecated, use interval_begin"]},"success":true,)" +
                std::string(kStamps));

  const std::array<std::string_view, 1> instrument = {kInstrumentWarning};
  reply = stamped();
  reply.success = true;
  reply.channel = "instrument";
  reply.snapshot = true;
  reply.warnings = instrument;
  EXPECT_EQ(text(reply), R"({"method":"subscribe","result":{"channel":"instrument","snapshot":true,)"
                         R"("warnings":["tick_size is deprecated, use price_increment"]},"success":true,)" +
                             std::string(kStamps));
}

TEST(ServerEncode, RefusesAWholeRequest) {
  Reply reply = stamped();
  reply.request_id = 18;
  reply.error = "Subscription depth not supported";
  EXPECT_EQ(text(reply),
            R"({"error":"Subscription depth not supported","method":"subscribe","req_id":18,"success":false,)" +
                std::string(kStamps));
}

TEST(ServerEncode, RefusesOneSymbolAtTheTopLevel) {
  Reply reply = stamped();
  reply.request_id = 19;
  reply.error = "Currency pair not supported XBT/USD";
  reply.symbol = "XBT/USD";
  EXPECT_EQ(text(reply),
            R"({"error":"Currency pair not supported XBT/USD","method":"subscribe","req_id":19,"success":false,)"
            R"("symbol":"XBT/USD",)" +
                std::string(kStamps));
}

TEST(ServerEncode, RefusesAsThePrivateBackendDoes) {
  Reply reply = stamped();
  reply.request_id = 20;
  reply.error = "ESession:Invalid session";
  reply.channel = "executions";
  EXPECT_EQ(text(reply),
            R"({"channel":"executions","error":"ESession:Invalid session","method":"subscribe","req_id":20,)"
            R"("status":"error","success":false,)" +
                std::string(kStamps));
}

TEST(ServerEncode, RefusesWhatIsNotJson) {
  Reply reply = stamped();
  reply.method = "error";
  reply.error = "Malformed request";
  EXPECT_EQ(text(reply), R"({"error":"Malformed request","method":"error","success":false,)" + std::string(kStamps));
}

TEST(ServerEncode, AnswersAPingWithoutSuccess) {
  Reply reply = stamped();
  reply.method = "pong";
  reply.success = true;
  reply.request_id = 101;
  EXPECT_EQ(text(reply), R"({"method":"pong","req_id":101,)" + std::string(kStamps));
  reply.request_id = -9223372036854775807LL - 1;
  EXPECT_EQ(text(reply), R"({"method":"pong","req_id":-9223372036854775808,)" + std::string(kStamps));
}

TEST(ServerEncode, EscapesWhatAClientSmuggledIntoASymbol) {
  Reply reply = stamped();
  reply.error = "x";
  reply.symbol = "A\"\\\n\x01/\xc3\xa9";
  EXPECT_EQ(text(reply), R"({"error":"x","method":"subscribe","success":false,"symbol":"A\"\\\u000a\u0001/)"
                         "\xc3\xa9\"," +
                             std::string(kStamps));
}

}  // namespace
}  // namespace ktape::spot_v2
