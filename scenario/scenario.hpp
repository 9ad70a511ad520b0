#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "core/base/result.hpp"
#include "core/base/time.hpp"
#include "core/wire/frame.hpp"
#include "faults/fault.hpp"
#include "scenario/expectations.hpp"

namespace ktape::scenario {

// A fault without a name has that of its kind.
std::string name_of(const Fault& fault);

// online, post_only, limit_only, cancel_only, maintenance
bool is_engine_state(std::string_view word);
std::string engine_state_words();

// ---- what a scenario does

struct AddFault {
  Fault fault;
};
struct RemoveFault {
  std::string name;
};
// The state of the matching engine, as status tells it: online, post_only, limit_only, cancel_only or maintenance.
struct SetEngine {
  std::string state;
};
// Ends connections, 1006 without a close frame; 0 ends all.
struct CloseConnections {
  std::uint32_t connection = 0;
  CloseInfo why;
};
// Time stands until somebody lets it go on by the admin API.
struct PauseClock {};
struct WriteNote {
  std::string text;
};
// The run is over: the server stops, and what was expected is decided.
struct EndRun {};

using Action = std::variant<AddFault, RemoveFault, SetEngine, CloseConnections, PauseClock, WriteNote, EndRun>;

// When something is due: at a time since the beginning, so long after the state was entered, or so long after the
// journal has had something since then.
struct Trigger {
  std::optional<Duration> at{};
  std::optional<Anchor> what{};
  Duration after{};
};

struct Transition {
  Trigger when{};
  std::vector<Action> actions{};
  std::size_t to = 0;  // index of a state
  std::string name{};  // of a step, for the journal; empty: the name of the state it leads to
};

// Of its transitions the first whose time comes is taken.
struct State {
  std::string name{};  // empty between the steps of a sequence
  std::vector<Action> actions{};
  std::vector<Transition> transitions{};
};

// What is served, what happens to it, and what a client is expected to do. All times are virtual.
struct Scenario {
  std::string name{};
  std::string description{};
  // What a command line may also say, and then overrules. Paths are as the process needs them.
  std::string recording{};
  std::string accounts{};
  std::string clock{};
  std::string rate{};
  std::string start_offset{};
  std::string duration{};

  std::uint64_t seed = 1;
  std::vector<Fault> faults{};  // from the beginning
  std::vector<State> states{};  // the first is where it begins
  std::vector<Expectation> expectations{};
};

// A scenario from YAML; docs/scenarios.md has the language. An error has the file, the line, the key, the value and
// what is allowed. Relative paths in it are relative to the folder of `path`.
Result<Scenario> parse_scenario(std::string_view yaml, const std::string& path);
Result<Scenario> read_scenario(const std::string& path);

// One expectation, as a scenario has them.
Result<Expectation> parse_expectation(std::string_view yaml, const std::string& path);

}  // namespace ktape::scenario
