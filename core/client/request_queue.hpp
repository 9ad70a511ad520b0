#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <string>

#include "core/base/clock.hpp"

namespace ktape {

// How fast a connection may be asked. Kraken publishes no number for its websockets; clients in use keep to 20 requests
// a second after a burst of 10 (spot-v2 section 1.4).
struct RequestPace {
  int burst = 10;
  int per_second = 20;
};

// Messages on their way out, in their order: they leave at the end of the instant, after every other timer of it, so
// that live and replayed they stand in the same place among the events; and no faster than the pace allows.
class RequestQueue {
 public:
  using Send = std::function<void(const std::string& text)>;

  // `timers` outlives it.
  RequestQueue(TimerService& timers, RequestPace pace, Send send);

  // `request_id` is what clear() tells; 0 for none.
  void put(std::string text, std::int64_t request_id);

  // Forgets what has not left, and tells `lost` the id of each that has one.
  void clear(const std::function<void(std::int64_t request_id)>& lost);

  std::size_t size() const { return waiting_.size(); }

 private:
  struct Message {
    std::string text;
    std::int64_t request_id = 0;
  };
  void set_timer();
  void send_what_may_leave();

  TimerService& timers_;
  RequestPace pace_;
  Duration interval_;  // between two messages of the steady flow
  Send send_;
  std::deque<Message> waiting_;
  // When the flow would be back at rest: a message may leave if that is less than a burst ahead.
  Timestamp rest_at_ = Timestamp::min();
  Timer timer_;
  bool timer_set_ = false;
};

}  // namespace ktape
