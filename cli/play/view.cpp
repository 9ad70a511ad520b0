#include "cli/play/view.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "cli/text_output.hpp"

namespace ktape::cli {
namespace {

constexpr std::string_view kKeys = "space pause  arrows step, rate  g go to  b burst  u until  l loop  : verb  q quit";

// "08:03:20.125"
std::string clock_text(Timestamp at, int fraction_digits) {
  const std::string text = format_rfc3339(at, fraction_digits);
  return text.substr(11, text.size() - 12);
}

// How much of a span has passed, in cells; Wide since spans of years times cells do not fit into 64 bits.
std::size_t cell_of(Timestamp at, Timestamp begin, Timestamp end, std::size_t cells) {
  if (at <= begin || end <= begin) return 0;
  if (at >= end) return cells - 1;
  __extension__ using Wide = __int128;
  return static_cast<std::size_t>(Wide{(at - begin).count()} * static_cast<Wide>(cells) / (end - begin).count());
}

std::string book_text(const PlayView::Top& top) {
  return fmt::format("{:<12}{:>14}{:>16}{:>14}{:>16}  {}", top.symbol, top.bid, top.bid_quantity, top.ask,
                     top.ask_quantity, to_string(top.state));
}

std::string candle_text(const PlayView::CandleRow& candle) {
  return fmt::format("{} {}m {:<9}{:>10}{:>10}{:>10}{:>10} {:>14} {}", clock_text(candle.begin, 0).substr(0, 5),
                     candle.minutes, candle.symbol, candle.open, candle.high, candle.low, candle.close, candle.volume,
                     to_string(candle.state));
}

std::string trade_text(const PlayView::TradeRow& trade) {
  return fmt::format("{} {:<10} {:<4} {:>16} @ {}", clock_text(trade.at, 3), trade.symbol, to_string(trade.side),
                     trade.quantity, trade.price);
}

// Adds lines up to a height.
class Sheet {
 public:
  Sheet(std::size_t width, std::size_t height) : width_(width), height_(height) {}
  void add(std::string text, LineStyle style = LineStyle::Plain) {
    if (lines_.size() == height_) return;
    for (char& c : text) {
      if (c < ' ' || c > '~') c = '?';  // names from a recording may hold anything
    }
    lines_.push_back({text.substr(0, width_), style});
  }
  void fill_to(std::size_t line) {
    while (lines_.size() < std::min(line, height_)) lines_.emplace_back();
  }
  std::size_t used() const { return lines_.size(); }
  std::vector<ScreenLine> take() { return std::move(lines_); }

 private:
  std::size_t width_, height_;
  std::vector<ScreenLine> lines_;
};

}  // namespace

std::string state_text(const SteeringStatus& status) {
  return fmt::format("{} {}{}", to_string(status.state), rate_text(status.rate), status.rate ? "x" : "");
}

std::string timeline(const SteeringStatus& status, const std::vector<PlayView::Span>& gaps, std::size_t width) {
  if (width == 0) return {};
  const std::size_t here = cell_of(status.at, status.begin, status.end, width);
  std::string line(here, '=');
  line.resize(width, '-');
  for (const PlayView::Span& gap : gaps) {
    if (gap.to < status.begin || gap.from > status.end) continue;
    const std::size_t first = cell_of(gap.from, status.begin, status.end, width);
    const std::size_t last = cell_of(gap.to, status.begin, status.end, width);
    for (std::size_t cell = first; cell <= last; ++cell) line[cell] = 'x';
  }
  line[here] = '>';
  return line;
}

std::vector<ScreenLine> lay_out(const PlayView& view, std::size_t width, std::size_t height) {
  const SteeringStatus& status = view.status;
  Sheet sheet(width, height);
  sheet.add(view.title, LineStyle::Strong);
  std::string where = fmt::format("{}  {}  {} of {}  frame {}", format_rfc3339(status.at, 3), state_text(status),
                                  format_duration(std::chrono::floor<std::chrono::seconds>(status.at - status.begin)),
                                  format_duration(std::chrono::floor<std::chrono::seconds>(status.end - status.begin)),
                                  grouped(status.frames));
  if (status.until) where += "  until " + clock_text(*status.until, 0);
  if (status.loop) where += fmt::format("  loop, round {}", status.round + 1);
  if (status.silences_skipped != 0) {
    where += fmt::format("  {} of silence skipped",
                         format_duration(std::chrono::floor<std::chrono::seconds>(status.skipped)));
  }
  sheet.add(where, LineStyle::Strong);
  sheet.add(timeline(status, view.gaps, width));
  const std::string begin = clock_text(status.begin, 0);
  const std::string end = clock_text(status.end, 0);
  if (width > begin.size() + end.size()) {
    sheet.add(begin + std::string(width - begin.size() - end.size(), ' ') + end, LineStyle::Faint);
  }

  const std::size_t footer = 2;
  const std::size_t body_end = height > footer ? height - footer : height;
  const auto room = [&] { return body_end > sheet.used() ? body_end - sheet.used() : 0; };
  const auto more = [&](std::size_t shown, std::size_t all) {
    if (shown < all) sheet.add(fmt::format("... and {} more", all - shown), LineStyle::Faint);
  };
  if (room() > 1) {
    sheet.add(fmt::format("{:<12}{:>14}{:>16}{:>14}{:>16}  {}", "symbol", "bid", "quantity", "ask", "quantity", "book"),
              LineStyle::Faint);
    const std::size_t shown = std::min(view.books.size(), std::max<std::size_t>(1, room() / 3));
    for (std::size_t i = 0; i < shown; ++i) sheet.add(book_text(view.books[i]));
    more(shown, view.books.size());
  }
  if (room() > 2) {
    sheet.add("");
    sheet.add(fmt::format("{:<8} {:<9}{:>10}{:>10}{:>10}{:>10} {:>14} {}", "candle", "symbol", "open", "high", "low",
                          "close", "volume", "state"),
              LineStyle::Faint);
    const std::size_t limit = room() / 2;
    std::size_t shown = 0;
    for (const auto* rows : {&view.running, &view.finished}) {
      for (const PlayView::CandleRow& candle : *rows) {
        if (shown++ >= limit) break;
        sheet.add(candle_text(candle), rows == &view.running ? LineStyle::Strong : LineStyle::Plain);
      }
    }
  }
  if (room() > 2) {
    sheet.add("");
    sheet.add("last trades", LineStyle::Faint);
    const std::size_t limit = room();
    for (std::size_t i = 0; i < std::min(limit, view.trades.size()); ++i) sheet.add(trade_text(view.trades[i]));
  }
  sheet.fill_to(body_end);
  sheet.add(view.prompt.empty() ? view.message : view.prompt, LineStyle::Strong);
  sheet.add(std::string(kKeys), LineStyle::Faint);
  sheet.fill_to(height);
  return sheet.take();
}

}  // namespace ktape::cli
