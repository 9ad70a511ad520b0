#include <algorithm>
#include <array>
#include <filesystem>
#include <limits>
#include <map>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "faults/fault_reader.hpp"
#include "scenario/pattern_reader.hpp"
#include "scenario/scenario.hpp"

namespace ktape::scenario {
namespace {

constexpr std::size_t kMaxFileBytes = std::size_t{1} << 20U;
constexpr std::size_t kMaxStates = 1000;
constexpr std::size_t kMaxActions = 100;  // of one list
constexpr std::size_t kShown = 64;

constexpr std::array<std::string_view, 5> kEngineStates{"online", "post_only", "limit_only", "cancel_only",
                                                        "maintenance"};

class ScenarioReader {
 public:
  explicit ScenarioReader(const std::string& path)
      : reader_(path), folder_(std::filesystem::path(path).parent_path()) {}

  Result<Scenario> read(const YAML::Node& root) {
    auto done = reader_.each_member(
        root, "a scenario", [&](const std::string& name, const YAML::Node& value) { return read_member(name, value); });
    if (!done) return tl::unexpected<Error>(done.error());
    if (out_.name.empty()) return reader_.wrong(root, "name", "missing: every scenario has a name");
    if (has_steps_ && has_states_) return reader_.wrong(root, "states", "a scenario has either steps or states");
    if (auto led = lead_transitions(); !led) return tl::unexpected<Error>(led.error());
    if (auto known = check_removals(); !known) return tl::unexpected<Error>(known.error());
    return std::move(out_);
  }

 private:
  Result<void> read_member(const std::string& name, const YAML::Node& value) {
    if (name == "name") return word(value, name, out_.name);
    if (name == "description") return word(value, name, out_.description);
    if (name == "recording") return path(value, name, out_.recording);
    if (name == "accounts") return path(value, name, out_.accounts);
    if (name == "clock") return one_of(value, name, {"real", "max", "lockstep", "step"}, out_.clock);
    if (name == "rate") return word(value, name, out_.rate);
    if (name == "start_offset") return span(value, name, out_.start_offset);
    if (name == "duration") return span(value, name, out_.duration);
    if (name == "seed") {
      const auto seed = reader_.count(value, name, 0, std::numeric_limits<std::uint64_t>::max());
      if (!seed) return tl::unexpected<Error>(seed.error());
      out_.seed = *seed;
      return {};
    }
    if (name == "faults") return read_all_faults(value);
    if (name == "steps") return read_steps(value);
    if (name == "states") return read_states(value);
    if (name == "expect") {
      return reader_.each_item(value, name, [&](const YAML::Node& item) { return read_one_expectation(item); });
    }
    return reader_.wrong(value, "",
                         fmt::format("unknown key '{}': a scenario has name, description, recording, accounts, clock, "
                                     "rate, start_offset, duration, seed, faults, steps or states, and expect",
                                     name.substr(0, kShown)));
  }

  Result<void> word(const YAML::Node& node, const std::string& key, std::string& out) const {
    auto text = reader_.word(node, key);
    if (!text) return tl::unexpected<Error>(text.error());
    out = std::move(*text);
    while (!out.empty() && out.back() == '\n') out.pop_back();  // of a folded text
    return {};
  }
  Result<void> path(const YAML::Node& node, const std::string& key, std::string& out) const {
    if (auto done = word(node, key, out); !done) return done;
    out = (folder_ / out).lexically_normal().string();
    return {};
  }
  Result<void> span(const YAML::Node& node, const std::string& key, std::string& out) const {
    const auto value = reader_.duration(node, key);
    if (!value) return tl::unexpected<Error>(value.error());
    out = format_duration(*value);
    return {};
  }
  Result<void> one_of(const YAML::Node& node, const std::string& key, const std::vector<std::string_view>& allowed,
                      std::string& out) const {
    if (auto done = word(node, key, out); !done) return done;
    if (std::find(allowed.begin(), allowed.end(), out) != allowed.end()) return {};
    return reader_.wrong(node, key,
                         fmt::format("'{}' is not one of {}", out.substr(0, kShown), fmt::join(allowed, ", ")));
  }

  Result<void> read_all_faults(const YAML::Node& node) {
    auto all = read_faults(reader_, node);
    if (!all) return tl::unexpected<Error>(all.error());
    out_.faults = std::move(*all);
    for (const Fault& fault : out_.faults) note_fault(fault);
    return {};
  }

  Result<void> read_one_expectation(const YAML::Node& node) {
    auto one = read_expectation(reader_, node);
    if (!one) return tl::unexpected<Error>(one.error());
    for (const Expectation& known : out_.expectations) {
      if (known.name == one->name) return reader_.wrong(node, one->name, "another expectation has this name");
    }
    if (out_.expectations.size() >= Expectations::kMaxExpectations) {
      return reader_.wrong(node, "expect", fmt::format("more than {} expectations", Expectations::kMaxExpectations));
    }
    out_.expectations.push_back(std::move(*one));
    return {};
  }

  // ---- steps: each waits for its trigger when the one before is done

  Result<void> read_steps(const YAML::Node& node) {
    has_steps_ = true;
    out_.states.emplace_back();
    return reader_.each_item(node, "steps", [&](const YAML::Node& item) -> Result<void> {
      if (out_.states.size() > kMaxStates) {
        return reader_.wrong(item, "steps", fmt::format("more than {} steps", kMaxStates));
      }
      Transition step;
      bool has_when = false;
      auto read = reader_.each_member(item, "a step", [&](const std::string& name, const YAML::Node& value) {
        if (name == "name") return word(value, name, step.name);
        if (name == "when") {
          has_when = true;
          return read_trigger(value, step.when);
        }
        if (name == "do") return read_actions(value, step.actions);
        return Result<void>(reader_.wrong(
            value, "", fmt::format("unknown key '{}': a step has name, when and do", name.substr(0, kShown))));
      });
      if (!read) return read;
      if (!has_when) return reader_.wrong(item, "when", "missing: every step says when it is due");
      if (step.name.empty()) step.name = fmt::format("step {}", out_.states.size());
      step.to = out_.states.size();
      out_.states.back().transitions.push_back(std::move(step));
      out_.states.emplace_back();
      return {};
    });
  }

  // ---- states: whichever of its triggers comes first leads on

  Result<void> read_states(const YAML::Node& node) {
    has_states_ = true;
    return reader_.each_item(node, "states", [&](const YAML::Node& item) -> Result<void> {
      if (out_.states.size() >= kMaxStates) {
        return reader_.wrong(item, "states", fmt::format("more than {} states", kMaxStates));
      }
      State state;
      const std::size_t index = out_.states.size();
      auto read = reader_.each_member(item, "a state", [&](const std::string& name, const YAML::Node& value) {
        if (name == "name") return word(value, name, state.name);
        if (name == "do") return read_actions(value, state.actions);
        if (name == "on") return read_transitions(value, index, state);
        return Result<void>(reader_.wrong(
            value, "", fmt::format("unknown key '{}': a state has name, do and on", name.substr(0, kShown))));
      });
      if (!read) return read;
      if (state.name.empty()) return reader_.wrong(item, "name", "missing: every state has a name");
      if (!by_name_.emplace(state.name, index).second) {
        return reader_.wrong(item, "name", fmt::format("another state is called '{}'", state.name));
      }
      out_.states.push_back(std::move(state));
      return {};
    });
  }

  Result<void> read_transitions(const YAML::Node& node, std::size_t state, State& out) {
    return reader_.each_item(node, "on", [&](const YAML::Node& item) -> Result<void> {
      Transition transition;
      std::string to;
      bool has_when = false;
      auto read = reader_.each_member(item, "on", [&](const std::string& name, const YAML::Node& value) {
        if (name == "when") {
          has_when = true;
          return read_trigger(value, transition.when);
        }
        if (name == "do") return read_actions(value, transition.actions);
        if (name == "go") return word(value, name, to);
        return Result<void>(
            reader_.wrong(value, "on", fmt::format("unknown key '{}': when, do and go", name.substr(0, kShown))));
      });
      if (!read) return read;
      if (!has_when) return reader_.wrong(item, "when", "missing: it says when the state is left");
      if (to.empty()) return reader_.wrong(item, "go", "missing: the state that follows");
      leads_.push_back({state, out.transitions.size(), to, item});
      out.transitions.push_back(std::move(transition));
      return {};
    });
  }

  // Once all names are known.
  Result<void> lead_transitions() {
    for (const Lead& lead : leads_) {
      const auto found = by_name_.find(lead.to);
      if (found == by_name_.end()) {
        return reader_.wrong(lead.node, "go", fmt::format("there is no state '{}'", lead.to.substr(0, kShown)));
      }
      out_.states[lead.state].transitions[lead.transition].to = found->second;
    }
    return {};
  }

  // ---- what all of them have

  Result<void> read_trigger(const YAML::Node& node, Trigger& out) const {
    bool has_after = false;
    const auto time = [&](const std::string& name, const YAML::Node& value) -> Result<bool> {
      if (name != "at" && name != "after") return false;
      const auto span = reader_.duration(value, name);
      if (!span) return tl::unexpected<Error>(span.error());
      if (name == "at") {
        out.at = *span;
      } else {
        has_after = true;
        out.after = *span;
      }
      return true;
    };
    auto anchor = read_anchor(reader_, node, "when", {"at, after, ", time});
    if (!anchor) return tl::unexpected<Error>(anchor.error());
    out.what = std::move(*anchor);
    if (out.at && (has_after || out.what)) return reader_.wrong(node, "when", "at stands alone");
    if (!out.at && !has_after && !out.what) {
      return reader_.wrong(node, "when", fmt::format("says nothing: at, after, or one of {}", journal_event_words()));
    }
    return {};
  }

  Result<void> read_actions(const YAML::Node& node, std::vector<Action>& out) {
    return reader_.each_item(node, "do", [&](const YAML::Node& item) -> Result<void> {
      if (out.size() >= kMaxActions) return reader_.wrong(item, "do", fmt::format("more than {} actions", kMaxActions));
      if (item.IsScalar() && (item.Scalar() == "pause" || item.Scalar() == "end")) {
        out.push_back(item.Scalar() == "pause" ? Action(PauseClock{}) : Action(EndRun{}));
        return {};
      }
      if (!item.IsMap() || item.size() != 1) return reader_.wrong(item, "do", kActions);
      return reader_.each_member(
          item, "do", [&](const std::string& name, const YAML::Node& value) { return read_action(name, value, out); });
    });
  }

  Result<void> read_action(const std::string& name, const YAML::Node& value, std::vector<Action>& out) {
    if (name == "add_fault") {
      auto fault = read_fault(reader_, value);
      if (!fault) return tl::unexpected<Error>(fault.error());
      note_fault(*fault);
      out.emplace_back(AddFault{std::move(*fault)});
      return {};
    }
    if (name == "remove_fault") {
      RemoveFault remove;
      if (auto done = word(value, name, remove.name); !done) return done;
      removals_.emplace_back(remove.name, value);
      out.emplace_back(std::move(remove));
      return {};
    }
    if (name == "engine") {
      SetEngine engine;
      auto done = one_of(value, name, {kEngineStates.begin(), kEngineStates.end()}, engine.state);
      if (done) out.emplace_back(std::move(engine));
      return done;
    }
    if (name == "close") return read_close(value, out);
    if (name == "note") {
      WriteNote note;
      auto done = word(value, name, note.text);
      if (done) out.emplace_back(std::move(note));
      return done;
    }
    return reader_.wrong(value, "do", fmt::format("unknown action '{}': {}", name.substr(0, kShown), kActions));
  }

  Result<void> read_close(const YAML::Node& node, std::vector<Action>& out) {
    CloseConnections close{.why = {1001, ""}};
    auto read =
        reader_.each_member(node, "close", [&](const std::string& name, const YAML::Node& value) -> Result<void> {
          if (name == "connection") {
            if (value.IsScalar() && value.Scalar() == "all") return {};
            const auto number = reader_.count(value, name, 1, std::numeric_limits<std::uint32_t>::max());
            if (!number) return tl::unexpected<Error>(number.error());
            close.connection = static_cast<std::uint32_t>(*number);
            return {};
          }
          if (name == "code") {
            const auto code = reader_.count(value, name, 1000, 4999);
            if (!code) return tl::unexpected<Error>(code.error());
            if (*code == 1004 || *code == 1005 || *code == 1015 || (*code > 1014 && *code < 3000)) {
              return reader_.wrong(value, name,
                                   fmt::format("{} never stands in a close frame; 1006 cuts without one", *code));
            }
            close.why.code = static_cast<std::uint16_t>(*code);
            return {};
          }
          if (name == "reason") {
            if (auto done = word(value, name, close.why.reason); !done) return done;
            if (close.why.reason.size() > 123)
              return reader_.wrong(value, name, "longer than the 123 bytes of a close frame");
            return {};
          }
          return reader_.wrong(value, "close",
                               fmt::format("unknown key '{}': connection, code and reason", name.substr(0, kShown)));
        });
    if (read) out.emplace_back(std::move(close));
    return read;
  }

  void note_fault(const Fault& fault) { fault_names_.push_back(name_of(fault)); }
  Result<void> check_removals() const {
    for (const auto& [name, node] : removals_) {
      if (std::find(fault_names_.begin(), fault_names_.end(), name) != fault_names_.end()) continue;
      return reader_.wrong(
          node, "remove_fault",
          fmt::format("this scenario never adds a fault '{}'; it adds {}", name.substr(0, kShown),
                      fault_names_.empty() ? "none" : fmt::format("{}", fmt::join(fault_names_, ", "))));
    }
    return {};
  }

  struct Lead {
    std::size_t state;
    std::size_t transition;
    std::string to;
    YAML::Node node;
  };
  static constexpr const char* kActions =
      "an action is one of add_fault, remove_fault, engine, close, note, each with its value, or pause, or end";

  yaml::Reader reader_;
  std::filesystem::path folder_;
  Scenario out_;
  bool has_steps_ = false;
  bool has_states_ = false;
  std::map<std::string, std::size_t> by_name_;
  std::vector<Lead> leads_;
  std::vector<std::string> fault_names_;
  std::vector<std::pair<std::string, YAML::Node>> removals_;
};

}  // namespace

bool is_engine_state(std::string_view word) {
  return std::find(kEngineStates.begin(), kEngineStates.end(), word) != kEngineStates.end();
}

std::string engine_state_words() { return fmt::format("{}", fmt::join(kEngineStates, ", ")); }

std::string name_of(const Fault& fault) {
  return fault.name.empty() ? std::string(ktape::to_string(fault.kind)) : fault.name;
}

Result<Scenario> parse_scenario(std::string_view text, const std::string& path) {
  const auto node = yaml::parse(text, path);
  if (!node) return tl::unexpected<Error>(node.error());
  return ScenarioReader(path).read(*node);
}

Result<Scenario> read_scenario(const std::string& path) {
  const auto text = yaml::read_text(path, kMaxFileBytes);
  if (!text) return tl::unexpected<Error>(text.error());
  return parse_scenario(*text, path);
}

}  // namespace ktape::scenario
