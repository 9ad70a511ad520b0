#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/base/clock.hpp"
#include "core/wire/frame.hpp"
#include "faults/fault_plan.hpp"

// Private to this folder.
namespace ktape {

// One way of a connection: what is under way, in the order in which it arrives. What has nothing to wait for arrives
// from inside send().
class Lane {
 public:
  using Slices = std::vector<Slice>;
  using Arrived = std::function<void(FrameKind kind, std::string_view payload, const Slices& slices)>;
  // Keeps the owner, and so the lane, alive while something arrives on it.
  using Keep = std::function<std::shared_ptr<void>()>;

  // `timers` outlives it.
  Lane(TimerService& timers, Keep keep, Arrived arrived)
      : timers_(timers), keep_(std::move(keep)), arrived_(std::move(arrived)) {}
  Lane(const Lane&) = delete;
  Lane& operator=(const Lane&) = delete;

  // Arrives at `due`, but not before what was sent earlier.
  // In slices it arrives from then on, and what is sent later comes behind the last one.
  void send(FrameKind kind, std::string_view payload, Timestamp due, Slices slices = {});
  // Arrives at `due`, whatever else is under way.
  void send_apart(FrameKind kind, std::string_view payload, Timestamp due);

  // Nothing arrives while somebody holds it.
  void hold(FaultId by) { holders_.insert(by); }
  void release(FaultId by);
  bool is_held() const { return !holders_.empty(); }

  // Everything arrives now, held or not.
  void flush();
  // Nothing of it ever arrives, and nothing that is sent from now on.
  void cut();

  // Whether a message that is sent now would arrive at once.
  bool is_clear() const { return letters_.empty() && holders_.empty() && !cut_; }

 private:
  struct Letter {
    FrameKind kind;
    std::string payload;
    Slices slices;
  };
  void put(FrameKind kind, std::string_view payload, Timestamp due, Slices slices);
  void pump();

  TimerService& timers_;
  Keep keep_;
  Arrived arrived_;
  std::map<std::pair<Timestamp, std::uint64_t>, Letter> letters_;
  std::uint64_t next_ = 0;
  Timestamp last_due_ = Timestamp::min();  // of what keeps its order
  std::set<FaultId> holders_;
  bool pumping_ = false;
  bool cut_ = false;
  Timer timer_;
};

}  // namespace ktape
