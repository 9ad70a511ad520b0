#include "live/real_time.hpp"

#include <chrono>

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

namespace ktape {

void pause_real_time(Duration span) {
  boost::asio::io_context io;
  boost::system::error_code interrupted;
  boost::asio::steady_timer(io, span).wait(interrupted);
}

Duration monotonic_time() {
  return std::chrono::duration_cast<Duration>(std::chrono::steady_clock::now().time_since_epoch());
}

struct RealTimePace::Impl {
  Impl(Rate rate, Timestamp start) : scale(rate, start) {}
  boost::asio::io_context io;
  boost::asio::steady_timer timer{io};
  TimeScale scale;
  std::chrono::steady_clock::time_point began = std::chrono::steady_clock::now();
};

RealTimePace::RealTimePace(Rate rate, Timestamp start) : impl_(std::make_unique<Impl>(rate, start)) {}
RealTimePace::~RealTimePace() = default;

void RealTimePace::wait_until(Timestamp at) {
  impl_->timer.expires_at(impl_->began + impl_->scale.elapsed_at(at));
  impl_->timer.wait();
}

}  // namespace ktape
