#pragma once

#include <memory>
#include <utility>

#include "core/protocol/time_shift.hpp"
#include "core/wire/frame.hpp"
#include "core/wire/web_requests.hpp"

namespace ktape {

// A recording whose messages tell other times: see TimeShift. The stamps of its frames stay.
class ShiftedMessages final : public FrameSource {
 public:
  ShiftedMessages(std::unique_ptr<FrameSource> inner, Dialect dialect, std::chrono::seconds by)
      : inner_(std::move(inner)), shift_(dialect, by) {}

  Result<std::optional<Frame>> next() override;

 private:
  std::unique_ptr<FrameSource> inner_;
  TimeShift shift_;
  WebRequests web_requests_;  // of another protocol, and served by nobody
};

// What to add to the stamps of a recording that begins at `begin` so that its time is `wanted`, in whole steps:
// `wanted` is then less than a step behind its beginning. `step` is at least a second, and whole seconds.
Duration shift_in_steps(Timestamp begin, Timestamp wanted, Duration step);

}  // namespace ktape
