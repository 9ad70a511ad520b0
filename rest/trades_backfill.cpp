#include "rest/trades_backfill.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "core/base/assert.hpp"

namespace ktape::rest {
namespace {

// Whether `since` is inclusive is not known, and REST rounds times: so much earlier is certainly before a trade.
constexpr Duration kFirstStep = std::chrono::microseconds(1);
constexpr Duration kLongestStep = std::chrono::hours(24);

Timestamp earlier(Timestamp at, Duration step) {
  return at > Timestamp{} + step ? at - step : Timestamp{};  // zero is the first trade of a pair
}

}  // namespace

// The state of one filling. Answers that come after its owner is gone find it gone too.
class TradesBackfill::Run final : public std::enable_shared_from_this<Run> {
 public:
  struct Goal {
    std::string symbol;
    std::optional<std::int64_t> next_id;  // unknown until the first trade of a time has been seen
    std::optional<std::int64_t> to_id;
    Timestamp from{};
    std::optional<Timestamp> to;
  };

  Run(RestClient& rest, TimerService& timers, const BackfillOptions& options, Goal goal, Deliver deliver, Done done)
      : rest_(rest),
        timers_(timers),
        options_(options),
        goal_(std::move(goal)),
        deliver_(std::move(deliver)),
        done_(std::move(done)),
        anchor_(goal_.from),
        since_(earlier(goal_.from, kFirstStep)) {}

  void start() {
    if (goal_.to_id && *goal_.next_id >= *goal_.to_id) return finish();
    if (goal_.to && goal_.from >= *goal_.to) return finish();
    ask();
  }

 private:
  void ask() {
    if (report_.pages == options_.max_pages) {
      return give_up(Errc::Limit, fmt::format("{} pages were not enough", options_.max_pages));
    }
    ++report_.pages;
    rest_.trades({.pair = goal_.symbol, .since = since_, .count = options_.page_rows},
                 [weak = weak_from_this()](const Result<TradesPage>& page) {
                   if (const auto self = weak.lock()) self->take(page);
                 });
  }

  void take(const Result<TradesPage>& page) {
    if (!page) return give_up(page.error().code, page.error().detail);
    const std::uint64_t delivered_before = report_.delivered;
    std::optional<std::int64_t> jump_to;
    for (const RestTrade& row : page->rows) {
      if (is_before(row)) {
        ++report_.duplicates;
        continue;
      }
      if (goal_.to && row.exchange_time >= *goal_.to && (!goal_.next_id || row.id >= *goal_.next_id)) return finish();
      if (goal_.next_id && row.id > *goal_.next_id) {
        jump_to = row.id;
        break;
      }
      deliver(row);
      if (goal_.to_id && *goal_.next_id == *goal_.to_id) return finish();
    }
    if (report_.delivered > delivered_before) {
      attempts_ = 0;
      step_ = kFirstStep;
    }
    if (jump_to) return look_further_back(*jump_to);
    if (page->rows.size() < static_cast<std::size_t>(options_.page_rows)) return reached_the_present();
    if (page->last <= since_ && report_.delivered == delivered_before) {
      return give_up(Errc::Limit, fmt::format("more than {} trades at one time, {}: pages cannot get past it",
                                              options_.page_rows, format_rfc3339(page->last)));
    }
    since_ = page->last;
    ask();
  }

  bool is_before(const RestTrade& row) const {
    return goal_.next_id ? row.id < *goal_.next_id : row.exchange_time < goal_.from;
  }

  void deliver(const RestTrade& row) {
    if (!report_.first_id) report_.first_id = row.id;
    report_.last_id = row.id;
    ++report_.delivered;
    goal_.next_id = row.id + 1;
    anchor_ = row.exchange_time;
    deliver_(Trade{.symbol = goal_.symbol,
                   .side = row.side,
                   .order_type = row.order_type,
                   .price = row.price,
                   .quantity = row.quantity,
                   .trade_id = row.id,
                   .exchange_time = row.exchange_time,
                   .snapshot = true});
  }

  // A page began too late, as it does after a boundary inside a burst if `since` is exclusive.
  void look_further_back(std::int64_t found) {
    if (++attempts_ >= options_.attempts) {
      return give_up(Errc::NotFound, fmt::format("the exchange goes on with id {}", found));
    }
    step_ = std::min(step_ * 10, kLongestStep);
    since_ = earlier(anchor_, step_);
    ask();
  }

  void reached_the_present() {
    if (goal_.to) return finish();
    if (++attempts_ >= options_.attempts) return give_up(Errc::NotFound, "the exchange has no later trades");
    // They are known by their ids, so they took place; REST may be a moment behind.
    since_ = earlier(anchor_, step_);
    timer_ = timers_.at(timers_.now() + options_.retry_delay, [this](Timestamp) { ask(); });
  }

  void finish() {
    const Done done = std::exchange(done_, nullptr);
    if (done) done(report_);
  }

  void give_up(Errc code, std::string why) {
    const Done done = std::exchange(done_, nullptr);
    if (!done) return;
    const std::string hole = goal_.next_id ? fmt::format("from trade {}{}", *goal_.next_id,
                                                         goal_.to_id ? fmt::format(" to {}", *goal_.to_id - 1) : "")
                                           : fmt::format("from {}", format_rfc3339(goal_.from));
    done(fail(code, fmt::format("{}: the hole {} cannot be filled after {} pages: {}", goal_.symbol, hole,
                                report_.pages, why)));
  }

  RestClient& rest_;
  TimerService& timers_;
  BackfillOptions options_;
  Goal goal_;
  Deliver deliver_;
  Done done_;
  BackfillReport report_;
  Timestamp anchor_;  // not after the trade that is wanted next
  Timestamp since_;
  Duration step_ = kFirstStep;
  int attempts_ = 0;
  Timer timer_;
};

TradesBackfill::TradesBackfill(RestClient& rest, TimerService& timers, BackfillOptions options)
    : rest_(rest), timers_(timers), options_(options) {
  KTAPE_ASSERT(options.page_rows > 0 && options.attempts > 0 && options.max_pages > 0, "a backfill that asks nothing");
}
TradesBackfill::~TradesBackfill() = default;

void TradesBackfill::fill(const TradeHole& hole, Deliver deliver, Done done) {
  run_ = std::make_shared<Run>(rest_, timers_, options_,
                               Run::Goal{hole.symbol, hole.from_id, hole.to_id, hole.after, std::nullopt},
                               std::move(deliver), std::move(done));
  run_->start();
}

void TradesBackfill::fill(const TradeSpan& span, Deliver deliver, Done done) {
  run_ = std::make_shared<Run>(rest_, timers_, options_,
                               Run::Goal{span.symbol, std::nullopt, std::nullopt, span.from, span.to},
                               std::move(deliver), std::move(done));
  run_->start();
}

}  // namespace ktape::rest
