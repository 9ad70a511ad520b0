#include "core/market/candle_view.hpp"

namespace ktape {

std::optional<CandleView> parse_candle_view(std::string_view name) {
  if (name == "rest") return CandleView::Rest;
  if (name == "ws") return CandleView::Ws;
  if (name == "csv") return CandleView::Csv;
  return std::nullopt;
}

void CandleFilter::on_event(const Event& event) {
  const auto* const candle = std::get_if<Candle>(&event);
  if (candle == nullptr || candle->source != CandleSource::Trades) return;
  if (candle->trades == 0 && options_.view != CandleView::Rest) return;
  if (candle->partial && !options_.partial) return;
  if (candle->state == CandleState::Revised && !options_.revisions) return;
  out_.on_event(event);
}

}  // namespace ktape
