#pragma once

#include <memory>
#include <optional>
#include <utility>

#include "core/wire/frame.hpp"

namespace ktape {

// The beginning of another source: frames stamped less than `span` after its first one.
class LimitedSource final : public FrameSource {
 public:
  LimitedSource(std::unique_ptr<FrameSource> inner, Duration span) : inner_(std::move(inner)), span_(span) {}

  Result<std::optional<Frame>> next() override {
    if (ended_) return std::optional<Frame>{};
    auto frame = inner_->next();
    if (!frame || !*frame) return frame;
    if (!begin_) begin_ = (*frame)->at;
    ended_ = (*frame)->at - *begin_ >= span_;
    return ended_ ? std::optional<Frame>{} : std::move(frame);
  }

 private:
  std::unique_ptr<FrameSource> inner_;
  Duration span_;
  std::optional<Timestamp> begin_;
  bool ended_ = false;
};

}  // namespace ktape
