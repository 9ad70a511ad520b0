#include "cli/play/line_printer.hpp"

#include <fmt/format.h>

#include "cli/play/market_watch.hpp"
#include "cli/text_output.hpp"

namespace ktape::cli {
namespace {

constexpr std::size_t kBooksShown = 8;

std::string counted(std::uint64_t count, const char* one, const char* several) {
  return fmt::format("{} {}", grouped(count), count == 1 ? one : several);
}

}  // namespace

void LinePrinter::tell(const ClientStage& stage, std::string& out) {
  if (!second_) return;
  out += format_rfc3339(*second_, 0);
  std::size_t shown = 0;
  const auto tops = tops_of(stage);
  for (const PlayView::Top& top : tops) {
    if (shown++ == kBooksShown) {
      out += fmt::format("  and {} more", tops.size() - kBooksShown);
      break;
    }
    out += top.state == BookState::Live ? fmt::format("  {} {} {}", top.symbol, top.bid, top.ask)
                                        : fmt::format("  {} {}", top.symbol, to_string(top.state));
  }
  out += fmt::format("  {}, {}\n", counted(events_, "event", "events"), counted(trades_, "trade", "trades"));
  second_.reset();
  events_ = trades_ = 0;
}

void LinePrinter::hear(const ClientStage::Heard& heard, const ClientStage& stage, std::string& out) {
  if (heard.past) {
    second_.reset();
    events_ = trades_ = 0;
    return;
  }
  const Timestamp second = floor_to(heard.at, std::chrono::seconds(1));
  if (second_ != second) tell(stage, out);
  second_ = second;
  ++events_;
  if (const auto* trade = std::get_if<Trade>(&heard.event); trade != nullptr && !trade->snapshot) ++trades_;
  const auto* const candle = std::get_if<Candle>(&heard.event);
  if (candle == nullptr || candle->source != CandleSource::Trades) return;
  const auto row = candle_row(*candle);
  out += fmt::format("{}  candle {} {}m from {}  {} {} {} {}  volume {}  {}\n", format_rfc3339(heard.at, 0), row.symbol,
                     row.minutes, format_rfc3339(row.begin, 0), row.open, row.high, row.low, row.close, row.volume,
                     to_string(row.state));
}

void LinePrinter::finish(const ClientStage& stage, std::string& out) { tell(stage, out); }

}  // namespace ktape::cli
