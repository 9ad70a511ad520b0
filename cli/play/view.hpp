#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/market/event.hpp"
#include "replay/steered_player.hpp"

namespace ktape::cli {

// What a player shows, as plain values: where it is on the tape, and the market at that instant.
struct PlayView {
  struct Span {
    Timestamp from{}, to{};
  };
  struct Top {
    std::string symbol, bid, bid_quantity, ask, ask_quantity;
    BookState state = BookState::AwaitSnapshot;
  };
  struct TradeRow {
    Timestamp at{};  // on the tape
    std::string symbol, price, quantity;
    Side side = Side::Buy;
  };
  struct CandleRow {
    std::string symbol;
    Timestamp begin{};
    std::int64_t minutes = 1;
    std::string open, high, low, close, volume;
    CandleState state = CandleState::Open;
  };

  std::string title;
  SteeringStatus status;
  std::vector<Span> gaps;           // where nothing was recorded
  std::vector<Top> books;           // by connection, then symbol
  std::vector<TradeRow> trades;     // the latest first
  std::vector<CandleRow> running;   // by symbol
  std::vector<CandleRow> finished;  // the latest first
  std::string message;              // what was last announced
  std::string prompt;               // what is being typed
};

enum class LineStyle : std::uint8_t { Plain, Strong, Faint };

struct ScreenLine {
  std::string text;
  LineStyle style = LineStyle::Plain;
};

// The whole tape in so many characters: '=' was played, '>' is here, '-' is to come, 'x' was not recorded.
std::string timeline(const SteeringStatus& status, const std::vector<PlayView::Span>& gaps, std::size_t width);

// Exactly `height` lines of at most `width` characters, ASCII only. Where there is little room, trades and candles give
// way before the books do.
std::vector<ScreenLine> lay_out(const PlayView& view, std::size_t width, std::size_t height);

// "playing 10x", "paused 1/2x", "ended max": what the status line begins with.
std::string state_text(const SteeringStatus& status);

}  // namespace ktape::cli
