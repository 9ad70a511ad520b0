#include "scenario/scenario_run.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

namespace ktape::scenario {
namespace {

Timestamp saturated(Timestamp at, Duration span) {
  return span > Timestamp::max() - std::max(at, Timestamp{}) ? Timestamp::max() : at + span;
}

}  // namespace

ScenarioRun::ScenarioRun(TimerService& timers, Journal& journal, std::vector<State> states,
                         std::function<void(const Action&)> act)
    : timers_(timers), journal_(journal), states_(std::move(states)), act_(std::move(act)), began_at_(timers.now()) {
  journal.listen(*this);
}

void ScenarioRun::begin() {
  if (!states_.empty()) enter(0);
}

void ScenarioRun::enter(std::size_t state) {
  current_ = state;
  const State& here = states_[state];
  if (!here.name.empty()) {
    place_ = here.name;
    journal_.add({.event = JournalEvent::Step, .name = here.name});
  }
  for (const Action& action : here.actions) act_(action);
  const auto is_sent = [](const Transition& transition) {
    return transition.when.what && transition.when.what->what.event == JournalEvent::Sent;
  };
  wants_sent_ = std::any_of(here.transitions.begin(), here.transitions.end(), is_sent);
  armed_ = std::vector<Armed>(here.transitions.size());
  listening_ = true;
  for (std::size_t i = 0; i < here.transitions.size(); ++i) {
    const Trigger& when = here.transitions[i].when;
    if (when.at) arm(i, saturated(began_at_, *when.at));
    if (!when.at && !when.what) arm(i, saturated(timers_.now(), when.after));
  }
}

void ScenarioRun::arm(std::size_t transition, Timestamp due) {
  armed_[transition].timer = timers_.at(due, [this, transition](Timestamp) { take(transition); });
}

void ScenarioRun::on_entry(const JournalEntry& entry) {
  if (!listening_) return;
  const State& here = states_[current_];
  for (std::size_t i = 0; i < here.transitions.size(); ++i) {
    const Trigger& when = here.transitions[i].when;
    if (!when.what || !when.what->what.matches(entry)) continue;
    if (++armed_[i].seen == when.what->times) arm(i, saturated(entry.at, when.after));
  }
}

void ScenarioRun::take(std::size_t transition) {
  listening_ = false;
  armed_.clear();
  if (std::exchange(moment_, timers_.now()) != timers_.now()) steps_of_moment_ = 0;
  const Transition& taken = states_[current_].transitions[transition];
  if (++steps_of_moment_ > kMaxStepsOfAMoment) {
    status_ = fail(Errc::Limit, fmt::format("the scenario takes more than {} steps at one moment, the last from '{}'",
                                            kMaxStepsOfAMoment, place_));
    return;
  }
  if (!taken.name.empty()) {
    place_ = taken.name;
    journal_.add({.event = JournalEvent::Step, .name = taken.name});
  }
  for (const Action& action : taken.actions) act_(action);
  enter(taken.to);
}

}  // namespace ktape::scenario
