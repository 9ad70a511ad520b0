#include "live/event_queue.hpp"

#include <algorithm>
#include <iterator>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "core/base/assert.hpp"

namespace ktape {
namespace {

std::size_t bytes_of(const QueuedEvent& queued) {
  return sizeof(QueuedEvent) - sizeof(OwnedEvent) + std::get<OwnedEvent>(queued.what).bytes();
}

const Event& event_of(const QueuedEvent& queued) { return std::get<OwnedEvent>(queued.what).event(); }

// What is common to the two kinds of news of an aggregated book.
struct BookNews {
  std::string_view symbol;
  std::optional<std::uint32_t> checksum;
  std::optional<Timestamp> exchange_time;
};
std::optional<BookNews> book_news(const Event& event) {
  if (const auto* update = std::get_if<BookUpdate>(&event)) {
    return BookNews{update->symbol, update->checksum, update->exchange_time};
  }
  if (const auto* snapshot = std::get_if<BookSnapshot>(&event)) {
    return BookNews{snapshot->symbol, snapshot->checksum, snapshot->exchange_time};
  }
  return std::nullopt;
}

}  // namespace

// One pass over what is waiting, from the newest to the oldest.
//
// The books that the queue can ask have taken in everything that was told, and nothing more. So what was told of a book
// since it last changed its state is, all together, one snapshot of the book as it stands. What was told before a
// change to a state that is not Live means nothing any more. What stands between (the snapshot that made it Live, and
// what went before) is left alone.
class EventQueue::Conflation {
 public:
  explicit Conflation(EventQueue& queue) : queue_(queue) {}

  void run() {
    auto& waiting = queue_.waiting_;
    std::vector<bool> gone(waiting.size());
    for (std::size_t i = waiting.size(); i-- > 0;) gone[i] = is_superseded(i);
    for (const auto& [key, book] : books_) {
      if (book.merged > 1) replace(waiting[book.newest], key.second);
    }
    std::deque<QueuedEvent> left;
    for (std::size_t i = 0; i < waiting.size(); ++i) {
      if (gone[i]) {
        ++queue_.stats_.conflated;
      } else {
        left.push_back(std::move(waiting[i]));
      }
    }
    waiting = std::move(left);
    queue_.bytes_ = 0;
    for (const QueuedEvent& each : waiting) queue_.bytes_ += bytes_of(each);
  }

 private:
  using Key = std::pair<ConnectionId, std::string>;
  enum class Phase : std::uint8_t { Merging, Keeping, Dropping };
  struct Book {
    Phase phase = Phase::Merging;
    std::size_t newest = 0;
    std::size_t merged = 0;
  };

  bool is_superseded(std::size_t at) {
    const QueuedEvent& queued = queue_.waiting_[at];
    const Event& event = event_of(queued);
    if (const auto* ticker = std::get_if<Ticker>(&event)) {
      return !tickers_.emplace(queued.connection, ticker->symbol).second;
    }
    if (const auto* change = std::get_if<BookStateChange>(&event); change != nullptr && change->channel.empty()) {
      Book& book = of(queued.connection, change->symbol);
      if (change->state != BookState::Live) {
        book.phase = Phase::Dropping;
      } else if (book.phase == Phase::Merging) {
        book.phase = Phase::Keeping;
      }
      return false;
    }
    const auto news = book_news(event);
    if (!news) return false;
    Book& book = of(queued.connection, news->symbol);
    if (book.phase != Phase::Merging) return book.phase == Phase::Dropping;
    if (book.merged++ == 0) book.newest = at;
    return book.newest != at;
  }

  Book& of(ConnectionId connection, std::string_view symbol) {
    const auto [found, is_new] = books_.try_emplace({connection, std::string(symbol)});
    if (is_new && !stands(symbol)) found->second.phase = Phase::Keeping;
    return found->second;
  }
  const OrderBook* stands(std::string_view symbol) const {
    const OrderBook* const book = queue_.options_.book ? queue_.options_.book(symbol) : nullptr;
    return book != nullptr && book->state() == BookState::Live ? book : nullptr;
  }

  void replace(QueuedEvent& queued, const std::string& symbol) const {
    const OrderBook& book = *stands(symbol);
    const BookNews news = *book_news(event_of(queued));
    const std::vector<Level> bids(book.bids().begin(), book.bids().end());
    const std::vector<Level> asks(book.asks().begin(), book.asks().end());
    queued.what = OwnedEvent(BookSnapshot{.symbol = symbol,
                                          .bids = bids,
                                          .asks = asks,
                                          .checksum = news.checksum,
                                          .exchange_time = news.exchange_time,
                                          .sequence = book.sequence()});
  }

  EventQueue& queue_;
  std::set<Key> tickers_;
  std::map<Key, Book> books_;
};

EventQueue::EventQueue(const Clock& clock, EventQueueOptions options) : clock_(clock), options_(std::move(options)) {
  KTAPE_ASSERT(options_.max_events > 0, "a queue that takes nothing");
}

void EventQueue::on_event(const Event& event) {
  QueuedEvent queued{.at = clock_.now(),
                     .connection = options_.source ? options_.source() : ConnectionId{},
                     .what = OwnedEvent(event)};
  {
    const std::lock_guard lock(mutex_);
    ++stats_.put;
    if (finished_ || closed_) {
      ++stats_.lost;
      return;
    }
    bytes_ += bytes_of(queued);
    waiting_.push_back(std::move(queued));
    ++since_conflation_;
    if (over()) {
      // Where there is little to conflate a pass over all must not be made for every event.
      if (options_.when_full == WhenQueueFull::Conflate && since_conflation_ > options_.max_events / 4) conflate();
      if (options_.when_full == WhenQueueFull::Close) {
        closed_ = Error{Errc::Limit, fmt::format("the event queue is full: {} events, {} bytes, the oldest of {}",
                                                 waiting_.size(), bytes_, format_rfc3339(waiting_.front().at))};
        bytes_ -= bytes_of(waiting_.back());
        waiting_.pop_back();
        ++stats_.lost;
      }
      while (over()) drop_oldest();
    }
    stats_.most_waiting = std::max(stats_.most_waiting, waiting_.size());
  }
  changed_.notify_one();
}

void EventQueue::finish() {
  {
    const std::lock_guard lock(mutex_);
    finished_ = true;
  }
  changed_.notify_all();
}

void EventQueue::drop_oldest() {
  const QueuedEvent& oldest = waiting_.front();
  if (lost_.events++ == 0) lost_.first_at = oldest.at;
  lost_.last_at = oldest.at;
  ++stats_.lost;
  bytes_ -= bytes_of(oldest);
  waiting_.pop_front();
}

void EventQueue::conflate() {
  since_conflation_ = 0;
  Conflation(*this).run();
}

Result<std::optional<QueuedEvent>> EventQueue::pop() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return !waiting_.empty() || lost_.events > 0 || finished_ || closed_; });
  return take();
}

Result<std::optional<QueuedEvent>> EventQueue::try_pop() {
  const std::lock_guard lock(mutex_);
  return take();
}

// With the lock held.
Result<std::optional<QueuedEvent>> EventQueue::take() {
  if (lost_.events > 0) {
    const EventsLost lost = std::exchange(lost_, {});
    return QueuedEvent{.at = lost.last_at, .connection = {}, .what = lost};
  }
  if (!waiting_.empty()) {
    QueuedEvent next = std::move(waiting_.front());
    waiting_.pop_front();
    bytes_ -= bytes_of(next);
    ++stats_.taken;
    return next;
  }
  if (closed_ && !std::exchange(told_closed_, true)) return tl::unexpected<Error>(*closed_);
  return std::optional<QueuedEvent>{};
}

EventQueueStats EventQueue::stats() const {
  const std::lock_guard lock(mutex_);
  EventQueueStats stats = stats_;
  stats.waiting = waiting_.size();
  stats.waiting_bytes = bytes_;
  return stats;
}

}  // namespace ktape
