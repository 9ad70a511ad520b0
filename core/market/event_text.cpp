#include "core/market/event_text.hpp"

#include <iterator>

#include <fmt/format.h>

#include "core/base/json_text.hpp"

namespace ktape {
namespace {

// Writes the members of one object in the order of the calls. An optional that holds nothing is left out.
class Members {
 public:
  explicit Members(std::string& out) : out_(out) {}

  Members& add(std::string_view name, std::string_view value) {
    key(name);
    append_json_string(out_, value);
    return *this;
  }
  Members& add(std::string_view name, const char* value) { return add(name, std::string_view(value)); }
  Members& add(std::string_view name, bool value) {
    key(name);
    out_ += value ? "true" : "false";
    return *this;
  }
  Members& add(std::string_view name, const Decimal& value) {
    key(name);
    out_.push_back('"');
    value.append_to(out_);
    out_.push_back('"');
    return *this;
  }
  Members& add(std::string_view name, Timestamp value) { return add(name, nanoseconds(value)); }
  template <std::integral Integer>
  Members& add(std::string_view name, Integer value) {
    key(name);
    const fmt::format_int digits(value);
    out_.append(digits.data(), digits.size());
    return *this;
  }
  template <class T>
  Members& add(std::string_view name, const std::optional<T>& value) {
    return value ? add(name, *value) : *this;
  }
  Members& add(std::string_view name, std::span<const Level> levels) {
    key(name);
    out_.push_back('[');
    for (const Level& level : levels) {
      if (&level != levels.data()) out_.push_back(',');
      out_ += "[\"";
      level.price.append_to(out_);
      out_ += "\",\"";
      level.quantity.append_to(out_);
      out_ += "\"]";
    }
    out_.push_back(']');
    return *this;
  }
  Members& add(std::string_view name, std::span<const std::string_view> texts) {
    key(name);
    out_.push_back('[');
    for (const std::string_view& text : texts) {
      if (&text != texts.data()) out_.push_back(',');
      append_json_string(out_, text);
    }
    out_.push_back(']');
    return *this;
  }
  // Objects in an array: `write` gets the members of each.
  template <class T, class Write>
  Members& each(std::string_view name, std::span<const T> items, Write write) {
    key(name);
    out_.push_back('[');
    for (const T& item : items) {
      if (&item != items.data()) out_.push_back(',');
      out_.push_back('{');
      Members inner(out_);
      write(inner, item);
      out_.push_back('}');
    }
    out_.push_back(']');
    return *this;
  }
  // Empty text says nothing, and is left out.
  Members& add_text(std::string_view name, std::string_view value) { return value.empty() ? *this : add(name, value); }

 private:
  void key(std::string_view name) {
    if (!first_) out_.push_back(',');
    first_ = false;
    out_.push_back('"');
    out_.append(name);
    out_ += "\":";
  }

  std::string& out_;
  bool first_ = true;
};

template <class Book>
void write_book(Members& to, const Book& book) {
  to.add("symbol", book.symbol)
      .add("bids", book.bids)
      .add("asks", book.asks)
      .add("checksum", book.checksum)
      .add("exchange_time", book.exchange_time)
      .add("sequence", book.sequence);
}

void write_orders(Members& to, std::string_view name, std::span<const RestingOrder> orders) {
  to.each(name, orders, [](Members& m, const RestingOrder& order) {
    m.add("action", to_string(order.action))
        .add("order_id", order.order_id)
        .add("price", order.price)
        .add("quantity", order.quantity)
        .add("exchange_time", order.exchange_time);
  });
}
template <class Book>
void write_level3(Members& to, const Book& book) {
  to.add("symbol", book.symbol);
  write_orders(to, "bids", book.bids);
  write_orders(to, "asks", book.asks);
  to.add("checksum", book.checksum).add("exchange_time", book.exchange_time);
}
template <class Reports>
Members& write_reports(Members& to, std::string_view event, const Reports& reports) {
  return to.add("event", event)
      .add("channel", reports.channel)
      .add("snapshot", reports.snapshot)
      .add("sequence", reports.sequence);
}

struct Writer {
  Members& to;

  void operator()(const BookSnapshot& book) const { write_book(to.add("event", "book_snapshot"), book); }
  void operator()(const BookUpdate& book) const { write_book(to.add("event", "book_update"), book); }
  void operator()(const Trade& trade) const {
    to.add("event", "trade")
        .add("symbol", trade.symbol)
        .add("side", to_string(trade.side))
        .add("price", trade.price)
        .add("quantity", trade.quantity)
        .add("order_type", to_string(trade.order_type))
        .add("trade_id", trade.trade_id)
        .add("exchange_time", trade.exchange_time)
        .add("snapshot", trade.snapshot)
        .add_text("kind", trade.kind)
        .add_text("uid", trade.uid);
  }
  void operator()(const Ticker& ticker) const {
    to.add("event", "ticker")
        .add("symbol", ticker.symbol)
        .add("snapshot", ticker.snapshot)
        .add("bid", ticker.bid)
        .add("bid_quantity", ticker.bid_quantity)
        .add("ask", ticker.ask)
        .add("ask_quantity", ticker.ask_quantity)
        .add("last", ticker.last)
        .add("volume", ticker.volume)
        .add("vwap", ticker.vwap)
        .add("low", ticker.low)
        .add("high", ticker.high)
        .add("change", ticker.change)
        .add("change_percent", ticker.change_percent)
        .add("trades", ticker.trades)
        .add("volume_usd", ticker.volume_usd)
        .add("exchange_time", ticker.exchange_time)
        .add("open", ticker.open)
        .add("mark_price", ticker.mark_price)
        .add("index_price", ticker.index_price)
        .add("open_interest", ticker.open_interest)
        .add("premium", ticker.premium)
        .add("funding_rate", ticker.funding_rate)
        .add("funding_rate_prediction", ticker.funding_rate_prediction)
        .add("next_funding_time", ticker.next_funding_time)
        .add("suspended", ticker.suspended)
        .add("post_only", ticker.post_only);
  }
  void operator()(const Candle& candle) const {
    to.add("event", "candle")
        .add("symbol", candle.symbol)
        .add("interval", std::chrono::duration_cast<std::chrono::minutes>(candle.interval).count())
        .add("begin", candle.begin)
        .add("source", to_string(candle.source))
        .add("state", to_string(candle.state))
        .add("open", candle.open)
        .add("high", candle.high)
        .add("low", candle.low)
        .add("close", candle.close)
        .add("volume", candle.volume)
        .add("vwap", candle.vwap)
        .add("trades", candle.trades)
        .add("revision", candle.revision)
        .add("exchange_time", candle.exchange_time)
        .add("snapshot", candle.snapshot);
    if (candle.first_trade_id != 0) to.add("first_trade_id", candle.first_trade_id);
    if (candle.last_trade_id != 0) to.add("last_trade_id", candle.last_trade_id);
    to.add("buy_volume", candle.buy_volume).add("sell_volume", candle.sell_volume);
    if (candle.completed_by != CandleCompletion::None) to.add("completed_by", to_string(candle.completed_by));
    if (candle.partial) to.add("partial", true);
    if (candle.suspect) to.add("suspect", true);
    if (candle.stale_revision) to.add("stale_revision", true);
    to.add("vwap_upper", candle.vwap_upper);
    if (const Candle* const before = candle.replaces) {
      to.add("was_state", to_string(before->state))
          .add("was_open", before->open)
          .add("was_high", before->high)
          .add("was_low", before->low)
          .add("was_close", before->close)
          .add("was_volume", before->volume)
          .add("was_vwap", before->vwap)
          .add("was_trades", before->trades);
    }
  }
  void operator()(const InstrumentUpdate& update) const {
    to.add("event", "instrument")
        .add("snapshot", update.snapshot)
        .each("assets", update.assets,
              [](Members& m, const AssetInfo& asset) {
                m.add("id", asset.id)
                    .add("status", asset.status)
                    .add_text("asset_class", asset.asset_class)
                    .add("precision", asset.precision)
                    .add("precision_display", asset.precision_display)
                    .add("borrowable", asset.borrowable)
                    .add("collateral_value", asset.collateral_value)
                    .add("margin_rate", asset.margin_rate)
                    .add("multiplier", asset.multiplier);
              })
        .each("pairs", update.pairs, [](Members& m, const PairInfo& pair) {
          m.add("symbol", pair.symbol)
              .add("base", pair.base)
              .add("quote", pair.quote)
              .add("status", pair.status)
              .add("price_precision", pair.price_precision)
              .add("quantity_precision", pair.quantity_precision)
              .add("cost_precision", pair.cost_precision)
              .add("display_price_precision", pair.display_price_precision)
              .add("price_increment", pair.price_increment)
              .add("quantity_increment", pair.quantity_increment)
              .add("quantity_min", pair.quantity_min)
              .add("cost_min", pair.cost_min)
              .add("tick_size", pair.tick_size)
              .add("marginable", pair.marginable)
              .add("has_index", pair.has_index)
              .add("margin_initial", pair.margin_initial)
              .add("position_limit_long", pair.position_limit_long)
              .add("position_limit_short", pair.position_limit_short);
        });
  }
  void operator()(const StatusChange& status) const {
    to.add("event", "status")
        .add("system", status.system)
        .add_text("version", status.version)
        .add_text("api_version", status.api_version)
        .add("connection_id", status.connection_id);
  }
  void operator()(const Heartbeat&) const { to.add("event", "heartbeat"); }
  void operator()(const Reply& reply) const {
    to.add("event", "reply")
        .add("method", reply.method)
        .add("request_id", reply.request_id)
        .add("success", reply.success)
        .add_text("error", reply.error)
        .add_text("channel", reply.channel)
        .add_text("symbol", reply.symbol)
        .add_text("event_trigger", reply.event_trigger)
        .add("depth", reply.depth)
        .add("interval", reply.interval_minutes)
        .add("snapshot", reply.snapshot);
    if (!reply.warnings.empty()) to.add("warnings", reply.warnings);
    to.add("time_in", reply.time_in).add("time_out", reply.time_out);
  }
  void operator()(const UnknownMessage& message) const { to.add("event", "unknown_message").add("what", message.what); }
  void operator()(const BookStateChange& change) const {
    to.add("event", "book_state")
        .add("symbol", change.symbol)
        .add("state", to_string(change.state))
        .add("reason", change.reason)
        .add_text("channel", change.channel);
  }
  void operator()(const LinkChange& change) const {
    to.add("event", "link").add("state", to_string(change.state)).add("detail", change.detail);
  }
  void operator()(const RequestUnanswered& request) const {
    to.add("event", "request_unanswered")
        .add("request_id", request.request_id)
        .add("method", request.method)
        .add_text("channel", request.channel)
        .add("reason", request.reason);
  }
  void operator()(const StreamStateChange& change) const {
    to.add("event", "stream_state")
        .add("channel", change.channel)
        .add_text("symbol", change.symbol)
        .add("depth", change.depth)
        .add("interval", change.interval_minutes)
        .add("state", to_string(change.state))
        .add("reason", change.reason);
  }
  void operator()(const SequenceGap& gap) const {
    to.add("event", "sequence_gap")
        .add("channel", gap.channel)
        .add("expected", gap.expected)
        .add("received", gap.received);
  }
  void operator()(const TradeGap& gap) const {
    to.add("event", "trade_gap")
        .add("symbol", gap.symbol)
        .add("expected_id", gap.expected_id)
        .add("received_id", gap.received_id);
  }
  void operator()(const Level3Snapshot& book) const { write_level3(to.add("event", "level3_snapshot"), book); }
  void operator()(const Level3Update& book) const { write_level3(to.add("event", "level3_update"), book); }
  void operator()(const Spread& spread) const {
    to.add("event", "spread")
        .add("symbol", spread.symbol)
        .add("bid", spread.bid)
        .add("bid_quantity", spread.bid_quantity)
        .add("ask", spread.ask)
        .add("ask_quantity", spread.ask_quantity)
        .add("exchange_time", spread.exchange_time);
  }
  void operator()(const TradingReply& reply) const {
    to.add("event", "trading_reply")
        .add("method", reply.method)
        .add("request_id", reply.request_id)
        .add("success", reply.success)
        .add_text("error", reply.error);
    to.each("orders", reply.orders, [](Members& m, const OrderAnswer& order) {
      m.add_text("order_id", order.order_id)
          .add_text("client_order_id", order.client_order_id)
          .add("user_reference", order.user_reference)
          .add_text("amend_id", order.amend_id)
          .add_text("original_order_id", order.original_order_id)
          .add_text("error", order.error)
          .add_text("description", order.description);
    });
    to.add("count", reply.count).add("current_time", reply.current_time).add("trigger_time", reply.trigger_time);
    if (!reply.warnings.empty()) to.add("warnings", reply.warnings);
    to.add("time_in", reply.time_in).add("time_out", reply.time_out);
  }
  // Not its text: whoever knows a challenge and its answer can try secrets against them.
  void operator()(const Challenge&) const { to.add("event", "challenge"); }
  void operator()(const OrderReports& orders) const {
    write_reports(to, "orders", orders).each("reports", orders.reports, [](Members& m, const OrderReport& order) {
      m.add("order_id", order.order_id)
          .add_text("client_order_id", order.client_order_id)
          .add("user_reference", order.user_reference)
          .add_text("what", order.what)
          .add_text("status", order.status)
          .add_text("symbol", order.symbol);
      if (order.side) m.add("side", to_string(*order.side));
      m.add_text("order_type", order.order_type)
          .add_text("time_in_force", order.time_in_force)
          .add("quantity", order.quantity)
          .add("filled_quantity", order.filled_quantity)
          .add("filled_cost", order.filled_cost)
          .add("average_price", order.average_price)
          .add("limit_price", order.limit_price)
          .add("trigger_price", order.trigger_price)
          .add("display_quantity", order.display_quantity)
          .add("cash_quantity", order.cash_quantity)
          .add("fee", order.fee)
          .add("post_only", order.post_only)
          .add("reduce_only", order.reduce_only)
          .add("margin", order.margin)
          .add_text("reason", order.reason)
          .add("exchange_time", order.exchange_time)
          .add("effective_time", order.effective_time)
          .add("expire_time", order.expire_time);
    });
  }
  void operator()(const FillReports& fills) const {
    write_reports(to, "fills", fills).each("fills", fills.fills, [](Members& m, const Fill& fill) {
      m.add("order_id", fill.order_id)
          .add_text("client_order_id", fill.client_order_id)
          .add_text("fill_id", fill.fill_id)
          .add("trade_id", fill.trade_id)
          .add("symbol", fill.symbol)
          .add("side", to_string(fill.side))
          .add("price", fill.price)
          .add("quantity", fill.quantity)
          .add("cost", fill.cost)
          .add("maker", fill.maker)
          .add_text("order_type", fill.order_type)
          .each("fees", fill.fees,
                [](Members& each, const Fee& fee) { each.add("asset", fee.asset).add("quantity", fee.quantity); })
          .add("exchange_time", fill.exchange_time);
    });
  }
  void operator()(const BalanceReports& balances) const {
    write_reports(to, "balances", balances).each("balances", balances.balances, [](Members& m, const Balance& balance) {
      m.add("asset", balance.asset)
          .add_text("wallet", balance.wallet)
          .add("balance", balance.balance)
          .add("amount", balance.amount)
          .add("fee", balance.fee)
          .add_text("type", balance.type)
          .add_text("ledger_id", balance.ledger_id)
          .add_text("reference_id", balance.reference_id)
          .add("exchange_time", balance.exchange_time);
    });
  }
  void operator()(const PositionReports& positions) const {
    to.add("event", "positions").add("channel", positions.channel).add("sequence", positions.sequence);
    to.each("positions", positions.positions, [](Members& m, const Position& position) {
      m.add("symbol", position.symbol)
          .add("quantity", position.quantity)
          .add("entry_price", position.entry_price)
          .add("mark_price", position.mark_price)
          .add("index_price", position.index_price)
          .add("liquidation_price", position.liquidation_price)
          .add("profit", position.profit)
          .add("initial_margin", position.initial_margin)
          .add("maintenance_margin", position.maintenance_margin)
          .add("unrealized_funding", position.unrealized_funding)
          .add("leverage", position.leverage);
    });
    to.add("exchange_time", positions.exchange_time);
  }
  void operator()(const AccountNotice& notice) const {
    to.add("event", "account_notice").add("channel", notice.channel).add("snapshot", notice.snapshot);
    to.add("venue", notice.venue);
  }
};

}  // namespace

void append_event_text(std::string& out, Timestamp at, std::uint32_t connection, const Event& event) {
  out.push_back('{');
  Members members(out);
  members.add("at", at).add("connection", connection);
  std::visit(Writer{members}, event);
  out.push_back('}');
}

}  // namespace ktape
