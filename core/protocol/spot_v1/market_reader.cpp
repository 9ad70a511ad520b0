#include <array>
#include <charconv>
#include <optional>
#include <span>
#include <string>
#include <type_traits>

#include <fmt/format.h>

#include "core/protocol/spot_v1/message_reader.hpp"
#include "core/protocol/spot_v1/text_values.hpp"

namespace ktape::spot_v1 {
namespace {

constexpr int kMaxIntervalMinutes = 1'000'000;  // fits in a Duration with room to spare
constexpr Duration kSecond = std::chrono::seconds(1);

// Minutes of "ohlc-5"; nothing for another text.
std::optional<int> number_behind(std::string_view text) {
  int number = 0;
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, number);
  if (error != std::errc{} || stop != end || number < 1) return std::nullopt;
  return number;
}

class MarketReader {
 public:
  MarketReader(const JsonNode& root, ReaderContext& context)
      : root_(root), context_(context), where_(context.batch.where) {}

  Result<void> read() {
    KTAPE_TRY(take_apart());
    symbol_ = context_.names.modern(pair_);
    const std::string_view kind = name_.substr(0, name_.find('-'));
    if (kind == "book") return read_book();
    if (data_count_ != 1)
      return fail(Errc::Protocol, fmt::format("{}: {} payloads, one expected", where_, data_count_));
    if (kind == "trade") return read_trades(*data_.front());
    if (kind == "ticker") return read_ticker(*data_.front());
    if (kind == "spread") return read_spread(*data_.front());
    if (kind == "ohlc") return read_candle(*data_.front());
    return fail(Errc::Unsupported, where_);
  }

 private:
  // channelID first, channelName and pair last, payloads between. The oldest servers leave the names out.
  Result<void> take_apart() {
    constexpr std::size_t kMost = 5;
    std::array<const JsonNode*, kMost> elements{};
    std::size_t count = 0;
    const bool fits = for_each_element(root_, [&](const JsonNode& element) {
      if (count == kMost) return false;
      elements[count++] = &element;
      return true;
    });
    const bool named =
        count >= 4 && elements[count - 1]->kind == JsonKind::String && elements[count - 2]->kind == JsonKind::String;
    if (!fits || count < 2 || (!named && count > 3) || ktape::convert(*elements[0], channel_id_) != nullptr) {
      return fail(Errc::Unsupported, fmt::format("an array that is not [channelID, data, channelName, pair]: '{}'",
                                                 excerpt(root_.text())));
    }
    if (named) {
      name_ = elements[count - 2]->text();
      pair_ = elements[count - 1]->text();
      count -= 2;
    } else {
      const ChannelTable::Entry* const known = context_.channels.find(channel_id_);
      if (known == nullptr) {
        return fail(Errc::Unsupported, fmt::format("data of channel {}, which is not subscribed", channel_id_));
      }
      name_ = known->name;
      pair_ = known->pair;
    }
    where_.assign("channel '").append(excerpt(name_)).push_back('\'');
    data_count_ = count - 1;
    data_ = {elements[1], elements[2]};
    return {};
  }

  // The first `count` elements, all of which there must be. Those beyond `known` are counted: no document has them.
  template <std::size_t count, std::size_t known = count>
  Result<std::array<const JsonNode*, count>> elements_of(const JsonNode& array, std::string_view what) {
    std::array<const JsonNode*, count> elements{};
    if (array.kind != JsonKind::Array) return wrong_field(where_, what, array, "an array");
    std::size_t found = 0;
    for_each_element(array, [&](const JsonNode& element) {
      if (found < count) elements[found] = &element;
      if (found++ >= known) ++context_.unknown_fields;
      return true;
    });
    if (found < count) {
      return fail(Errc::Protocol, fmt::format("{}: {} has {} elements, {} expected", where_, what, found, count));
    }
    return elements;
  }

  // A value by its place, named for the error.
  template <class T>
  Result<void> store(const JsonNode& node, std::string_view name, T& out) {
    const char* expected = nullptr;
    if constexpr (std::is_same_v<T, Decimal>) {
      DecimalText text;
      expected = convert(node, text);
      out = text.value;
    } else if constexpr (std::is_same_v<T, Timestamp>) {
      TimeText text;
      expected = convert(node, text);
      out = text.value;
    } else {
      using ktape::convert;
      expected = convert(node, out);
    }
    if (expected != nullptr) return wrong_field(where_, name, node, expected);
    return {};
  }

  bool speaks_first() { return context_.channels.speaks_first(channel_id_, name_, pair_); }

  // ---- book

  struct Sides {
    const JsonNode* asks = nullptr;
    const JsonNode* bids = nullptr;
    void merge(const Sides& other, bool& twice) {
      twice = twice || (asks != nullptr && other.asks != nullptr) || (bids != nullptr && other.bids != nullptr);
      if (other.asks != nullptr) asks = other.asks;
      if (other.bids != nullptr) bids = other.bids;
    }
    bool any() const { return asks != nullptr || bids != nullptr; }
  };

  Result<void> read_book() {
    Sides whole;
    Sides changes;
    std::optional<ChecksumText> checksum;
    bool twice = false;
    for (const JsonNode* const object : std::span(data_).first(data_count_)) {
      Sides here_whole;
      Sides here_changes;
      KTAPE_TRY(read_fields(*object, where_, context_.unknown_fields, optional("as", here_whole.asks),
                            optional("bs", here_whole.bids), optional("a", here_changes.asks),
                            optional("b", here_changes.bids), optional("c", checksum)));
      whole.merge(here_whole, twice);
      changes.merge(here_changes, twice);
    }
    if (twice || whole.any() == changes.any()) {
      return fail(Errc::Protocol,
                  fmt::format("{}: as and bs, or a and b, expected once each: '{}'", where_, excerpt(root_.text())));
    }
    // Books point at their levels while more are added, so these must not move. A level is four nodes.
    context_.batch.levels.reserve(root_.span / 4);
    context_.batch.level_times.reserve(root_.span / 4);
    if (whole.any()) return read_sides(whole, checksum, add_event<BookSnapshot>(context_));
    return read_sides(changes, checksum, add_event<BookUpdate>(context_));
  }

  template <class Book>
  Result<void> read_sides(const Sides& sides, const std::optional<ChecksumText>& checksum, Book& book) {
    book.symbol = symbol_;
    book.checksum = value_of(checksum);
    KTAPE_TRY(read_levels(sides.asks, "asks", book.asks, book.ask_times));
    KTAPE_TRY(read_levels(sides.bids, "bids", book.bids, book.bid_times));
    book.exchange_time = newest_;
    return {};
  }

  Result<void> read_levels(const JsonNode* array, std::string_view name, std::span<const Level>& out,
                           std::span<const Timestamp>& times) {
    if (array == nullptr) return {};
    if (array->kind != JsonKind::Array) return wrong_field(where_, name, *array, "an array");
    auto& levels = context_.batch.levels;
    auto& level_times = context_.batch.level_times;
    const Level* const first = levels.data() + levels.size();
    const Timestamp* const first_time = level_times.data() + level_times.size();
    Result<void> result;
    for_each_element(*array, [&](const JsonNode& element) {
      result = read_level(element, levels.emplace_back(), level_times.emplace_back());
      return result.has_value();
    });
    out = {first, static_cast<const Level*>(levels.data()) + levels.size()};
    times = {first_time, static_cast<const Timestamp*>(level_times.data()) + level_times.size()};
    return result;
  }

  Result<void> read_level(const JsonNode& element, Level& level, Timestamp& at) {
    // A fourth element, "r", says that a level came back into sight: it is set like any other.
    const auto values = elements_of<3, 4>(element, "a level");
    if (!values) return tl::unexpected<Error>(values.error());
    KTAPE_TRY(store(*(*values)[0], "a price", level.price));
    KTAPE_TRY(store(*(*values)[1], "a volume", level.quantity));
    KTAPE_TRY(store(*(*values)[2], "a time", at));
    if (!newest_ || at > *newest_) newest_ = at;
    return {};
  }

  // ---- the others

  Result<void> read_trades(const JsonNode& array) {
    if (array.kind != JsonKind::Array) return wrong_field(where_, "the trades", array, "an array");
    Result<void> result;
    for_each_element(array, [&](const JsonNode& element) {
      result = read_trade(element);
      return result.has_value();
    });
    return result;
  }

  Result<void> read_trade(const JsonNode& element) {
    const auto values = elements_of<6>(element, "a trade");  // the last one, misc, says nothing
    if (!values) return tl::unexpected<Error>(values.error());
    const auto& [price, volume, time, side, type, misc] = *values;
    Trade& trade = add_event<Trade>(context_);
    trade.symbol = symbol_;
    KTAPE_TRY(store(*price, "price", trade.price));
    KTAPE_TRY(store(*volume, "volume", trade.quantity));
    KTAPE_TRY(store(*time, "time", trade.exchange_time));
    const auto taker = side_of_letter(side->kind == JsonKind::String ? side->text() : std::string_view{});
    if (!taker) return wrong_field(where_, "side", *side, "b or s");
    const auto order_type = order_type_of_letter(type->kind == JsonKind::String ? type->text() : std::string_view{});
    if (!order_type) return wrong_field(where_, "orderType", *type, "l or m");
    if (misc->kind != JsonKind::String) return wrong_field(where_, "misc", *misc, "text");
    trade.side = *taker;
    trade.order_type = *order_type;
    return {};
  }

  Result<void> read_spread(const JsonNode& array) {
    const auto values = elements_of<5>(array, "the spread");
    if (!values) return tl::unexpected<Error>(values.error());
    const auto& [bid, ask, time, bid_volume, ask_volume] = *values;
    auto& spread = add_event<Spread>(context_);
    spread.symbol = symbol_;
    KTAPE_TRY(store(*bid, "bid", spread.bid));
    KTAPE_TRY(store(*ask, "ask", spread.ask));
    KTAPE_TRY(store(*time, "time", spread.exchange_time));
    KTAPE_TRY(store(*bid_volume, "bidVolume", spread.bid_quantity));
    return store(*ask_volume, "askVolume", spread.ask_quantity);
  }

  Result<void> read_candle(const JsonNode& array) {
    const std::size_t dash = name_.find('-');
    const auto minutes = dash == std::string_view::npos ? std::nullopt : number_behind(name_.substr(dash + 1));
    if (!minutes || *minutes > kMaxIntervalMinutes) {
      return fail(Errc::Protocol,
                  fmt::format("{}: no interval of 1 to {} minutes in the name", where_, kMaxIntervalMinutes));
    }
    const auto values = elements_of<9>(array, "the candle");
    if (!values) return tl::unexpected<Error>(values.error());
    const auto& [time, end_time, open, high, low, close, vwap, volume, count] = *values;
    auto& candle = add_event<Candle>(context_);
    candle.symbol = symbol_;
    candle.source = CandleSource::Exchange;
    candle.state = CandleState::Open;
    candle.interval = std::chrono::minutes(*minutes);
    Timestamp updated;
    Timestamp end;
    IntegerOrText trades;
    KTAPE_TRY(store(*time, "time", updated));
    KTAPE_TRY(store(*end_time, "etime", end));
    KTAPE_TRY(store(*open, "open", candle.open));
    KTAPE_TRY(store(*high, "high", candle.high));
    KTAPE_TRY(store(*low, "low", candle.low));
    KTAPE_TRY(store(*close, "close", candle.close));
    KTAPE_TRY(store(*vwap, "vwap", candle.vwap));
    KTAPE_TRY(store(*volume, "volume", candle.volume));
    KTAPE_TRY(store(*count, "count", trades));
    candle.exchange_time = updated;
    // The end identifies the candle. Documents show it with a fraction that the wire does not have.
    candle.begin = floor_to(end + kSecond / 2, kSecond) - candle.interval;
    candle.trades = trades.value;
    candle.snapshot = speaks_first();
    return {};
  }

  // Each value for today and for the last 24 hours; the latter are ours. What v1 does not tell, the change, stays zero.
  Result<void> read_ticker(const JsonNode& object) {
    struct Pairs {
      const JsonNode *ask, *bid, *close, *volume, *vwap, *trades, *low, *high, *open;
    } told{};
    KTAPE_TRY(read_fields(object, where_, context_.unknown_fields, required("a", told.ask), required("b", told.bid),
                          required("c", told.close), required("v", told.volume), required("p", told.vwap),
                          required("t", told.trades), required("l", told.low), required("h", told.high),
                          required("o", told.open)));
    auto& ticker = add_event<Ticker>(context_);
    ticker.symbol = symbol_;
    KTAPE_TRY(read_top(*told.ask, "a", ticker.ask, ticker.ask_quantity));
    KTAPE_TRY(read_top(*told.bid, "b", ticker.bid, ticker.bid_quantity));
    Decimal last_quantity;
    KTAPE_TRY(read_two(*told.close, "c", ticker.last, last_quantity));
    Decimal today;
    KTAPE_TRY(read_two(*told.volume, "v", today, ticker.volume));
    KTAPE_TRY(read_two(*told.vwap, "p", today, ticker.vwap));
    std::int64_t trades_today = 0;
    std::int64_t trades = 0;
    KTAPE_TRY(read_two(*told.trades, "t", trades_today, trades));
    KTAPE_TRY(read_two(*told.low, "l", today, ticker.low));
    KTAPE_TRY(read_two(*told.high, "h", today, ticker.high));
    Decimal open;
    KTAPE_TRY(read_two(*told.open, "o", today, open));
    ticker.trades = trades;
    ticker.open = open;
    ticker.snapshot = speaks_first();
    return {};
  }

  // [price, whole lot volume, lot volume]
  Result<void> read_top(const JsonNode& array, std::string_view name, Decimal& price, Decimal& quantity) {
    const auto values = elements_of<3>(array, name);
    if (!values) return tl::unexpected<Error>(values.error());
    std::int64_t whole_lots = 0;
    KTAPE_TRY(store(*(*values)[0], name, price));
    KTAPE_TRY(store(*(*values)[1], name, whole_lots));
    return store(*(*values)[2], name, quantity);
  }

  template <class T>
  Result<void> read_two(const JsonNode& array, std::string_view name, T& first, T& second) {
    const auto values = elements_of<2>(array, name);
    if (!values) return tl::unexpected<Error>(values.error());
    KTAPE_TRY(store(*(*values)[0], name, first));
    return store(*(*values)[1], name, second);
  }

  const JsonNode& root_;
  ReaderContext& context_;
  std::uint64_t channel_id_ = 0;
  std::string_view name_;  // "book-10"
  std::string_view pair_;
  std::string_view symbol_;
  std::string& where_;  // kept, so that it is not allocated for each message
  std::array<const JsonNode*, 2> data_{};
  std::size_t data_count_ = 0;
  std::optional<Timestamp> newest_;
};

}  // namespace

Result<void> read_market_data(const JsonNode& root, ReaderContext& context) {
  return MarketReader(root, context).read();
}

}  // namespace ktape::spot_v1
