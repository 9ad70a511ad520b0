#pragma once

#include <string_view>

#include "core/wire/frame.hpp"

namespace ktape {

// Which channel and symbol a message belongs to, as far as known; empty where not. Borrowed until the next call.
struct FrameClass {
  std::string_view channel;
  std::string_view symbol;
};

// Fills the channel and symbol columns of a recording. They serve counting and filtering only: a classifier that is
// wrong or absent loses nothing, since payloads are stored verbatim.
class FrameClassifier {
 public:
  virtual FrameClass classify(const Frame& frame) = 0;

 protected:
  ~FrameClassifier() = default;
};

}  // namespace ktape
