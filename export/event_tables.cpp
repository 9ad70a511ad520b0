#include "export/event_tables.hpp"

#include <array>
#include <limits>

#include "core/base/assert.hpp"

namespace ktape {
namespace {

constexpr bool kInteger = true;
constexpr bool kNull = true;

constexpr std::array kTradeColumns{
    Column{"at", kInteger},
    Column{"connection", kInteger},
    Column{"symbol"},
    Column{"trade_id", kInteger, kNull},  // Spot v1 tells none
    Column{"exchange_time", kInteger},
    Column{"side"},
    Column{"price"},
    Column{"quantity"},
    Column{"order_type"},
    Column{"snapshot", kInteger},
    Column{"price_e10", kInteger, kNull},
    Column{"quantity_e8", kInteger, kNull},
};
constexpr std::array kLevelColumns{
    Column{"at", kInteger},
    Column{"connection", kInteger},
    Column{"symbol"},
    Column{"exchange_time", kInteger, kNull},
    Column{"message", kInteger},  // counts snapshots and updates from 1: rows of one belong together
    Column{"snapshot", kInteger},
    Column{"side"},
    Column{"price"},
    Column{"quantity"},  // absolute; zero removes the level
    Column{"checksum", kInteger, kNull},
    Column{"sequence", kInteger, kNull},  // Futures
    Column{"price_e10", kInteger, kNull},
    Column{"quantity_e8", kInteger, kNull},
};
constexpr std::array kCandleColumns{
    Column{"at", kInteger},
    Column{"connection", kInteger},
    Column{"symbol"},
    Column{"minutes", kInteger},
    Column{"begin", kInteger},
    Column{"source"},
    Column{"state"},
    Column{"open"},
    Column{"high"},
    Column{"low"},
    Column{"close"},
    Column{"volume"},
    Column{"vwap"},
    Column{"trades", kInteger},
    Column{"revision", kInteger},
    Column{"snapshot", kInteger},
};
constexpr std::array kTickerColumns{
    Column{"at", kInteger},
    Column{"connection", kInteger},
    Column{"symbol"},
    Column{"exchange_time", kInteger, kNull},
    Column{"bid"},
    Column{"bid_quantity"},
    Column{"ask"},
    Column{"ask_quantity"},
    Column{"last"},
    Column{"volume"},
    Column{"vwap"},
    Column{"low"},
    Column{"high"},
    Column{"change"},
    Column{"change_percent"},
    Column{"snapshot", kInteger},
};
constexpr std::array kGapColumns{
    Column{"kind"},  // recording: a hole in what was recorded; trade_ids: ids that were never told
    Column{"from_time", kInteger},
    Column{"to_time", kInteger},
    Column{"connection", kInteger, kNull},
    Column{"cause"},
    Column{"frames", kInteger, kNull},
    Column{"symbol", false, kNull},
    Column{"first_id", kInteger, kNull},
    Column{"last_id", kInteger, kNull},
    Column{"detail"},
};

Cell scaled(const Decimal& value, int places) {
  const auto exact = value.rescaled(places);
  if (!exact || exact->coefficient() > std::numeric_limits<std::int64_t>::max() ||
      exact->coefficient() < std::numeric_limits<std::int64_t>::min()) {
    return {};
  }
  return static_cast<std::int64_t>(exact->coefficient());
}

std::optional<std::int64_t> whole(std::uint64_t value) {
  if (value > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max())) return std::nullopt;
  return static_cast<std::int64_t>(value);
}

constexpr int kPricePlaces = 10;
constexpr int kQuantityPlaces = 8;

}  // namespace

std::string_view to_string(Table table) {
  switch (table) {
    case Table::Trades:
      return "trades";
    case Table::BookLevels:
      return "book_levels";
    case Table::Candles:
      return "candles";
    case Table::Tickers:
      return "tickers";
    case Table::Gaps:
      return "gaps";
  }
  return "unknown";
}

std::optional<Table> parse_table(std::string_view name) {
  for (std::size_t i = 0; i < kTables; ++i) {
    if (name == to_string(static_cast<Table>(i))) return static_cast<Table>(i);
  }
  return std::nullopt;
}

std::span<const Column> columns_of(Table table) {
  switch (table) {
    case Table::Trades:
      return kTradeColumns;
    case Table::BookLevels:
      return kLevelColumns;
    case Table::Candles:
      return kCandleColumns;
    case Table::Tickers:
      return kTickerColumns;
    case Table::Gaps:
      return kGapColumns;
  }
  return {};
}

// Collects the cells of one row in the order of the columns; text that it makes lives as long as it.
class EventTables::Row {
 public:
  Row& add(std::int64_t value) { return put(value); }
  Row& add(Timestamp value) { return put(nanoseconds(value)); }
  Row& add(ConnectionId value) { return put(static_cast<std::int64_t>(value)); }
  Row& add(bool value) { return put(std::int64_t{value ? 1 : 0}); }
  Row& add(std::string_view value) { return put(value); }
  Row& add(const char* value) { return put(std::string_view(value)); }
  Row& add(const Decimal& value) {
    KTAPE_ASSERT(texts_used_ < texts_.size(), "no table has so many decimals");
    std::string& text = texts_[texts_used_++];
    text.clear();
    value.append_to(text);
    return put(std::string_view(text));
  }
  template <class T>
  Row& add(const std::optional<T>& value) {
    return value ? add(*value) : put(Cell{});
  }
  Row& add_scaled(const Decimal& value, int places) { return put(scaled(value, places)); }

  void send(RowSink& rows, Table table) {
    KTAPE_ASSERT(count_ == columns_of(table).size(), "a row has a cell for every column");
    rows.on_row(table, {cells_.data(), count_});
  }

 private:
  Row& put(Cell cell) {
    KTAPE_ASSERT(count_ < cells_.size(), "no table has so many columns");
    cells_[count_++] = cell;
    return *this;
  }

  std::array<Cell, 20> cells_;
  std::size_t count_ = 0;
  std::array<std::string, 16> texts_;
  std::size_t texts_used_ = 0;
};

class EventTables::Connection final : public EventSink {
 public:
  Connection(EventTables& tables, ConnectionId id) : tables_(tables), id_(id) {}
  void on_event(const Event& event) override { tables_.write(id_, event); }

 private:
  EventTables& tables_;
  ConnectionId id_;
};

EventTables::EventTables(const Clock& clock, RowSink& rows) : clock_(clock), rows_(rows) {}
EventTables::~EventTables() = default;

EventSink& EventTables::of(ConnectionId connection) {
  auto& place = connections_[connection];
  if (!place) place = std::make_unique<Connection>(*this, connection);
  return *place;
}

void EventTables::write(ConnectionId connection, const Event& event) {
  const Timestamp at = clock_.now();
  if (const auto* trade = std::get_if<Trade>(&event)) {
    Row row;
    row.add(at).add(connection).add(trade->symbol);
    row.add(trade->trade_id != 0 ? std::optional(trade->trade_id) : std::nullopt).add(trade->exchange_time);
    row.add(to_string(trade->side)).add(trade->price).add(trade->quantity).add(to_string(trade->order_type));
    row.add(trade->snapshot).add_scaled(trade->price, kPricePlaces).add_scaled(trade->quantity, kQuantityPlaces);
    row.send(rows_, Table::Trades);
  } else if (const auto* candle = std::get_if<Candle>(&event)) {
    Row row;
    row.add(at).add(connection).add(candle->symbol);
    row.add(std::chrono::duration_cast<std::chrono::minutes>(candle->interval).count()).add(candle->begin);
    row.add(to_string(candle->source)).add(to_string(candle->state));
    row.add(candle->open).add(candle->high).add(candle->low).add(candle->close).add(candle->volume).add(candle->vwap);
    row.add(candle->trades).add(std::int64_t{candle->revision}).add(candle->snapshot);
    row.send(rows_, Table::Candles);
  } else if (const auto* ticker = std::get_if<Ticker>(&event)) {
    Row row;
    row.add(at).add(connection).add(ticker->symbol).add(ticker->exchange_time);
    row.add(ticker->bid).add(ticker->bid_quantity).add(ticker->ask).add(ticker->ask_quantity).add(ticker->last);
    row.add(ticker->volume).add(ticker->vwap).add(ticker->low).add(ticker->high).add(ticker->change);
    row.add(ticker->change_percent).add(ticker->snapshot);
    row.send(rows_, Table::Tickers);
  } else if (const auto* gap = std::get_if<TradeGap>(&event)) {
    Row row;
    row.add("trade_ids").add(at).add(at).add(connection).add("missing");
    row.add(std::optional<std::int64_t>{}).add(gap->symbol).add(gap->expected_id).add(gap->received_id - 1).add("");
    row.send(rows_, Table::Gaps);
  } else {
    write_levels(connection, event);
  }
}

void EventTables::write_levels(ConnectionId connection, const Event& event) {
  const auto write_book = [&](const auto& book, bool snapshot) {
    ++book_messages_;
    const auto side = [&](std::span<const Level> levels, std::string_view name) {
      for (const Level& level : levels) {
        Row row;
        row.add(clock_.now())
            .add(connection)
            .add(book.symbol)
            .add(book.exchange_time)
            .add(book_messages_)
            .add(snapshot);
        row.add(name).add(level.price).add(level.quantity);
        row.add(book.checksum ? std::optional(std::int64_t{*book.checksum}) : std::nullopt);
        row.add(book.sequence ? whole(*book.sequence) : std::nullopt);
        row.add_scaled(level.price, kPricePlaces).add_scaled(level.quantity, kQuantityPlaces);
        row.send(rows_, Table::BookLevels);
      }
    };
    side(book.bids, "bid");
    side(book.asks, "ask");
  };
  if (const auto* snapshot = std::get_if<BookSnapshot>(&event)) write_book(*snapshot, true);
  if (const auto* update = std::get_if<BookUpdate>(&event)) write_book(*update, false);
}

void EventTables::add(const Gap& gap) {
  Row row;
  row.add("recording").add(gap.from).add(gap.to).add(gap.connection).add(to_string(gap.cause));
  row.add(gap.frames ? std::optional(static_cast<std::int64_t>(*gap.frames)) : std::nullopt);
  row.add(std::optional<std::string_view>{}).add(std::optional<std::int64_t>{}).add(std::optional<std::int64_t>{});
  row.add(gap.detail);
  row.send(rows_, Table::Gaps);
}

}  // namespace ktape
