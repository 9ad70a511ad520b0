#pragma once

#include <cstdint>
#include <string_view>

#include "core/base/result.hpp"

namespace ktape {

// Where a recording's bytes go. A call that returned without error has handed them to the kernel: they survive the
// death of the process. A failed append may have written a part of its bytes.
class ByteSink {
 public:
  virtual ~ByteSink() = default;

  virtual Result<void> append(std::string_view bytes) = 0;

  // Returns when everything appended survives a power loss.
  virtual Result<void> sync() = 0;
};

// Where the frames of the open chunk go. One write per call, over whatever stood there before.
class JournalSink {
 public:
  virtual ~JournalSink() = default;

  virtual Result<void> write_at(std::uint64_t offset, std::string_view bytes) = 0;
  virtual Result<void> sync() = 0;

  // The segment is sealed: nothing in the journal is needed any more.
  virtual Result<void> remove() = 0;
};

}  // namespace ktape
