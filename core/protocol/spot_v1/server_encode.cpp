#include "core/protocol/spot_v1/server_encode.hpp"

#include "core/base/assert.hpp"
#include "core/protocol/spot_v1/message_text.hpp"
#include "core/protocol/spot_v1/symbol_names.hpp"

namespace ktape::spot_v1 {
namespace {

void open_message(std::string& out, std::uint64_t channel_id) { out += fmt::format("[{},", channel_id); }

void close_message(std::string& out, std::string_view channel_name, std::string_view symbol) {
  out += ",\"";
  out += channel_name;
  out += "\",";
  append_json_string(out, wire_symbol(symbol));
  out.push_back(']');
}

// Text in quotes, decimals and times: the elements of v1's arrays.
class ArrayText {
 public:
  explicit ArrayText(std::string& out) : out_(out) { out_.push_back('['); }
  ArrayText& decimal(const Decimal& value) {
    comma();
    ObjectText::append_decimal(out_, value);
    return *this;
  }
  ArrayText& time(Timestamp at) {
    comma();
    ObjectText::append_time(out_, at);
    return *this;
  }
  ArrayText& raw(std::string_view json) {
    comma();
    out_ += json;
    return *this;
  }
  void close() { out_.push_back(']'); }

 private:
  void comma() {
    if (out_.back() != '[') out_.push_back(',');
  }
  std::string& out_;
};

void levels(std::string& out, std::span<const BookEntry> side) {
  out.push_back('[');
  for (const BookEntry& entry : side) {
    if (&entry != side.data()) out.push_back(',');
    ArrayText level(out);
    level.decimal(entry.level.price).decimal(entry.level.quantity).time(entry.time);
    if (entry.republished) level.raw("\"r\"");
    level.close();
  }
  out.push_back(']');
}

void append_side(std::string& out, std::string_view name, std::span<const BookEntry> side,
                 const std::optional<std::uint32_t>& checksum) {
  ObjectText object(out);
  object.key(name);
  levels(out, side);
  if (checksum) object.text("c", fmt::to_string(*checksum));
  object.close();
}

std::vector<BookEntry> entries_of(std::span<const Level> side, const std::optional<Timestamp>& at) {
  std::vector<BookEntry> entries;
  entries.reserve(side.size());
  for (const Level& level : side) entries.push_back({level, at.value_or(Timestamp{})});
  return entries;
}

template <class Book, class Append>
void append_of_one_time(std::string& out, std::uint64_t channel_id, int depth, const Book& book, Append append) {
  const auto bids = entries_of(book.bids, book.exchange_time);
  const auto asks = entries_of(book.asks, book.exchange_time);
  append(out, channel_id, depth, BookEntries{book.symbol, bids, asks, book.checksum});
}

std::string channel_name_of(const Reply& reply) {
  if (reply.channel == "book") return fmt::format("book-{}", reply.depth.value_or(10));
  if (reply.channel == "ohlc") return fmt::format("ohlc-{}", reply.interval_minutes.value_or(1));
  return std::string(reply.channel);
}

void append_subscription_status(std::string& out, const Reply& reply, const ReplyExtras& extras) {
  ObjectText status(out);
  if (reply.success) {
    status.number("channelID", extras.channel_id).text("channelName", channel_name_of(reply));
  } else {
    status.text("errorMessage", reply.error);
  }
  status.text("event", "subscriptionStatus");
  if (!extras.pair.empty()) {
    status.text("pair", extras.pair);
  } else if (!reply.symbol.empty()) {
    status.text("pair", wire_symbol(reply.symbol));
  }
  status.number("reqid", reply.request_id);
  status.text("status", !reply.success ? "error" : reply.method == "unsubscribe" ? "unsubscribed" : "subscribed");
  if (!extras.subscription.empty()) {
    status.raw("subscription", extras.subscription);
  } else if (!reply.channel.empty()) {
    status.key("subscription");
    ObjectText subscription(out);
    subscription.number("depth", reply.depth)
        .number("interval", reply.interval_minutes)
        .number("maxratecount", extras.max_rate_count)
        .text("name", reply.channel)
        .close();
  }
  status.close();
}

}  // namespace

void append_heartbeat(std::string& out) { out += kHeartbeat; }

void append_status(std::string& out, const StatusChange& status) {
  ObjectText(out)
      .number("connectionID", status.connection_id)
      .text("event", "systemStatus")
      .text("status", status.system)
      .some_text("version", status.version)
      .close();
}

void append_reply(std::string& out, const Reply& reply, const ReplyExtras& extras) {
  if (reply.method == "pong") {
    ObjectText(out).text("event", "pong").number("reqid", reply.request_id).close();
  } else if (reply.method == "error") {
    ObjectText(out).text("errorMessage", reply.error).text("event", "error").number("reqid", reply.request_id).close();
  } else {
    append_subscription_status(out, reply, extras);
  }
}

void append_book_snapshot(std::string& out, std::uint64_t channel_id, int depth, const BookEntries& book) {
  open_message(out, channel_id);
  ObjectText object(out);
  object.key("as");
  levels(out, book.asks);
  object.key("bs");
  levels(out, book.bids);
  object.close();
  close_message(out, fmt::format("book-{}", depth), book.symbol);
}

void append_book_update(std::string& out, std::uint64_t channel_id, int depth, const BookEntries& book) {
  KTAPE_ASSERT(!book.asks.empty() || !book.bids.empty(), "v1 has no form for an update without a level");
  open_message(out, channel_id);
  if (!book.asks.empty()) append_side(out, "a", book.asks, book.bids.empty() ? book.checksum : std::nullopt);
  if (!book.asks.empty() && !book.bids.empty()) out.push_back(',');
  if (!book.bids.empty()) append_side(out, "b", book.bids, book.checksum);
  close_message(out, fmt::format("book-{}", depth), book.symbol);
}

void append_book(std::string& out, std::uint64_t channel_id, int depth, const BookSnapshot& book) {
  append_of_one_time(out, channel_id, depth, book, append_book_snapshot);
}
void append_book(std::string& out, std::uint64_t channel_id, int depth, const BookUpdate& update) {
  append_of_one_time(out, channel_id, depth, update, append_book_update);
}

void append_trades(std::string& out, std::uint64_t channel_id, std::span<const Trade> trades) {
  KTAPE_ASSERT(!trades.empty(), "a message of trades has at least one");
  open_message(out, channel_id);
  out.push_back('[');
  for (const Trade& trade : trades) {
    if (&trade != trades.data()) out.push_back(',');
    ArrayText(out)
        .decimal(trade.price)
        .decimal(trade.quantity)
        .time(trade.exchange_time)
        .raw(trade.side == Side::Buy ? "\"b\"" : "\"s\"")
        .raw(trade.order_type == OrderType::Limit ? "\"l\"" : "\"m\"")
        .raw("\"\"")
        .close();
  }
  out.push_back(']');
  close_message(out, "trade", trades.front().symbol);
}

void append_ticker(std::string& out, std::uint64_t channel_id, const Ticker& ticker, const TickerToday& today) {
  open_message(out, channel_id);
  ObjectText object(out);
  const auto top = [&](std::string_view name, const Decimal& price, const Decimal& quantity) {
    object.key(name);
    const Decimal whole_lots = Decimal::from_units(quantity.coefficient() / power_of_ten(quantity.scale()), 0);
    ArrayText(out).decimal(price).raw(whole_lots.text()).decimal(quantity).close();
  };
  const auto two = [&](std::string_view name, const Decimal& first, const Decimal& second) {
    object.key(name);
    ArrayText(out).decimal(first).decimal(second).close();
  };
  top("a", ticker.ask, ticker.ask_quantity);
  top("b", ticker.bid, ticker.bid_quantity);
  two("c", ticker.last, today.last_quantity);
  two("v", today.volume, ticker.volume);
  two("p", today.vwap, ticker.vwap);
  object.key("t");
  ArrayText(out).raw(fmt::to_string(today.trades)).raw(fmt::to_string(ticker.trades.value_or(0))).close();
  two("l", today.low, ticker.low);
  two("h", today.high, ticker.high);
  two("o", today.open, ticker.open.value_or(Decimal()));
  object.close();
  close_message(out, "ticker", ticker.symbol);
}

void append_spread(std::string& out, std::uint64_t channel_id, const Spread& spread) {
  open_message(out, channel_id);
  ArrayText(out)
      .decimal(spread.bid)
      .decimal(spread.ask)
      .time(spread.exchange_time)
      .decimal(spread.bid_quantity)
      .decimal(spread.ask_quantity)
      .close();
  close_message(out, "spread", spread.symbol);
}

void append_ohlc(std::string& out, std::uint64_t channel_id, const Candle& candle) {
  open_message(out, channel_id);
  ArrayText(out)
      .time(candle.exchange_time.value_or(candle.begin))
      .time(candle.begin + candle.interval)
      .decimal(candle.open)
      .decimal(candle.high)
      .decimal(candle.low)
      .decimal(candle.close)
      .decimal(candle.vwap)
      .decimal(candle.volume)
      .raw(fmt::to_string(candle.trades))
      .close();
  close_message(out, fmt::format("ohlc-{}", candle.interval / std::chrono::minutes(1)), candle.symbol);
}

}  // namespace ktape::spot_v1
