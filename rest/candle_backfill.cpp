#include "rest/candle_backfill.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

namespace ktape::rest {
namespace {

constexpr Duration kFirstMargin = std::chrono::minutes(1);
constexpr Duration kLastMargin = std::chrono::minutes(100);

}  // namespace

CandleBackfill::CandleBackfill(RestClient& rest, TimerService& timers, EventSink& out, Fill fill, Tell tell,
                               CandleBackfillOptions options)
    : timers_(timers),
      out_(out),
      fill_(std::move(fill)),
      tell_(std::move(tell)),
      options_(std::move(options)),
      trades_(rest, timers) {}

void CandleBackfill::on_event(const Event& event) {
  out_.on_event(event);
  if (const auto* trade = std::get_if<Trade>(&event)) take(*trade);
  if (const auto* gap = std::get_if<TradeGap>(&event)) take(*gap);
}

void CandleBackfill::take(const Trade& trade) {
  if (trade.trade_id == 0) return;
  Known& known = known_[std::string(trade.symbol)];
  const std::pair id_and_time(trade.trade_id, trade.exchange_time);
  known.first = std::min(known.first.value_or(id_and_time), id_and_time);
  known.last_at = std::max(known.last_at, trade.exchange_time);
  if (std::exchange(known.begun, true)) return;
  // At the end of the instant, when all of a snapshot has been told.
  known.timer = timers_.at(timers_.now(), TimerOrder::Deferred,
                           [this, symbol = std::string(trade.symbol)](Timestamp) { begin(symbol); });
}

void CandleBackfill::take(const TradeGap& gap) {
  const auto known = known_.find(gap.symbol);
  if (known == known_.end()) return;  // nothing was heard before it
  want(TradeHole{.symbol = std::string(gap.symbol),
                 .from_id = gap.expected_id,
                 .to_id = gap.received_id,
                 .after = known->second.last_at});
}

void CandleBackfill::begin(const std::string& symbol) {
  const Known& known = known_.at(symbol);
  std::optional<Timestamp> from;
  for (const Duration interval : options_.intervals) {
    if (interval > options_.longest) continue;
    const Timestamp start = floor_to(known.last_at, interval);
    from = std::min(from.value_or(start), start);
  }
  if (from && known.first->second >= *from) want(Beginning{symbol, *from, kFirstMargin});
}

void CandleBackfill::want(Wanted wanted) {
  waiting_.push_back(std::move(wanted));
  if (waiting_.size() == 1) next();
}

void CandleBackfill::next() {
  if (waiting_.empty()) return;
  got_.clear();
  words_.clear();
  const auto deliver = [this](const Trade& trade) {
    if (got_.size() >= options_.max_trades) return;
    Trade& own = got_.emplace_back(trade);
    own.symbol = *words_.emplace(trade.symbol).first;
    own.kind = {};
    own.uid = {};
  };
  const auto ended = [this](Result<BackfillReport> report) { done(report); };
  if (const auto* hole = std::get_if<TradeHole>(&waiting_.front())) {
    trades_.fill(*hole, deliver, ended);
  } else {
    const auto& beginning = std::get<Beginning>(waiting_.front());
    trades_.fill(
        TradeSpan{
            .symbol = beginning.symbol, .from = beginning.from - beginning.margin, .to = timers_.now() + Duration{1}},
        deliver, ended);
  }
}

void CandleBackfill::done(const Result<BackfillReport>& report) {
  Wanted wanted = std::move(waiting_.front());
  const std::string& symbol = std::holds_alternative<TradeHole>(wanted) ? std::get<TradeHole>(wanted).symbol
                                                                        : std::get<Beginning>(wanted).symbol;
  if (report && got_.size() < options_.max_trades) {
    fetched_ += got_.size();
    if (!got_.empty()) {
      if (auto filled = fill_(symbol, got_); !filled) tell_(filled.error().detail);
    }
    if (auto* const beginning = std::get_if<Beginning>(&wanted)) fetched(*beginning);
  } else {
    tell_(report ? fmt::format("trades of {}: {} or more are missing, which is too many to fetch", symbol, got_.size())
                 : fmt::format("trades of {} are missing: {}", symbol, report.error().detail));
  }
  waiting_.pop_front();
  // Not from inside the answer: what is under way ends first.
  again_ = timers_.at(timers_.now(), TimerOrder::Deferred, [this](Timestamp) { next(); });
}

void CandleBackfill::fetched(const Beginning& beginning) {
  const std::int64_t first_heard = known_.at(beginning.symbol).first->first;
  if (!got_.empty() && got_.back().trade_id + 1 < first_heard) {
    // The exchange's web server lags behind its websockets: here it waits for trades to appear.
    waiting_.push_back(TradeHole{.symbol = beginning.symbol,
                                 .from_id = got_.back().trade_id + 1,
                                 .to_id = first_heard,
                                 .after = got_.back().exchange_time});
  }
  if (!got_.empty() && got_.front().exchange_time < beginning.from) return;
  if (beginning.margin * 10 <= kLastMargin) {
    waiting_.push_back(Beginning{beginning.symbol, beginning.from, beginning.margin * 10});
  } else {
    tell_(fmt::format("trades of {}: none within {} before {}, so candles that began there stay partial",
                      beginning.symbol, format_duration(kLastMargin), format_rfc3339(beginning.from, 0)));
  }
}

}  // namespace ktape::rest
