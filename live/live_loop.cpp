#include "live/live_loop.hpp"

#include <atomic>
#include <list>
#include <utility>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/system_timer.hpp>

#include "core/base/assert.hpp"

namespace ktape {
namespace {

namespace asio = boost::asio;

// What one turn drains before it takes the time again: a fast peer shall not hold the timers up.
constexpr int kMaxHandlersPerTurn = 256;

Timestamp system_now() { return std::chrono::time_point_cast<Duration>(std::chrono::system_clock::now()); }

}  // namespace

struct LiveLoop::Impl {
  explicit Impl(TimeSource from)
      : source(from),
        clock(from == TimeSource::System ? system_now() : Timestamp{}),
        work(io.get_executor()),
        alarm(io) {}

  // The Asio timer only ends the sleep: firing is the clock's business.
  void arm() {
    if (source != TimeSource::System) return;
    const std::optional<Timestamp> next = clock.next_deadline();
    if (next == armed) return;
    armed = next;
    if (!next) {
      alarm.cancel();
      return;
    }
    alarm.expires_at(std::chrono::time_point_cast<std::chrono::system_clock::duration>(*next));
    alarm.async_wait([this](boost::system::error_code error) {
      if (!error) armed.reset();
    });
  }

  void take_time() {
    if (std::exchange(time_taken, true) || source != TimeSource::System) return;
    clock.advance_to(system_now());  // which never goes back
  }

  // No server keeps the time any more, and there are timers.
  bool without_server() const {
    return source == TimeSource::Server && server_seen && servers.expired() && clock.next_deadline().has_value();
  }

  void watch(asio::signal_set& signals, std::function<void()> handler) {
    signals.async_wait([this, &signals, handler](boost::system::error_code error, int) {
      if (error) return;
      take_time();
      handler();
      watch(signals, handler);
    });
  }

  TimeSource source;
  VirtualClock clock;
  asio::io_context io{1};
  asio::executor_work_guard<asio::io_context::executor_type> work;
  asio::system_timer alarm;
  std::optional<Timestamp> armed;
  std::list<asio::signal_set> signal_sets;
  std::function<void()> hook;
  std::weak_ptr<void> servers;
  bool server_seen = false;
  bool time_taken = false;
  bool turning = false;
  std::atomic<bool> stopping = false;
};

LiveLoop::LiveLoop(TimeSource source) : impl_(std::make_unique<Impl>(source)) {}
LiveLoop::~LiveLoop() = default;

VirtualClock& LiveLoop::clock() { return impl_->clock; }
TimeSource LiveLoop::time_source() const { return impl_->source; }
asio::io_context& LiveLoop::context() { return impl_->io; }

bool LiveLoop::turn(Duration limit) {
  Impl& loop = *impl_;
  KTAPE_ASSERT(!loop.turning, "a turn of the loop inside another");
  loop.turning = true;
  loop.arm();
  loop.time_taken = false;
  const bool alone = loop.without_server();
  const bool woken = loop.io.run_one_for(alone ? Duration::zero() : limit) != 0;
  for (int i = 1; woken && i < kMaxHandlersPerTurn && loop.io.poll_one() != 0; ++i) {
  }
  loop.take_time();
  if (!woken && alone) loop.clock.advance_to(*loop.clock.next_deadline());
  settle();
  if (loop.hook) loop.hook();
  loop.turning = false;
  return woken || alone;
}

void LiveLoop::run() {
  while (!impl_->stopping.exchange(false)) turn(std::chrono::hours(1));
}

bool LiveLoop::run_until(const std::function<bool()>& done, Duration limit) {
  const auto end = std::chrono::steady_clock::now() + limit;
  while (!done()) {
    const auto left = end - std::chrono::steady_clock::now();
    if (left <= Duration::zero()) return done();
    turn(left);
  }
  return true;
}

void LiveLoop::stop() {
  impl_->stopping = true;
  asio::post(impl_->io, [] {});  // ends the sleep
}

void LiveLoop::post(std::function<void()> task) {
  asio::post(impl_->io, [loop = impl_.get(), task = std::move(task)] {
    loop->take_time();
    task();
  });
}

void LiveLoop::on_signal(int signal, std::function<void()> handler) {
  impl_->watch(impl_->signal_sets.emplace_back(impl_->io, signal), std::move(handler));
}

void LiveLoop::after_turn(std::function<void()> hook) { impl_->hook = std::move(hook); }
void LiveLoop::take_time() { impl_->take_time(); }
void LiveLoop::settle() { impl_->clock.advance_to(impl_->clock.now()); }

void LiveLoop::take_server_time(Timestamp at) {
  KTAPE_ASSERT(impl_->source == TimeSource::Server, "a server's time for a loop that keeps system time");
  impl_->clock.advance_to(at);
}

std::shared_ptr<void> LiveLoop::await_server_time() {
  std::shared_ptr<void> token = impl_->servers.lock();
  if (!token) impl_->servers = token = std::make_shared<int>();
  impl_->server_seen = true;
  return token;
}

}  // namespace ktape
