#pragma once

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <mutex>
#include <optional>
#include <string_view>
#include <variant>

#include "core/base/clock.hpp"
#include "core/base/result.hpp"
#include "core/market/event.hpp"
#include "core/market/order_book.hpp"
#include "core/market/owned_event.hpp"
#include "core/wire/frame.hpp"

namespace ktape {

// What becomes of events that find the queue full. The loop that brings them cannot wait: the exchange would feel it.
enum class WhenQueueFull : std::uint8_t {
  DropOldest,  // the oldest give way, and an EventsLost stands in their place
  // Of tickers only the latest of each symbol stays, and the changes of a book become one snapshot of it as it stands.
  // Nothing that a consumer needs is lost by that; where it does not help, as DropOldest.
  Conflate,
  Close,  // the queue takes nothing more; its end is an error
};

struct EventQueueOptions {
  std::size_t max_events = 100'000;
  std::size_t max_bytes = std::size_t{64} << 20U;
  WhenQueueFull when_full = WhenQueueFull::DropOldest;
  // Which connection an event comes from; may be empty.
  std::function<ConnectionId()> source{};
  // The books that the events are about, for Conflate: KrakenClient::book(), Client::book(). Without it only tickers
  // are conflated.
  std::function<const OrderBook*(std::string_view symbol)> book{};
};

// Stands where events were dropped.
struct EventsLost {
  std::uint64_t events = 0;
  Timestamp first_at{};
  Timestamp last_at{};
};

struct QueuedEvent {
  Timestamp at{};  // the loop's clock when it was told
  ConnectionId connection{};
  std::variant<OwnedEvent, EventsLost> what;
};

struct EventQueueStats {
  std::uint64_t put = 0;
  std::uint64_t taken = 0;
  std::uint64_t lost = 0;       // dropped, or told after the queue was closed
  std::uint64_t conflated = 0;  // replaced by later ones that say more
  std::size_t waiting = 0;
  std::size_t waiting_bytes = 0;
  std::size_t most_waiting = 0;
};

// Between the loop, which must never wait, and a consumer in a thread of its own, which may take its time. Bounded;
// what happens when it is full is chosen and counted. The way back into the loop is LiveLoop::post().
class EventQueue final : public EventSink {
 public:
  // `clock` is the loop's and outlives the queue. max_events > 0.
  EventQueue(const Clock& clock, EventQueueOptions options);
  EventQueue(const EventQueue&) = delete;
  EventQueue& operator=(const EventQueue&) = delete;

  // In the loop: copies the event. Never waits for the consumer, but for the moment in which it takes one.
  void on_event(const Event& event) override;
  // In the loop, or after it: nothing more will come.
  void finish();

  // By the consumer: the next one, waiting for it; nothing when all is told. Errc::Limit once, after what was there, if
  // the queue was closed because it was full.
  Result<std::optional<QueuedEvent>> pop();
  // The same without waiting: nothing also where nothing is there yet.
  Result<std::optional<QueuedEvent>> try_pop();

  // By anybody.
  EventQueueStats stats() const;

 private:
  class Conflation;

  Result<std::optional<QueuedEvent>> take();
  bool over() const { return waiting_.size() > options_.max_events || bytes_ > options_.max_bytes; }
  void drop_oldest();
  void conflate();

  const Clock& clock_;
  EventQueueOptions options_;

  mutable std::mutex mutex_;  // of all that follows
  std::condition_variable changed_;
  std::deque<QueuedEvent> waiting_;
  std::size_t bytes_ = 0;
  EventsLost lost_;  // before what is waiting
  std::size_t since_conflation_ = 0;
  bool finished_ = false;
  std::optional<Error> closed_;
  bool told_closed_ = false;
  EventQueueStats stats_;
};

}  // namespace ktape
