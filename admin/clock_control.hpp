#pragma once

#include <functional>
#include <optional>
#include <string_view>

#include "core/base/result.hpp"
#include "core/base/time.hpp"
#include "core/base/time_scale.hpp"

namespace ktape::admin {

struct ClockStatus {
  std::string_view mode;                // real, max, lockstep, step
  std::string_view state;               // running, paused; waiting: for the first client; step: standing
  Timestamp at{};                       // the present of the exchange
  std::optional<Rate> rate{};           // where time passes at one
  std::optional<Timestamp> next{};      // the next instant at which anything is due
  std::optional<Timestamp> position{};  // what of the recording is told now, by its own stamps
};

// A place in a recording: one of the two.
struct RecordedPlace {
  std::optional<Timestamp> to{};     // by its own stamps
  std::optional<Duration> offset{};  // from its beginning
};

// The time of a server, as others may steer it. Each call that cannot be done in its mode says so.
class ClockControl {
 public:
  virtual ClockStatus status() const = 0;
  virtual Result<void> pause() = 0;
  virtual Result<void> resume() = 0;
  virtual Result<void> set_rate(Rate rate) = 0;
  // Passes every instant up to `at`; only while time stands.
  virtual Result<void> advance_to(Timestamp at) = 0;
  // The recording goes on from there; the clock does not move. Clients are closed and come back to fresh snapshots.
  virtual Result<void> seek(const RecordedPlace& place) = 0;
  // Runs `action` when the clock has come to the present, and then what the exchange does about it.
  virtual void at_present(const std::function<void()>& action) = 0;

 protected:
  ~ClockControl() = default;
};

}  // namespace ktape::admin
