#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/clock.hpp"
#include "core/market/event.hpp"
#include "core/wire/frame.hpp"

namespace ktape::cli {

enum class CandleFormat : std::uint8_t { Text, Json, Csv };
CandleFormat parse_candle_format(std::string_view name);  // text, json or csv

// The line above all candles; empty where there is none.
std::string candle_head(CandleFormat format);

// Prints candles, one a line; it hears of nothing else.
class CandlePrinter final : public EventSink {
 public:
  // Of these symbols only; none: of all. `clock` and `symbols` outlive it.
  CandlePrinter(const Clock& clock, ConnectionId connection, CandleFormat format,
                const std::vector<std::string>& symbols)
      : clock_(clock), connection_(connection), format_(format), symbols_(symbols) {}

  void on_event(const Event& event) override;
  std::uint64_t printed() const { return printed_; }

 private:
  const Clock& clock_;
  ConnectionId connection_;
  CandleFormat format_;
  const std::vector<std::string>& symbols_;
  std::uint64_t printed_ = 0;
};

}  // namespace ktape::cli
