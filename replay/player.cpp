#include "replay/player.hpp"

#include <utility>

#include <fmt/format.h>

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
  if (next_ && (next_->at < kEarliest || next_->at > kLatest)) {
    failed_ = Error{Errc::Corrupt, fmt::format("frame {} is stamped {}: no recorder has seen that time", frames_ + 1,
                                               format_rfc3339(next_->at))};
    next_.reset();
    return tl::unexpected<Error>(*failed_);
  }
  if (next_ && last_at_ && next_->at > *last_at_ + kMaxSilence) {
    failed_ = Error{Errc::Corrupt, fmt::format("frame {} is stamped {}, more than a year after the one before it, {}",
                                               frames_ + 1, format_rfc3339(next_->at), format_rfc3339(*last_at_))};
    next_.reset();
    return tl::unexpected<Error>(*failed_);
  }
  if (next_) last_at_ = next_->at;
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
