#include "cli/candle_printer.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "cli/text_output.hpp"
#include "core/market/event_text.hpp"

namespace ktape::cli {

CandleFormat parse_candle_format(std::string_view name) {
  return name == "csv" ? CandleFormat::Csv : name == "json" ? CandleFormat::Json : CandleFormat::Text;
}

std::string candle_head(CandleFormat format) {
  if (format == CandleFormat::Csv) return "begin,symbol,interval,open,high,low,close,vwap,volume,trades,state\n";
  if (format == CandleFormat::Json) return "";
  return fmt::format("{:<20} {:<10} {:>5} {:>14} {:>14} {:>14} {:>14} {:>14} {:>20} {:>7}  {}\n", "begin", "symbol",
                     "min", "open", "high", "low", "close", "vwap", "volume", "trades", "state");
}

void CandlePrinter::on_event(const Event& event) {
  const Candle& candle = std::get<Candle>(event);
  if (!symbols_.empty() && std::find(symbols_.begin(), symbols_.end(), candle.symbol) == symbols_.end()) return;
  ++printed_;
  const auto minutes = candle.interval / std::chrono::minutes(1);
  const std::string begin = format_rfc3339(candle.begin, 0);
  switch (format_) {
    case CandleFormat::Json: {
      std::string line;
      append_event_text(line, clock_.now(), static_cast<std::uint32_t>(connection_), event);
      put(line + "\n");
      break;
    }
    case CandleFormat::Csv:
      put(fmt::format("{},{},{},{},{},{},{},{},{},{},{}\n", begin, candle.symbol, minutes, candle.open.text(),
                      candle.high.text(), candle.low.text(), candle.close.text(), candle.vwap.text(),
                      candle.volume.text(), candle.trades, to_string(candle.state)));
      break;
    case CandleFormat::Text:
      put(fmt::format("{:<20} {:<10} {:>5} {:>14} {:>14} {:>14} {:>14} {:>14} {:>20} {:>7}  {}{}\n", begin,
                      candle.symbol, minutes, candle.open.text(), candle.high.text(), candle.low.text(),
                      candle.close.text(), candle.vwap.text(), candle.volume.text(), candle.trades,
                      to_string(candle.state),
                      candle.suspect && candle.state == CandleState::Revised ? " suspect" : ""));
      break;
  }
}

}  // namespace ktape::cli
