#include "scenario/scenario_exchange.hpp"

#include <utility>

#include <fmt/format.h>

namespace ktape::scenario {
namespace {

template <class... Visitors>
struct Overloaded : Visitors... {
  using Visitors::operator()...;
};
template <class... Visitors>
Overloaded(Visitors...) -> Overloaded<Visitors...>;

}  // namespace

ScenarioExchange::ScenarioExchange(TimerService& timers, Exchange& inner, Scenario scenario, ScenarioHooks hooks,
                                   JournalOptions journal)
    : scenario_(std::move(scenario)),
      hooks_(std::move(hooks)),
      clock_(timers),
      journal_(timers, journal),
      expectations_(timers, journal_),
      faults_(timers, scenario_.seed),
      faulty_(timers, inner, faults_),
      door_(timers, faulty_, journal_),
      run_(timers, journal_, scenario_.states, [this](const Action& action) { act(action); }) {
  faults_.on_act([this](const FaultAct& act) {
    journal_.add({.event = JournalEvent::Fault,
                  .connection = static_cast<std::uint32_t>(act.connection),
                  .name = std::string(act.name),
                  .text = "acted"});
  });
  for (const Expectation& expectation : scenario_.expectations) {
    if (auto added = expectations_.add(expectation); !added && status_) status_ = added;
  }
}

void ScenarioExchange::begin() {
  for (const Fault& fault : scenario_.faults) act(AddFault{fault});
  run_.begin();
}

void ScenarioExchange::note(std::string text) { journal_.add({.event = JournalEvent::Note, .text = std::move(text)}); }

Result<FaultId> ScenarioExchange::add_fault(Fault fault) {
  const std::string name = name_of(fault);
  auto id = faults_.add(std::move(fault));
  if (id) journal_.add({.event = JournalEvent::Fault, .name = name, .text = "added"});
  return id;
}

bool ScenarioExchange::remove_fault(FaultId id) {
  const auto known = faults_.find(id);
  if (!known) return false;
  faults_.remove(id);
  journal_.add({.event = JournalEvent::Fault, .name = name_of(known->fault), .text = "removed"});
  return true;
}

bool ScenarioExchange::enable_fault(FaultId id, bool enabled) {
  const auto known = faults_.find(id);
  if (!known) return false;
  faults_.set_enabled(id, enabled);
  journal_.add({.event = JournalEvent::Fault, .name = name_of(known->fault), .text = enabled ? "enabled" : "disabled"});
  return true;
}

std::size_t ScenarioExchange::remove_faults(std::string_view name) {
  std::size_t removed = 0;
  for (const FaultStatus& known : faults_.list()) {
    if (name_of(known.fault) == name && remove_fault(known.id)) ++removed;
  }
  return removed;
}

Result<void> ScenarioExchange::set_engine(std::string_view state) {
  if (!hooks_.set_engine) return fail(Errc::Unsupported, "the engine of this exchange has no states");
  if (auto set = hooks_.set_engine(state); !set) return set;
  engine_ = state;
  journal_.add({.event = JournalEvent::Engine, .name = engine_});
  return {};
}

void ScenarioExchange::act(const Action& action) {
  const auto failed = [this](const Error& error) {
    note("failed: " + error.detail);
    if (status_) status_ = tl::unexpected<Error>(error);
  };
  std::visit(Overloaded{[&](const AddFault& add) {
                          if (const auto id = add_fault(add.fault); !id) failed(id.error());
                        },
                        [&](const RemoveFault& remove) { remove_faults(remove.name); },
                        [&](const SetEngine& set) {
                          if (const auto done = set_engine(set.state); !done) failed(done.error());
                        },
                        [&](const CloseConnections& close) {
                          if (close.connection == 0) {
                            door_.close_all(close.why);
                          } else {
                            door_.close(close.connection, close.why);
                          }
                        },
                        [&](const PauseClock&) {
                          journal_.add({.event = JournalEvent::Clock, .text = "paused"});
                          if (hooks_.pause) hooks_.pause();
                        },
                        [&](const WriteNote& written) { note(written.text); },
                        [&](const EndRun&) {
                          note("the end");
                          finish();
                          if (hooks_.end) hooks_.end();
                        }},
             action);
}

void ScenarioExchange::finish() {
  if (final_) return;
  final_ = report(true);
  journal_.finish();
}

Report ScenarioExchange::report(bool at_end) const {
  if (final_) return *final_;
  return {scenario_.name, expectations_.began_at(), clock_.now(),
          at_end ? expectations_.final_findings() : expectations_.findings()};
}

}  // namespace ktape::scenario
