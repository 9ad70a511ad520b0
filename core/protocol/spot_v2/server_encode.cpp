#include "core/protocol/spot_v2/server_encode.hpp"

#include <cstdint>

#include "core/protocol/spot_v2/json_writing.hpp"

namespace ktape::spot_v2 {

using namespace json_writing;

namespace {

void levels(std::string& out, std::span<const Level> side) {
  list(out, side, [&](const Level& level) {
    field(out, R"({"price":)", level.price);
    field(out, R"(,"qty":)", level.quantity);
    out += '}';
  });
}

// Snapshots and updates of a book differ in nothing but their type.
template <class Book>
void book_message(std::string& out, const Book& book, bool snapshot) {
  open_data(out, "book", snapshot);
  field(out, R"(,"data":[{"symbol":)", book.symbol);
  out += R"(,"bids":)";
  levels(out, book.bids);
  out += R"(,"asks":)";
  levels(out, book.asks);
  field(out, R"(,"checksum":)", book.checksum);
  time_field(out, R"(,"timestamp":)", book.exchange_time, kMicroseconds);
  out += "}]}";
}

void asset(std::string& out, const AssetInfo& asset) {
  field(out, R"({"id":)", asset.id);
  field(out, R"(,"status":)", asset.status);
  field(out, R"(,"precision":)", asset.precision);
  field(out, R"(,"precision_display":)", asset.precision_display);
  field(out, R"(,"borrowable":)", asset.borrowable);
  field(out, R"(,"collateral_value":)", asset.collateral_value);
  if (!asset.asset_class.empty()) field(out, R"(,"class":)", asset.asset_class);
  field(out, R"(,"margin_rate":)", asset.margin_rate);
  field(out, R"(,"multiplier":)", asset.multiplier);
  out += '}';
}

void pair(std::string& out, const PairInfo& pair) {
  field(out, R"({"symbol":)", pair.symbol);
  field(out, R"(,"base":)", pair.base);
  field(out, R"(,"quote":)", pair.quote);
  field(out, R"(,"status":)", pair.status);
  field(out, R"(,"qty_precision":)", pair.quantity_precision);
  field(out, R"(,"qty_increment":)", pair.quantity_increment);
  field(out, R"(,"price_precision":)", pair.price_precision);
  field(out, R"(,"cost_precision":)", pair.cost_precision);
  field(out, R"(,"marginable":)", pair.marginable);
  field(out, R"(,"has_index":)", pair.has_index);
  field(out, R"(,"ws_display_price_precision":)", pair.display_price_precision);
  field(out, R"(,"cost_min":)", pair.cost_min);
  field(out, R"(,"margin_initial":)", pair.margin_initial);
  field(out, R"(,"position_limit_long":)", pair.position_limit_long);
  field(out, R"(,"position_limit_short":)", pair.position_limit_short);
  field(out, R"(,"tick_size":)", pair.tick_size);
  field(out, R"(,"price_increment":)", pair.price_increment);
  field(out, R"(,"qty_min":)", pair.quantity_min);
  out += '}';
}

void result(std::string& out, const Reply& reply) {
  // Every result has a channel, which is alphabetically its first key too.
  field(out, R"(,"result":{"channel":)", reply.channel);
  field(out, R"(,"depth":)", reply.depth);
  if (!reply.event_trigger.empty()) field(out, R"(,"event_trigger":)", reply.event_trigger);
  field(out, R"(,"interval":)", reply.interval_minutes);
  field(out, R"(,"snapshot":)", reply.snapshot);
  if (!reply.symbol.empty()) field(out, R"(,"symbol":)", reply.symbol);
  if (!reply.warnings.empty()) {
    out += R"(,"warnings":)";
    list(out, reply.warnings, [&](std::string_view warning) { value(out, warning); });
  }
  out += '}';
}

void refusal(std::string& out, const Reply& reply) {
  const bool from_backend = !reply.channel.empty();
  out += '{';
  if (from_backend) {
    field(out, R"("channel":)", reply.channel);
    out += ',';
  }
  field(out, R"("error":)", reply.error);
  field(out, R"(,"method":)", reply.method);
  field(out, R"(,"req_id":)", reply.request_id);
  if (from_backend) out += R"(,"status":"error")";
  out += R"(,"success":false)";
  if (!from_backend && !reply.symbol.empty()) field(out, R"(,"symbol":)", reply.symbol);
}

}  // namespace

void append_book(std::string& out, const BookSnapshot& book) { book_message(out, book, true); }
void append_book(std::string& out, const BookUpdate& update) { book_message(out, update, false); }

void append_trades(std::string& out, std::span<const Trade> trades, bool snapshot) {
  open_data(out, "trade", snapshot);
  out += R"(,"data":)";
  list(out, trades, [&](const Trade& trade) {
    field(out, R"({"symbol":)", trade.symbol);
    field(out, R"(,"side":)", to_string(trade.side));
    field(out, R"(,"price":)", trade.price);
    field(out, R"(,"qty":)", trade.quantity);
    field(out, R"(,"ord_type":)", to_string(trade.order_type));
    field(out, R"(,"trade_id":)", trade.trade_id);
    time_field(out, R"(,"timestamp":)", trade.exchange_time, kMicroseconds);
    out += '}';
  });
  out += '}';
}

void append_ticker(std::string& out, const Ticker& ticker) {
  open_data(out, "ticker", ticker.snapshot);
  field(out, R"(,"data":[{"symbol":)", ticker.symbol);
  field(out, R"(,"bid":)", ticker.bid);
  field(out, R"(,"bid_qty":)", ticker.bid_quantity);
  field(out, R"(,"ask":)", ticker.ask);
  field(out, R"(,"ask_qty":)", ticker.ask_quantity);
  field(out, R"(,"last":)", ticker.last);
  field(out, R"(,"volume":)", ticker.volume);
  field(out, R"(,"vwap":)", ticker.vwap);
  field(out, R"(,"low":)", ticker.low);
  field(out, R"(,"high":)", ticker.high);
  field(out, R"(,"change":)", ticker.change);
  field(out, R"(,"change_pct":)", ticker.change_percent);
  field(out, R"(,"volume_usd":)", ticker.volume_usd);
  field(out, R"(,"trades":)", ticker.trades);
  time_field(out, R"(,"timestamp":)", ticker.exchange_time, kMicroseconds);
  out += "}]}";
}

void append_ohlc(std::string& out, std::span<const Candle> candles, bool snapshot, Timestamp message_time) {
  open_data(out, "ohlc", snapshot);
  time_field(out, R"(,"timestamp":)", message_time, kNanoseconds);
  out += R"(,"data":)";
  list(out, candles, [&](const Candle& candle) {
    field(out, R"({"symbol":)", candle.symbol);
    field(out, R"(,"open":)", candle.open);
    field(out, R"(,"high":)", candle.high);
    field(out, R"(,"low":)", candle.low);
    field(out, R"(,"close":)", candle.close);
    field(out, R"(,"trades":)", candle.trades);
    field(out, R"(,"volume":)", candle.volume);
    field(out, R"(,"vwap":)", candle.vwap);
    time_field(out, R"(,"interval_begin":)", candle.begin, kNanoseconds);
    field(out, R"(,"interval":)", candle.interval / std::chrono::minutes(1));
    // Kraken describes it as the start and sends the end (section 5.6).
    time_field(out, R"(,"timestamp":)", candle.begin + candle.interval, kMicroseconds);
    out += '}';
  });
  out += '}';
}

void append_instrument(std::string& out, const InstrumentUpdate& update) {
  open_data(out, "instrument", update.snapshot);
  out += R"(,"data":{"assets":)";
  list(out, update.assets, [&](const AssetInfo& info) { asset(out, info); });
  out += R"(,"pairs":)";
  list(out, update.pairs, [&](const PairInfo& info) { pair(out, info); });
  out += "}}";
}

void append_status(std::string& out, const StatusChange& status, StatusForm form) {
  field(out, R"({"channel":"status","type":"update","data":[{"version":)", status.version);
  field(out, R"(,"system":)", status.system);
  field(out, R"(,"api_version":)", status.api_version);
  field(out, R"(,"connection_id":)", status.connection_id);
  if (form.maintenance_fields) out += R"(,"upcoming_maintenance":[],"emergency":[])";
  out += "}]}";
}

void append_heartbeat(std::string& out) { out += kHeartbeat; }

void append_reply(std::string& out, const Reply& reply) {
  const bool pong = reply.method == "pong";
  if (pong || reply.success) {
    field(out, R"({"method":)", reply.method);
    field(out, R"(,"req_id":)", reply.request_id);
    if (!pong) {
      result(out, reply);
      out += R"(,"success":true)";
    }
  } else {
    refusal(out, reply);
  }
  time_field(out, R"(,"time_in":)", reply.time_in, kMicroseconds);
  time_field(out, R"(,"time_out":)", reply.time_out, kMicroseconds);
  out += '}';
}

}  // namespace ktape::spot_v2
