#pragma once

#include <cstdint>
#include <string>

#include "core/base/sha256.hpp"
#include "core/wire/frame.hpp"

namespace ktape {

// SHA-256 over frames: stamp, connection, direction, kind, length and payload of each. Two recordings hold the same
// frames exactly if their digests are equal, however they are stored.
class FrameDigest {
 public:
  void add(const Frame& frame);
  std::uint64_t frames() const { return frames_; }

  // 64 hex digits, of all that was added. No add() may follow.
  std::string hex();

 private:
  Sha256 sha256_;
  std::string pending_;
  std::uint64_t frames_ = 0;
};

}  // namespace ktape
