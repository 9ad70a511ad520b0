#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "core/market/event.hpp"

namespace ktape {

// Which candles somebody wants to see: each of Kraken's own sources shows intervals without a trade differently.
enum class CandleView : std::uint8_t {
  Rest,  // an empty interval is a row, flat at the last close
  Ws,    // the websocket says nothing of it
  Csv,   // the downloadable files leave it out
};
std::optional<CandleView> parse_candle_view(std::string_view name);

struct CandleFilterOptions {
  CandleView view = CandleView::Rest;
  bool partial = false;   // candles whose beginning is not known
  bool revisions = true;  // strategies may choose not to see the past change
};

// Passes on the candles from trades that a view shows, and no other event.
class CandleFilter final : public EventSink {
 public:
  // `out` outlives it.
  CandleFilter(EventSink& out, CandleFilterOptions options) : out_(out), options_(options) {}
  void on_event(const Event& event) override;

 private:
  EventSink& out_;
  CandleFilterOptions options_;
};

}  // namespace ktape
