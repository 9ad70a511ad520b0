#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/clock.hpp"
#include "core/wire/exchange.hpp"
#include "faults/fault_plan.hpp"
#include "faults/faulty_exchange.hpp"
#include "scenario/expectations.hpp"
#include "scenario/journal.hpp"
#include "scenario/journaling_exchange.hpp"
#include "scenario/report.hpp"
#include "scenario/scenario.hpp"
#include "scenario/scenario_run.hpp"

namespace ktape::scenario {

// What a scenario wants of whoever serves it. What is empty is not done, and the journal says so.
struct ScenarioHooks {
  std::function<Result<void>(std::string_view state)> set_engine{};
  std::function<void()> pause{};
  std::function<void()> end{};
};

// An exchange inside of a scenario: clients first meet the journal, which notes what they really say and hear, then the
// faults, then the exchange. It takes the steps, and holds what is expected against what happens. Without steps, faults
// and expectations it is a journal that can be given all of them while it runs.
class ScenarioExchange final : public Exchange {
 public:
  // All outlive it. The beginning is now; the first state is entered by begin().
  ScenarioExchange(TimerService& timers, Exchange& inner, Scenario scenario, ScenarioHooks hooks,
                   JournalOptions journal = {});
  ScenarioExchange(const ScenarioExchange&) = delete;
  ScenarioExchange& operator=(const ScenarioExchange&) = delete;

  // Once, when everything that `hooks` touch is there.
  void begin();

  void attach(ConnectionId connection, const Endpoint& endpoint, FrameSink& client) override {
    door_.attach(connection, endpoint, client);
  }
  void on_frame(const Frame& frame) override { door_.on_frame(frame); }

  const Scenario& scenario() const { return scenario_; }
  const ScenarioRun& run() const { return run_; }
  Journal& journal() { return journal_; }
  const Journal& journal() const { return journal_; }
  JournalingExchange& door() { return door_; }
  const JournalingExchange& door() const { return door_; }
  FaultPlan& faults() { return faults_; }
  Expectations& expectations() { return expectations_; }

  // The state of the engine, as an action sets it; "online" is that of the market itself.
  Result<void> set_engine(std::string_view state);
  const std::string& engine() const { return engine_; }
  Result<FaultId> add_fault(Fault fault);
  // How many of that name there were.
  std::size_t remove_faults(std::string_view name);
  // False: there is none.
  bool remove_fault(FaultId id);
  bool enable_fault(FaultId id, bool enabled);

  // As it stands, or as if it ended now. Once it has ended, both are what they were then.
  Report report(bool at_end) const;
  // The run is over: nothing is noted or expected any more. An EndRun does the same.
  void finish();
  bool has_ended() const { return final_.has_value(); }
  // The first thing that could not be done.
  const Result<void>& status() const { return status_ ? run_.status() : status_; }

 private:
  void act(const Action& action);
  void note(std::string text);

  Scenario scenario_;
  ScenarioHooks hooks_;
  const Clock& clock_;
  Journal journal_;
  Expectations expectations_;
  FaultPlan faults_;
  FaultyExchange faulty_;
  JournalingExchange door_;
  ScenarioRun run_;
  std::string engine_ = "online";
  std::optional<Report> final_;
  Result<void> status_;
};

}  // namespace ktape::scenario
