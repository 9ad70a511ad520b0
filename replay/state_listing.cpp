#include <algorithm>
#include <iterator>

#include <fmt/format.h>

#include "replay/state_text.hpp"

namespace ktape {
namespace {

void append_side(std::string& out, std::string_view name, LevelsView levels, std::size_t wanted) {
  for (const Level& level : wanted == 0 ? levels : levels.best(wanted)) {
    fmt::format_to(std::back_inserter(out), "      {:<4} {:>16} {:>24}\n", name, level.price.text(),
                   level.quantity.text());
  }
}

void append_book(std::string& out, const SymbolState& state, const StateTextOptions& options) {
  if (*state.book_state != BookState::Live || !state.book.exists()) {
    fmt::format_to(std::back_inserter(out), "    book: {}\n", to_string(*state.book_state));
    return;
  }
  OrderBook book = state.book.view();
  fmt::format_to(std::back_inserter(out), "    book depth {}: {}, {} bids, {} asks", book.spec().depth,
                 to_string(*state.book_state), book.bids().size(), book.asks().size());
  if (book.sequence()) {
    fmt::format_to(std::back_inserter(out), ", number {}\n", *book.sequence());
  } else {
    fmt::format_to(std::back_inserter(out), ", checksum {}\n", book.checksum());
  }
  append_side(out, "ask", book.asks(), options.levels);
  append_side(out, "bid", book.bids(), options.levels);
}

void append_level3(std::string& out, const SymbolState& state, const StateTextOptions& options) {
  fmt::format_to(std::back_inserter(out), "    level3: {}", to_string(*state.level3_state));
  if (*state.level3_state != BookState::Live || !state.level3) {
    out.push_back('\n');
    return;
  }
  const Level3Book& book = *state.level3;
  fmt::format_to(std::back_inserter(out), ", {} orders at {} bids and {} asks\n", book.order_count(),
                 book.bids().size(), book.asks().size());
  const auto side = [&](std::string_view name, const Level3Book::Levels& levels) {
    std::size_t shown = 0;
    for (const auto& [price, queue] : levels) {
      if (options.levels != 0 && shown++ == options.levels) break;
      for (const BookOrder& order : queue) {
        fmt::format_to(std::back_inserter(out), "      {:<4} {:>16} {:>24}  {}\n", name, price.text(),
                       order.quantity.text(), order.order_id);
      }
    }
  };
  side("ask", book.asks());
  side("bid", book.bids());
}

void append_symbol(std::string& out, const RecordedState& state, std::string_view name, const SymbolState& symbol,
                   const StateTextOptions& options) {
  fmt::format_to(std::back_inserter(out), "  {}\n", name);
  if (symbol.ticker) {
    const Ticker& ticker = symbol.ticker->value;
    fmt::format_to(std::back_inserter(out), "    ticker: bid {} ask {} last {}, told at {}\n", ticker.bid.text(),
                   ticker.ask.text(), ticker.last.text(), format_rfc3339(symbol.ticker->at));
  }
  if (symbol.trade) {
    const Trade& trade = symbol.trade->value;
    fmt::format_to(std::back_inserter(out), "    last trade: {} {} at {}", to_string(trade.side), trade.quantity.text(),
                   trade.price.text());
    if (trade.trade_id != 0) fmt::format_to(std::back_inserter(out), ", id {}", trade.trade_id);
    fmt::format_to(std::back_inserter(out), ", of {}\n", format_rfc3339(trade.exchange_time));
  }
  if (symbol.spread) {
    const Spread& spread = symbol.spread->value;
    fmt::format_to(std::back_inserter(out), "    spread: bid {} ask {}\n", spread.bid.text(), spread.ask.text());
  }
  const auto candle_line = [&](std::string_view whose, const Candle& candle) {
    fmt::format_to(std::back_inserter(out), "    {} {} from {}: {} {} {} {}, volume {}, {} trades{}\n", whose,
                   format_duration(candle.interval), format_rfc3339(candle.begin, 0), candle.open.text(),
                   candle.high.text(), candle.low.text(), candle.close.text(), candle.volume.text(), candle.trades,
                   candle.partial ? ", its beginning not seen" : "");
  };
  for (const Candle& candle : state.open_candles(name, symbol)) candle_line("open candle", candle);
  if (symbol.exchange_candles) {
    for (const auto& [interval, candle] : *symbol.exchange_candles) candle_line("Kraken's candle", candle.value);
  }
  if (symbol.book_state) append_book(out, symbol, options);
  if (symbol.level3_state) append_level3(out, symbol, options);
}

}  // namespace

void append_state_text(std::string& out, const RecordedState& state, const StateTextOptions& options) {
  const auto wanted = [&](std::string_view symbol) {
    return options.symbols.empty() || symbol.empty() || options.symbols.contains(symbol);
  };
  fmt::format_to(std::back_inserter(out), "state at {}\n", format_rfc3339(state.at()));
  for (const auto& [id, connection] : state.connections()) {
    fmt::format_to(std::back_inserter(out), "connection {}: ", static_cast<std::uint32_t>(id));
    if (connection.link) {
      fmt::format_to(std::back_inserter(out), "{} since {}, {}", to_string(*connection.link),
                     format_rfc3339(connection.link_since), connection.link_detail);
    } else {
      out += "not opened yet";
    }
    if (connection.system) fmt::format_to(std::back_inserter(out), ", system {}", connection.system->system);
    out.push_back('\n');
    if (connection.streams) {
      for (const auto& [name, status] : *connection.streams) {
        const auto& [channel, symbol, depth, interval] = name;
        if (!wanted(symbol)) continue;
        fmt::format_to(std::back_inserter(out), "  subscription {}", channel);
        if (!symbol.empty()) fmt::format_to(std::back_inserter(out), " {}", symbol);
        if (depth != 0) fmt::format_to(std::back_inserter(out), " depth {}", depth);
        if (interval != 0) fmt::format_to(std::back_inserter(out), " {}m", interval);
        fmt::format_to(std::back_inserter(out), ": {} since {} ({})\n", to_string(status.state),
                       format_rfc3339(status.since), status.reason);
      }
    }
    for (const auto& [name, symbol] : connection.symbols) {
      if (wanted(name)) append_symbol(out, state, name, symbol, options);
    }
  }
}

}  // namespace ktape
