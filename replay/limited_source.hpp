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

  Result<std::optional<Frame>> next() override;

 private:
  std::unique_ptr<FrameSource> inner_;
  Duration span_;
  std::optional<Timestamp> end_;
  bool ended_ = false;
};

}  // namespace ktape
