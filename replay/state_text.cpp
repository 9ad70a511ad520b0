#include "replay/state_text.hpp"

#include <iterator>

#include <fmt/format.h>

#include "core/base/json_text.hpp"
#include "core/base/sha256.hpp"
#include "core/market/event_text.hpp"

namespace ktape {
namespace {

void append_member(std::string& out, std::string_view name, std::string_view text) {
  fmt::format_to(std::back_inserter(out), R"(,"{}":)", name);
  append_json_string(out, text);
}

// An event as the line of an event log shows it, with the instant at which it was told.
template <class T>
void append_told(std::string& out, ConnectionId connection, std::string_view symbol, const Told<T>& told) {
  T value = told.value;
  value.symbol = symbol;
  append_event_text(out, told.at, static_cast<std::uint32_t>(connection), value);
}

LevelsView shown(LevelsView levels, const StateTextOptions& options) {
  return options.levels == 0 ? levels : levels.best(options.levels);
}

void append_levels(std::string& out, std::string_view name, LevelsView levels) {
  fmt::format_to(std::back_inserter(out), R"(,"{}":[)", name);
  bool first = true;
  for (const Level& level : levels) {
    if (!std::exchange(first, false)) out.push_back(',');
    out += "[\"";
    level.price.append_to(out);
    out += "\",\"";
    level.quantity.append_to(out);
    out += "\"]";
  }
  out.push_back(']');
}

void append_book(std::string& out, const SymbolState& state, const StateTextOptions& options) {
  fmt::format_to(std::back_inserter(out), R"(,"book":{{"state":"{}")", to_string(*state.book_state));
  if (*state.book_state == BookState::Live && state.book.exists()) {
    OrderBook book = state.book.view();
    fmt::format_to(std::back_inserter(out), R"(,"depth":{})", book.spec().depth);
    append_levels(out, "bids", shown(book.bids(), options));
    append_levels(out, "asks", shown(book.asks(), options));
    if (book.sequence()) {
      fmt::format_to(std::back_inserter(out), R"(,"sequence":{})", *book.sequence());
    } else {
      fmt::format_to(std::back_inserter(out), R"(,"checksum":{})", book.checksum());
    }
  }
  out.push_back('}');
}

void append_level3(std::string& out, const SymbolState& state, const StateTextOptions& options) {
  fmt::format_to(std::back_inserter(out), R"(,"level3":{{"state":"{}")", to_string(*state.level3_state));
  if (*state.level3_state == BookState::Live && state.level3) {
    const Level3Book& book = *state.level3;
    fmt::format_to(std::back_inserter(out), R"(,"depth":{})", book.spec().depth);
    const auto side = [&](std::string_view name, const Level3Book::Levels& levels) {
      fmt::format_to(std::back_inserter(out), R"(,"{}":[)", name);
      std::size_t prices = 0;
      bool first = true;
      for (const auto& [price, queue] : levels) {
        if (options.levels != 0 && prices++ == options.levels) break;
        for (const BookOrder& order : queue) {
          if (!std::exchange(first, false)) out.push_back(',');
          fmt::format_to(std::back_inserter(out), R"(["{}","{}",)", price.text(), order.quantity.text());
          append_json_string(out, order.order_id);
          fmt::format_to(std::back_inserter(out), ",{}]", nanoseconds(order.exchange_time));
        }
      }
      out.push_back(']');
    };
    side("bids", book.bids());
    side("asks", book.asks());
  }
  out.push_back('}');
}

void append_symbol(std::string& out, const RecordedState& state, ConnectionId connection, std::string_view name,
                   const SymbolState& symbol, const StateTextOptions& options) {
  out += R"({"symbol":)";
  append_json_string(out, name);
  if (symbol.book_state) append_book(out, symbol, options);
  if (symbol.level3_state) append_level3(out, symbol, options);
  const auto told = [&](std::string_view key, const auto& what) {
    if (!what) return;
    fmt::format_to(std::back_inserter(out), R"(,"{}":)", key);
    append_told(out, connection, name, *what);
  };
  told("ticker", symbol.ticker);
  told("trade", symbol.trade);
  told("spread", symbol.spread);
  if (symbol.exchange_candles) {
    out += R"(,"ohlc":[)";
    bool first = true;
    for (const auto& [interval, candle] : *symbol.exchange_candles) {
      if (!std::exchange(first, false)) out.push_back(',');
      append_told(out, connection, name, candle);
    }
    out.push_back(']');
  }
  if (const auto open = state.open_candles(name, symbol); !open.empty()) {
    out += R"(,"candles":[)";
    for (std::size_t i = 0; i < open.size(); ++i) {
      if (i > 0) out.push_back(',');
      append_event_text(out, state.at(), static_cast<std::uint32_t>(connection), open[i]);
    }
    out.push_back(']');
  }
  out.push_back('}');
}

void append_connection(std::string& out, const RecordedState& state, ConnectionId id, const ConnectionState& connection,
                       const StateTextOptions& options) {
  const auto wanted = [&](std::string_view symbol) {
    return options.symbols.empty() || symbol.empty() || options.symbols.contains(symbol);
  };
  fmt::format_to(std::back_inserter(out), R"({{"connection":{})", static_cast<std::uint32_t>(id));
  if (connection.link) {
    append_member(out, "link", to_string(*connection.link));
    append_member(out, "detail", connection.link_detail);
    fmt::format_to(std::back_inserter(out), R"(,"since":{})", nanoseconds(connection.link_since));
  }
  if (connection.system) {
    append_member(out, "system", connection.system->system);
    append_member(out, "version", connection.system->version);
    append_member(out, "api_version", connection.system->api_version);
    if (const auto number = connection.system->connection_id) {
      fmt::format_to(std::back_inserter(out), R"(,"connection_id":{})", *number);
    }
  }
  out += R"(,"subscriptions":[)";
  bool first = true;
  if (connection.streams) {
    for (const auto& [name, status] : *connection.streams) {
      const auto& [channel, symbol, depth, interval] = name;
      if (!wanted(symbol)) continue;
      if (!std::exchange(first, false)) out.push_back(',');
      out += R"({"channel":)";
      append_json_string(out, channel);
      if (!symbol.empty()) append_member(out, "symbol", symbol);
      if (depth != 0) fmt::format_to(std::back_inserter(out), R"(,"depth":{})", depth);
      if (interval != 0) fmt::format_to(std::back_inserter(out), R"(,"interval_minutes":{})", interval);
      append_member(out, "state", to_string(status.state));
      append_member(out, "reason", status.reason);
      fmt::format_to(std::back_inserter(out), R"(,"since":{}}})", nanoseconds(status.since));
    }
  }
  out += R"(],"symbols":[)";
  first = true;
  for (const auto& [name, symbol] : connection.symbols) {
    if (!wanted(name)) continue;
    if (!std::exchange(first, false)) out.push_back(',');
    append_symbol(out, state, id, name, symbol, options);
  }
  out += "]";
  if (connection.pairs) {
    out += R"(,"pairs":[)";
    first = true;
    for (const auto& [name, pair] : *connection.pairs) {
      if (!wanted(name)) continue;
      if (!std::exchange(first, false)) out.push_back(',');
      out += R"({"symbol":)";
      append_json_string(out, name);
      append_member(out, "status", pair.status);
      fmt::format_to(std::back_inserter(out), R"(,"price_places":{},"quantity_places":{}}})", pair.price_places,
                     pair.quantity_places);
    }
    out.push_back(']');
  }
  out.push_back('}');
}

}  // namespace

void append_state_json(std::string& out, const RecordedState& state, const StateTextOptions& options) {
  fmt::format_to(std::back_inserter(out), R"({{"at":{},"connections":[)", nanoseconds(state.at()));
  bool first = true;
  for (const auto& [id, connection] : state.connections()) {
    if (!std::exchange(first, false)) out.push_back(',');
    append_connection(out, state, id, connection, options);
  }
  out += "]}";
}

std::string state_hash(const RecordedState& state) {
  std::string text;
  append_state_json(text, state);
  return sha256_hex(text);
}

}  // namespace ktape
