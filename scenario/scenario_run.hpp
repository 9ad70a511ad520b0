#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "core/base/clock.hpp"
#include "core/base/result.hpp"
#include "scenario/scenario.hpp"

namespace ktape::scenario {

// Goes through the states of a scenario as time passes and the journal grows. A state's triggers count from when all
// actions before are done, and the first that comes is taken, at the end of what happens at that moment: never inside
// of somebody else's call.
class ScenarioRun final : public JournalListener {
 public:
  // All outlive it. The beginning is now. `act` does what an action says.
  ScenarioRun(TimerService& timers, Journal& journal, std::vector<State> states,
              std::function<void(const Action&)> act);
  ScenarioRun(const ScenarioRun&) = delete;
  ScenarioRun& operator=(const ScenarioRun&) = delete;

  // Enters the first state.
  void begin();

  // The step that was done last, or the state it stands in; empty before the first.
  const std::string& place() const { return place_; }
  // Nothing is waited for any more.
  bool is_done() const { return states_.empty() || states_[current_].transitions.empty(); }
  // A scenario that never stops at one moment is stopped, with this error.
  const Result<void>& status() const { return status_; }

  void on_entry(const JournalEntry& entry) override;
  bool wants_sent() const override { return wants_sent_; }

  static constexpr int kMaxStepsOfAMoment = 100;

 private:
  struct Armed {
    std::uint64_t seen = 0;
    Timer timer;
  };
  void enter(std::size_t state);
  void arm(std::size_t transition, Timestamp due);
  void take(std::size_t transition);

  TimerService& timers_;
  Journal& journal_;
  std::vector<State> states_;
  std::function<void(const Action&)> act_;
  Timestamp began_at_;
  std::size_t current_ = 0;
  std::vector<Armed> armed_;  // of the current state's transitions
  bool listening_ = false;
  bool wants_sent_ = false;
  std::string place_;
  Timestamp moment_{};
  int steps_of_moment_ = 0;
  Result<void> status_;
};

}  // namespace ktape::scenario
