#pragma once

#include "core/wire/frame.hpp"

namespace ktape {

// A recording that can be entered at any instant.
class Tape : public FrameSource {
 public:
  // What next() gives from here on, played to somebody who has heard nothing yet, brings him into the state at `at`
  // that he would have had by hearing everything: the next frame may be one of long before `at`, or the first of a
  // keyframe that was made for the purpose. The frames stamped `at` and later are the recorded ones, in the recorded
  // order.
  virtual Result<void> enter(Timestamp at) = 0;
};

}  // namespace ktape
