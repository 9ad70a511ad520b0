#include "replay/player.hpp"

#include <utility>

namespace ktape {

Result<void> Player::look_ahead() {
  if (failed_) return tl::unexpected<Error>(*failed_);
  if (next_ || ended_) return {};
  auto frame = in_.next();
  if (!frame) {
    failed_ = frame.error();
    return tl::unexpected<Error>(*failed_);
  }
  next_ = *frame;
  ended_ = !next_;
  return {};
}

Result<bool> Player::step() {
  if (auto read = look_ahead(); !read) return tl::unexpected<Error>(read.error());
  if (!next_) return false;
  const Frame frame = *std::exchange(next_, std::nullopt);
  clock_.advance_to(frame.at);
  out_.on_frame(frame);
  clock_.advance_to(frame.at);  // what the handlers put off to the end of the instant
  ++frames_;
  return true;
}

Result<std::optional<Timestamp>> Player::next_at() {
  if (auto read = look_ahead(); !read) return tl::unexpected<Error>(read.error());
  if (!next_) return std::optional<Timestamp>{};
  return std::optional(next_->at);
}

}  // namespace ktape
