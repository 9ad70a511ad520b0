#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include "core/base/result.hpp"

namespace ktape {

// Bytes that can be read at any place. They may grow between two calls, but what was read once stays as it was.
class ByteSource {
 public:
  virtual ~ByteSource() = default;

  virtual std::string name() const = 0;  // for messages: the path of a file

  virtual Result<std::uint64_t> size() = 0;

  // Fills `out` from `offset` on and returns how many bytes there were: fewer than asked for only at the end.
  virtual Result<std::size_t> read_at(std::uint64_t offset, std::span<char> out) = 0;
};

}  // namespace ktape
