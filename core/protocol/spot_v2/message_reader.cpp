#include "core/protocol/spot_v2/message_reader.hpp"

#include <utility>

#include <fmt/format.h>

#include "core/protocol/json_fields.hpp"
#include "core/protocol/spot_v2/account_reader.hpp"
#include "core/protocol/spot_v2/level3_reader.hpp"
#include "core/protocol/spot_v2/reading.hpp"
#include "core/protocol/spot_v2/trading_reply_reader.hpp"

namespace ktape {

// In the namespace of Side and OrderType, where read_fields() looks for them.
static const char* convert(const JsonNode& node, Side& out) {
  if (node.kind == JsonKind::String && (node.text() == "buy" || node.text() == "sell")) {
    out = node.text() == "buy" ? Side::Buy : Side::Sell;
    return nullptr;
  }
  return "buy or sell";
}

static const char* convert(const JsonNode& node, OrderType& out) {
  if (node.kind == JsonKind::String && (node.text() == "limit" || node.text() == "market")) {
    out = node.text() == "limit" ? OrderType::Limit : OrderType::Market;
    return nullptr;
  }
  return "limit or market";
}

namespace spot_v2 {
namespace {

// Minutes, bounded so that they fit in a Duration with room to spare.
struct Interval {
  Duration length{};
};

const char* convert(const JsonNode& node, Interval& out) {
  int minutes = 0;
  if (ktape::convert(node, minutes) != nullptr || minutes < 1 || minutes > 1'000'000) return "1 to 1000000 minutes";
  out.length = std::chrono::minutes{minutes};
  return nullptr;
}

// The instrument schema announces cost_min as text, the wire has a number.
struct NumberOrText {
  Decimal value;
};

const char* convert(const JsonNode& node, NumberOrText& out) {
  JsonNode number = node;
  if (node.kind == JsonKind::String) number.kind = JsonKind::Number;
  return ktape::convert(number, out.value);
}

class MessageReader : private Reading {
 public:
  MessageReader(const JsonNode& root, EventBatch& events, std::uint64_t& unknown)
      : Reading(events, unknown), root_(root) {}

  Result<void> read() {
    if (root_.kind == JsonKind::Array) {
      return fail(Errc::Unsupported, fmt::format("an array, as the v1 dialect sends: '{}'", excerpt(root_.text())));
    }
    if (root_.kind != JsonKind::Object) {
      return fail(Errc::Unsupported, fmt::format("{}, an object expected", describe(root_)));
    }
    // First the method: errors of the private backends carry a channel too.
    if (const JsonNode* const method = find_member(root_, "method"); method != nullptr) {
      return is_trading_method(*method) ? read_trading_reply(root_, *this) : read_reply();
    }
    const JsonNode* const channel = find_member(root_, "channel");
    if (channel == nullptr) {
      return fail(Errc::Unsupported, fmt::format("no channel and no method: '{}'", excerpt(root_.text())));
    }
    if (channel->kind != JsonKind::String) return wrong_field("a push", "channel", *channel, "text");
    return read_push(channel->text());
  }

 private:
  Result<void> read_push(std::string_view channel) {
    if (channel == "book") {
      // Books point at their levels while more are added, so these must not move. A level is five nodes.
      batch.levels.reserve(root_.span / 5);
      return read_list("channel 'book'", &MessageReader::read_book);
    }
    if (channel == "trade") return read_list("channel 'trade'", &MessageReader::read_trade);
    if (channel == "ticker") return read_list("channel 'ticker'", &MessageReader::read_ticker);
    if (channel == "ohlc") return read_list("channel 'ohlc'", &MessageReader::read_candle);
    if (channel == "level3") return read_level3(root_, *this);
    if (channel == "executions") return read_executions(root_, *this);
    if (channel == "balances") return read_balances(root_, *this);
    if (channel == "instrument") return read_instrument();
    if (channel == "status") return read_status();
    if (channel == "heartbeat") {
      where = "channel 'heartbeat'";
      add<Heartbeat>();
      return fields(root_, ignored("channel"), ignored("type"));
    }
    return fail(Errc::Unsupported, fmt::format("channel '{}'", excerpt(channel)));
  }

  Result<void> each(const JsonNode& array, std::string_view name,
                    Result<void> (MessageReader::*read_one)(const JsonNode&)) {
    return Reading::each(array, name, [&](const JsonNode& element) { return (this->*read_one)(element); });
  }

  Result<void> read_list(const char* channel, Result<void> (MessageReader::*read_one)(const JsonNode&)) {
    where = channel;
    const JsonNode* data = nullptr;
    PushType type{};
    const bool timed = read_one == &MessageReader::read_candle;  // only ohlc pushes have a time of their own
    const JsonNode* time = nullptr;
    KTAPE_TRY(
        fields(root_, ignored("channel"), required("type", type), required("data", data), optional("timestamp", time)));
    if (time != nullptr && !timed) ++unknown_fields;
    if (time != nullptr && timed) {
      if (const char* const expected = ktape::convert(*time, push_time_); expected != nullptr) {
        return wrong_field(where, "timestamp", *time, expected);
      }
    }
    snapshot_ = type == PushType::Snapshot;
    return each(*data, "data", read_one);
  }

  Result<void> read_book(const JsonNode& element) {
    if (snapshot_) return read_levels(element, add<BookSnapshot>());
    return read_levels(element, add<BookUpdate>());
  }

  template <class Book>
  Result<void> read_levels(const JsonNode& element, Book& book) {
    const JsonNode* bids = nullptr;
    const JsonNode* asks = nullptr;
    KTAPE_TRY(fields(element, required("symbol", book.symbol), required("bids", bids), required("asks", asks),
                     optional("checksum", book.checksum), optional("timestamp", book.exchange_time)));
    const Level* const first_bid = batch.levels.data() + batch.levels.size();
    KTAPE_TRY(each(*bids, "bids", &MessageReader::read_level));
    const Level* const first_ask = batch.levels.data() + batch.levels.size();
    KTAPE_TRY(each(*asks, "asks", &MessageReader::read_level));
    book.bids = {first_bid, first_ask};
    book.asks = {first_ask, static_cast<const Level*>(batch.levels.data()) + batch.levels.size()};
    return {};
  }

  Result<void> read_level(const JsonNode& element) {
    Level& level = batch.levels.emplace_back();
    return fields(element, required("price", level.price), required("qty", level.quantity));
  }

  Result<void> read_trade(const JsonNode& element) {
    Trade& trade = add<Trade>();
    trade.snapshot = snapshot_;
    return fields(element, required("symbol", trade.symbol), required("side", trade.side),
                  required("price", trade.price), required("qty", trade.quantity),
                  required("ord_type", trade.order_type), required("trade_id", trade.trade_id),
                  required("timestamp", trade.exchange_time));
  }

  Result<void> read_ticker(const JsonNode& element) {
    Ticker& ticker = add<Ticker>();
    ticker.snapshot = snapshot_;
    return fields(element, required("symbol", ticker.symbol), required("bid", ticker.bid),
                  required("bid_qty", ticker.bid_quantity), required("ask", ticker.ask),
                  required("ask_qty", ticker.ask_quantity), required("last", ticker.last),
                  required("volume", ticker.volume), required("vwap", ticker.vwap), required("low", ticker.low),
                  required("high", ticker.high), required("change", ticker.change),
                  required("change_pct", ticker.change_percent), optional("trades", ticker.trades),
                  optional("volume_usd", ticker.volume_usd), optional("timestamp", ticker.exchange_time));
  }

  Result<void> read_candle(const JsonNode& element) {
    Candle& candle = add<Candle>();
    candle.source = CandleSource::Exchange;
    candle.state = CandleState::Open;
    candle.snapshot = snapshot_;
    candle.exchange_time = push_time_;
    Interval interval;
    // The element's own timestamp is a deprecated name for the end of the interval.
    KTAPE_TRY(fields(element, required("symbol", candle.symbol), required("open", candle.open),
                     required("high", candle.high), required("low", candle.low), required("close", candle.close),
                     required("volume", candle.volume), required("vwap", candle.vwap),
                     required("trades", candle.trades), required("interval_begin", candle.begin),
                     required("interval", interval), ignored("timestamp")));
    candle.interval = interval.length;
    return {};
  }

  Result<void> read_instrument() {
    where = "channel 'instrument'";
    const JsonNode* data = nullptr;
    const JsonNode* assets = nullptr;
    const JsonNode* pairs = nullptr;
    PushType type{};
    KTAPE_TRY(fields(root_, ignored("channel"), required("type", type), required("data", data)));
    if (data->kind != JsonKind::Object) return wrong_field(where, "data", *data, "an object");
    KTAPE_TRY(fields(*data, optional("assets", assets), optional("pairs", pairs)));
    if (assets != nullptr) KTAPE_TRY(each(*assets, "assets", &MessageReader::read_asset));
    if (pairs != nullptr) KTAPE_TRY(each(*pairs, "pairs", &MessageReader::read_pair));
    auto& instrument = add<InstrumentUpdate>();
    instrument.snapshot = type == PushType::Snapshot;
    instrument.assets = batch.assets;
    instrument.pairs = batch.pairs;
    return {};
  }

  Result<void> read_asset(const JsonNode& element) {
    AssetInfo& asset = batch.assets.emplace_back();
    return fields(element, required("id", asset.id), required("status", asset.status),
                  required("precision", asset.precision), required("precision_display", asset.precision_display),
                  required("borrowable", asset.borrowable), required("collateral_value", asset.collateral_value),
                  optional("class", asset.asset_class), optional("margin_rate", asset.margin_rate),
                  optional("multiplier", asset.multiplier));
  }

  Result<void> read_pair(const JsonNode& element) {
    PairInfo& pair = batch.pairs.emplace_back();
    NumberOrText cost_min;
    KTAPE_TRY(fields(
        element, required("symbol", pair.symbol), required("base", pair.base), required("quote", pair.quote),
        required("status", pair.status), required("qty_precision", pair.quantity_precision),
        required("qty_increment", pair.quantity_increment), required("price_precision", pair.price_precision),
        required("cost_precision", pair.cost_precision), required("marginable", pair.marginable),
        required("has_index", pair.has_index), optional("ws_display_price_precision", pair.display_price_precision),
        required("cost_min", cost_min), optional("margin_initial", pair.margin_initial),
        optional("position_limit_long", pair.position_limit_long),
        optional("position_limit_short", pair.position_limit_short), optional("tick_size", pair.tick_size),
        required("price_increment", pair.price_increment), required("qty_min", pair.quantity_min)));
    pair.cost_min = cost_min.value;
    return {};
  }

  Result<void> read_status() {
    where = "channel 'status'";
    const JsonNode* data = nullptr;
    KTAPE_TRY(fields(root_, ignored("channel"), ignored("type"), required("data", data)));
    return each(*data, "data", &MessageReader::read_status_element);
  }

  Result<void> read_status_element(const JsonNode& element) {
    StatusChange& status = add<StatusChange>();
    // What the two arrays hold is not documented; they have never been seen with anything in them.
    return fields(element, required("system", status.system), optional("version", status.version),
                  optional("api_version", status.api_version), optional("connection_id", status.connection_id),
                  ignored("upcoming_maintenance"), ignored("emergency"));
  }

  Result<void> read_reply() {
    where = "a reply";
    Reply& reply = add<Reply>();
    std::optional<bool> success;
    const JsonNode* result = nullptr;
    KTAPE_TRY(fields(root_, required("method", reply.method), optional("req_id", reply.request_id),
                     optional("result", result), optional("success", success), optional("error", reply.error),
                     optional("channel", reply.channel), optional("symbol", reply.symbol), ignored("status"),
                     optional("time_in", reply.time_in), optional("time_out", reply.time_out)));
    reply.success = success.value_or(reply.error.empty());                 // a pong does not say
    if (result == nullptr || result->kind != JsonKind::Object) return {};  // batch_add answers with an array

    const JsonNode* warnings = nullptr;
    KTAPE_TRY(fields(*result, optional("channel", reply.channel), optional("symbol", reply.symbol),
                     optional("depth", reply.depth), optional("interval", reply.interval_minutes),
                     optional("snapshot", reply.snapshot), optional("warnings", warnings),
                     optional("event_trigger", reply.event_trigger), ignored("maxratecount"), ignored("snap_orders"),
                     ignored("snap_trades"), ignored("order_status"), ignored("ratecounter"), ignored("rebased"),
                     ignored("users")));
    if (warnings == nullptr) return {};
    KTAPE_TRY(read_texts(*warnings, "warnings"));
    reply.warnings = batch.texts;
    return {};
  }

  const JsonNode& root_;
  bool snapshot_ = false;
  std::optional<Timestamp> push_time_;
};

}  // namespace

Result<void> read_message(const JsonNode& root, EventBatch& batch, std::uint64_t& unknown_fields) {
  return MessageReader(root, batch, unknown_fields).read();
}

}  // namespace spot_v2
}  // namespace ktape
