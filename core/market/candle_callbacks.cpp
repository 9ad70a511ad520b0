#include "core/market/candle_callbacks.hpp"

#include <exception>

namespace ktape {

CandleCallbacks::Id CandleCallbacks::subscribe(std::string_view pair, Duration interval, Callback callback) {
  const Id id{next_id_++};
  entries_.emplace(id, Entry{std::string(pair), interval, std::make_shared<const Callback>(std::move(callback))});
  return id;
}

void CandleCallbacks::unsubscribe(Id id) { entries_.erase(id); }

void CandleCallbacks::on_event(const Event& event) {
  const auto* const candle = std::get_if<Candle>(&event);
  if (candle == nullptr || candle->source != CandleSource::Trades || candle->state == CandleState::Revised ||
      candle->state == CandleState::Open) {
    return;
  }
  // Callbacks may subscribe and unsubscribe: the next one is looked up only when this one has returned, and one that
  // was added meanwhile waits for the next candle.
  const Id end{next_id_};
  for (auto each = entries_.begin(); each != entries_.end() && each->first < end;) {
    const Id id = each->first;
    if (each->second.interval == candle->interval && each->second.pair == candle->symbol) {
      const std::shared_ptr<const Callback> callback = each->second.callback;
      const auto failed = [&](std::string_view what) {
        ++failures_;
        if (on_failure_) on_failure_(candle->symbol, candle->interval, what);
      };
      try {
        (*callback)(candle->symbol, candle->interval, candle->begin, candle->open, candle->high, candle->low,
                    candle->close, candle->volume);
      } catch (const std::exception& thrown) {
        failed(thrown.what());
      } catch (...) {
        failed("something that is no std::exception");
      }
    }
    each = entries_.upper_bound(id);
  }
}

}  // namespace ktape
