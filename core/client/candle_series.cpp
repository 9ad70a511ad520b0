#include "core/client/candle_series.hpp"

#include <algorithm>
#include <functional>
#include <numeric>

namespace ktape {

CandleSeries::CandleSeries(TimerService& timers, EventSink& out, CandleOptions options)
    : timers_(timers), out_(out), options_(std::move(options)) {
  auto& intervals = options_.intervals;
  std::sort(intervals.begin(), intervals.end(), std::greater<>());
  intervals.erase(std::unique(intervals.begin(), intervals.end()), intervals.end());
  for (const Duration interval : intervals) step_ = Duration{std::gcd(step_.count(), interval.count())};
}

Result<void> CandleSeries::add(const Trade& trade) {
  Symbol& of = symbol(trade.symbol);
  quiet_boundaries_ = 0;
  if (!next_boundary_) start();
  Result<void> result;
  for (CandleBuilder& builder : of.builders) {
    revised_.clear();
    if (auto added = builder.add(trade, revised_); !added) result = added;
    for (const Candle& candle : revised_) out_.on_event(candle);
  }
  return result;
}

void CandleSeries::set_price_places(std::string_view symbol_name, int places) {
  places_.insert_or_assign(std::string(symbol_name), places);
}

void CandleSeries::covered_from(std::string_view symbol_name, Timestamp since) {
  for (CandleBuilder& builder : symbol(symbol_name).builders) builder.covered_from(since);
}

void CandleSeries::forget(std::string_view symbol_name) {
  const auto found = by_name_.find(symbol_name);
  if (found == by_name_.end()) return;
  std::erase_if(symbols_, [&](const auto& of) { return of.get() == found->second; });
  by_name_.erase(found);
}

void CandleSeries::interrupted(std::string_view symbol_name) {
  const auto found = by_name_.find(symbol_name);
  if (found == by_name_.end()) return;
  for (CandleBuilder& builder : found->second->builders) builder.interrupted();
}

void CandleSeries::interrupted() {
  for (const auto& of : symbols_) {
    for (CandleBuilder& builder : of->builders) builder.interrupted();
  }
}

CandleSeries::Symbol& CandleSeries::symbol(std::string_view name) {
  if (const auto found = by_name_.find(name); found != by_name_.end()) return *found->second;
  auto& added = symbols_.emplace_back(std::make_unique<Symbol>());
  added->name = name;
  by_name_.emplace(name, added.get());

  const auto places = places_.find(name);
  for (const Duration interval : options_.intervals) {
    CandleBuilder& builder = added->builders.emplace_back(
        CandleSpec{.symbol = added->name,
                   .interval = interval,
                   .price_places = places == places_.end() ? std::nullopt : std::optional(places->second)});
    // What ended before this symbol was first heard of is history.
    builder.start_at(timers_.now() - options_.grace);
  }
  return *added;
}

void CandleSeries::start() {
  if (!wanted()) return;
  const Timestamp now = timers_.now() - options_.grace;
  for (const auto& of : symbols_) {
    for (CandleBuilder& builder : of->builders) builder.start_at(now);
  }
  next_boundary_ = floor_to(now, step_) + step_;
  set_timer();
}

void CandleSeries::set_timer() {
  timer_ = timers_.at(*next_boundary_ + options_.grace, TimerOrder::CandleBoundary, [this](Timestamp) {
    const Timestamp boundary = *next_boundary_;
    if (++quiet_boundaries_ > kMaxQuietBoundaries) {
      next_boundary_.reset();
    } else {
      *next_boundary_ += step_;
      set_timer();
    }
    close_all(boundary);
  });
}

void CandleSeries::close_all(Timestamp boundary) {
  // All are computed before anybody hears of one: a handler must not see half of an instant.
  std::vector<Candle> closed;
  for (std::size_t i = 0; i < options_.intervals.size(); ++i) {
    if (floor_to(boundary, options_.intervals[i]) != boundary) continue;
    for (const auto& of : symbols_) {
      if (const auto candle = of->builders[i].close(boundary)) closed.push_back(*candle);
    }
  }
  for (const Candle& candle : closed) out_.on_event(candle);
}

}  // namespace ktape
