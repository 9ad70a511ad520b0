#include "core/client/candle_series.hpp"

#include <algorithm>
#include <numeric>
#include <utility>

namespace ktape {

std::optional<ClosePolicy> parse_close_policy(std::string_view name) {
  if (name == "next") return ClosePolicy::Next;
  if (name == "timer") return ClosePolicy::Timer;
  if (name == "watermark") return ClosePolicy::Watermark;
  return std::nullopt;
}

CandleSeries::CandleSeries(TimerService& timers, EventSink& out, CandleOptions options)
    : timers_(timers), out_(out), options_(std::move(options)), heard_(options_.trade_sources, Timestamp::min()) {
  auto& intervals = options_.intervals;
  std::sort(intervals.begin(), intervals.end());
  intervals.erase(std::unique(intervals.begin(), intervals.end()), intervals.end());
  for (const Duration interval : intervals) step_ = Duration{std::gcd(step_.count(), interval.count())};
}

Result<void> CandleSeries::add(const Trade& trade) {
  if (!wanted()) return {};
  CandleBuilder& builder = symbol(trade.symbol);
  quiet_boundaries_ = 0;
  if (!next_boundary_) start();
  if (!trade.snapshot) heard(0, trade.exchange_time);
  if (options_.policy == ClosePolicy::Next) close_before(builder, trade.exchange_time);
  auto added = builder.add(trade, revised_);
  tell_revised();
  return added;
}

void CandleSeries::add(const Candle& candle) {
  if (!wanted() || candle.source != CandleSource::Exchange) return;
  const auto found = by_name_.find(candle.symbol);
  if (found == by_name_.end()) return;  // its trades are not followed
  if (!next_boundary_) start();
  if (options_.policy == ClosePolicy::Next) close_before(*found->second, candle.begin);
  found->second->add(candle);
}

Result<void> CandleSeries::backfill(std::string_view symbol_name, std::span<const Trade> trades) {
  if (!wanted()) return {};
  auto added = symbol(symbol_name).backfill(trades, revised_);
  tell_revised();
  return added;
}

void CandleSeries::heard(std::size_t source, Timestamp exchange_time) {
  if (options_.policy != ClosePolicy::Watermark || source >= heard_.size()) return;
  heard_[source] = std::max(heard_[source], exchange_time);
  const Timestamp all = *std::min_element(heard_.begin(), heard_.end());
  while (next_boundary_ && *next_boundary_ <= all) pass_boundary();
}

void CandleSeries::set_price_places(std::string_view symbol_name, int places) {
  places_.insert_or_assign(std::string(symbol_name), places);
}

void CandleSeries::covered_from(std::string_view symbol_name, Timestamp since) {
  if (wanted()) symbol(symbol_name).covered_from(since);
}

void CandleSeries::forget(std::string_view symbol_name) {
  const auto found = by_name_.find(symbol_name);
  if (found == by_name_.end()) return;
  std::erase_if(symbols_, [&](const auto& builder) { return builder.get() == found->second; });
  by_name_.erase(found);
}

void CandleSeries::interrupted(std::string_view symbol_name) {
  const auto found = by_name_.find(symbol_name);
  if (found != by_name_.end()) found->second->interrupted(timers_.now());
}

void CandleSeries::interrupted() {
  for (const auto& builder : symbols_) builder->interrupted(timers_.now());
}

std::uint64_t CandleSeries::duplicate_trades() const {
  return std::accumulate(symbols_.begin(), symbols_.end(), std::uint64_t{0},
                         [](std::uint64_t sum, const auto& builder) { return sum + builder->duplicates(); });
}

CandleBuilder& CandleSeries::symbol(std::string_view name) {
  if (const auto found = by_name_.find(name); found != by_name_.end()) return *found->second;
  const auto places = places_.find(name);
  auto& added = symbols_.emplace_back(std::make_unique<CandleBuilder>(
      CandleSpec{.symbol = std::string(name),
                 .intervals = options_.intervals,
                 .price_places = places == places_.end() ? std::nullopt : std::optional(places->second),
                 .revision_horizon = options_.revision_horizon}));
  by_name_.emplace(name, added.get());
  // What ended before this symbol was first heard of is history.
  added->start_at(timers_.now() - options_.grace);
  return *added;
}

void CandleSeries::start() {
  if (options_.policy == ClosePolicy::Next) return;
  const Timestamp now = timers_.now() - options_.grace;
  for (const auto& builder : symbols_) builder->start_at(now);
  next_boundary_ = floor_to(now, step_) + step_;
  set_timer();
}

void CandleSeries::set_timer() {
  timer_ = timers_.at(*next_boundary_ + options_.grace, TimerOrder::CandleBoundary, [this](Timestamp) {
    if (options_.on_close) options_.on_close(*next_boundary_ + options_.grace);
    pass_boundary();
  });
}

void CandleSeries::pass_boundary() {
  const Timestamp boundary = *next_boundary_;
  if (++quiet_boundaries_ > kMaxQuietBoundaries) {
    next_boundary_.reset();
    timer_.cancel();
  } else {
    *next_boundary_ += step_;
    set_timer();
  }
  close_all(boundary);
}

void CandleSeries::close_all(Timestamp boundary) {
  // All are computed before anybody hears of one: a handler must not see half of an instant.
  std::vector<Candle> closed;
  for (const auto& builder : symbols_) builder->close(boundary, true, closed);
  std::stable_sort(closed.begin(), closed.end(),
                   [](const Candle& a, const Candle& b) { return a.interval > b.interval; });
  for (const Candle& candle : closed) out_.on_event(candle);
}

// Nothing is certain before something later has happened: the candles that end by `at` are closed, those with trades.
void CandleSeries::close_before(CandleBuilder& builder, Timestamp at) {
  for (auto end = builder.first_open_end(); end && *end <= at; end = builder.first_open_end()) {
    std::vector<Candle> closed;
    builder.close(*end, false, closed);
    for (const Candle& candle : closed) out_.on_event(candle);
  }
  builder.pass(at);
}

void CandleSeries::tell_revised() {
  for (CandleRevision& revision : std::exchange(revised_, {})) {
    revision.now.replaces = revision.before ? &*revision.before : nullptr;
    ++revisions_;
    out_.on_event(revision.now);
  }
}

}  // namespace ktape
