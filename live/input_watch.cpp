#include "live/input_watch.hpp"

#include <utility>

#include <boost/asio/posix/stream_descriptor.hpp>
#include <unistd.h>

namespace ktape {

// Handlers keep it; the watch takes everything else from them.
struct InputWatch::Impl final : std::enable_shared_from_this<Impl> {
  Impl(LiveLoop& its_loop, int descriptor, std::function<bool()> callback)
      : loop(its_loop), on_readable(std::move(callback)), input(its_loop.context(), ::dup(descriptor)) {}

  void wait() {
    input.async_wait(boost::asio::posix::stream_descriptor::wait_read,
                     [self = shared_from_this()](boost::system::error_code error) {
                       if (error || !self->on_readable) return;
                       self->loop.take_time();
                       if (self->on_readable() && self->on_readable) self->wait();
                       self->loop.settle();
                     });
  }

  LiveLoop& loop;
  std::function<bool()> on_readable;
  boost::asio::posix::stream_descriptor input;  // of its own, since it closes it
};

InputWatch::InputWatch(LiveLoop& loop, int descriptor, std::function<bool()> on_readable)
    : impl_(std::make_shared<Impl>(loop, descriptor, std::move(on_readable))) {
  impl_->wait();
}

InputWatch::~InputWatch() {
  impl_->on_readable = nullptr;
  boost::system::error_code ignored;
  impl_->input.close(ignored);
}

}  // namespace ktape
