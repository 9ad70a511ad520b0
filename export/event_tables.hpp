#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "core/base/clock.hpp"
#include "core/market/event.hpp"
#include "core/session/session_info.hpp"

namespace ktape {

// Events as rows of tables. Prices and quantities are text, to the letter as the exchange wrote them; beside them stand
// integers to sort and to calculate with: `price_e10` is the price times 10^10, `quantity_e8` the quantity times 10^8,
// and NULL where that is no whole number or beyond 64 bits. Times are nanoseconds since 1970.
enum class Table : std::uint8_t { Trades, BookLevels, Candles, Tickers, Gaps };
inline constexpr std::size_t kTables = 5;

std::string_view to_string(Table table);  // "trades", "book_levels", "candles", "tickers", "gaps": also the SQL name
std::optional<Table> parse_table(std::string_view name);

struct Column {
  std::string_view name;
  bool is_integer = false;  // otherwise text
  bool may_be_null = false;
};
std::span<const Column> columns_of(Table table);

using Cell = std::variant<std::monostate, std::int64_t, std::string_view>;  // monostate: NULL

class RowSink {
 public:
  // As many cells as the table has columns; text is borrowed.
  virtual void on_row(Table table, std::span<const Cell> cells) = 0;

 protected:
  ~RowSink() = default;
};

// Turns what clients tell into rows.
class EventTables {
 public:
  // Both outlive it.
  EventTables(const Clock& clock, RowSink& rows);
  EventTables(const EventTables&) = delete;
  EventTables& operator=(const EventTables&) = delete;
  ~EventTables();

  // Where the events of a connection go.
  EventSink& of(ConnectionId connection);

  // A hole of the recording itself. Holes in trade ids come as events.
  void add(const Gap& gap);

 private:
  class Connection;
  class Row;

  void write(ConnectionId connection, const Event& event);
  void write_levels(ConnectionId connection, const Event& event);

  const Clock& clock_;
  RowSink& rows_;
  std::map<ConnectionId, std::unique_ptr<Connection>> connections_;
  std::int64_t book_messages_ = 0;
};

}  // namespace ktape
