#pragma once

#include <cstdint>

namespace ktape {

// What a client has counted since it was made.
struct ClientStats {
  std::uint64_t messages = 0;
  std::uint64_t checksums_verified = 0;
  std::uint64_t checksums_failed = 0;
  std::uint64_t trade_gaps = 0;
  std::uint64_t duplicate_trades = 0;
  std::uint64_t sequences_verified = 0;  // of Futures' books
  std::uint64_t sequences_failed = 0;
  std::uint64_t duplicate_updates = 0;
  std::uint64_t sequence_gaps = 0;     // of private channels
  std::uint64_t handler_failures = 0;  // exceptions that left the sink
};

}  // namespace ktape
