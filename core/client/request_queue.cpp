#include "core/client/request_queue.hpp"

#include <algorithm>
#include <utility>

#include "core/base/assert.hpp"

namespace ktape {

RequestQueue::RequestQueue(TimerService& timers, RequestPace pace, Send send)
    : timers_(timers), pace_(pace), interval_(std::chrono::seconds(1)), send_(std::move(send)) {
  KTAPE_ASSERT(pace_.burst > 0 && pace_.per_second > 0, "a pace that lets nothing out");
  interval_ /= pace_.per_second;
}

void RequestQueue::put(std::string text, std::int64_t request_id) {
  waiting_.push_back({std::move(text), request_id});
  set_timer();
}

void RequestQueue::clear(const std::function<void(std::int64_t request_id)>& lost) {
  timer_.cancel();
  timer_set_ = false;
  for (const Message& message : std::exchange(waiting_, {})) {
    if (message.request_id != 0) lost(message.request_id);
  }
}

void RequestQueue::set_timer() {
  if (timer_set_ || waiting_.empty()) return;
  timer_set_ = true;
  const Timestamp now = timers_.now();
  Timestamp due = now;
  if (rest_at_ > now) due = std::max(now, rest_at_ - interval_ * (pace_.burst - 1));
  timer_ = timers_.at(due, TimerOrder::Deferred, [this](Timestamp) {
    timer_set_ = false;
    send_what_may_leave();
    set_timer();
  });
}

void RequestQueue::send_what_may_leave() {
  while (!waiting_.empty()) {
    const Timestamp now = timers_.now();
    if (rest_at_ > now && rest_at_ - now > interval_ * (pace_.burst - 1)) return;
    rest_at_ = std::max(rest_at_, now) + interval_;
    const Message message = std::move(waiting_.front());
    waiting_.pop_front();
    send_(message.text);
  }
}

}  // namespace ktape
