#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/base/result.hpp"
#include "core/base/time.hpp"

namespace ktape {

// Virtual seconds per real second, as a ratio: 1/1 is real time, 10/1 ten times as fast, 1/2 half as fast.
struct Rate {
  std::uint32_t numerator = 1;
  std::uint32_t denominator = 1;
};

// "max" -> nothing; "10", "1/2", "0.5" -> exactly that ratio of integers in lowest terms, greater than zero.
Result<std::optional<Rate>> parse_rate(std::string_view text);
// "10", "1/2"; "max" for nothing.
std::string rate_text(const std::optional<Rate>& rate);

// Maps real time that has passed to virtual time and back, without rounding errors that grow: both ways are computed
// from the start. Rate: neither part zero.
class TimeScale {
 public:
  TimeScale(Rate rate, Timestamp start);

  // Rounded down; the last representable time if it would be beyond that.
  Timestamp virtual_at(Duration elapsed) const;
  // The least `elapsed` with virtual_at(elapsed) >= at; zero for what is not after the start.
  Duration elapsed_at(Timestamp at) const;

 private:
  Rate rate_;
  Timestamp start_;
};

}  // namespace ktape
