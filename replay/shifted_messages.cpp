#include "replay/shifted_messages.hpp"

#include "core/base/assert.hpp"

namespace ktape {

Result<std::optional<Frame>> ShiftedMessages::next() {
  auto frame = inner_->next();
  if (!frame || !*frame) return frame;
  Frame& one = **frame;
  if (!web_requests_.holds(one) && one.kind == FrameKind::Text) one.payload = shift_.moved(one.payload);
  return frame;
}

Duration shift_in_steps(Timestamp begin, Timestamp wanted, Duration step) {
  KTAPE_ASSERT(step >= std::chrono::seconds(1) && step % std::chrono::seconds(1) == Duration::zero(),
               "times are moved by whole seconds");
  const Duration exact = wanted - begin;
  Duration rest = exact % step;
  if (rest < Duration::zero()) rest += step;
  return exact - rest;
}

}  // namespace ktape
