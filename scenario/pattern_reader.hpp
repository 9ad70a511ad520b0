#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "scenario/expectations.hpp"
#include "yaml/reader.hpp"

// The parts of a scenario's language that speak of the journal. Private to this folder.
namespace ktape::scenario {

// The conditions of `event: {method: subscribe, ...}`; only those that an entry of that event can have are allowed.
Result<EntryPattern> read_pattern(const yaml::Reader& reader, const YAML::Node& node, JournalEvent event);

// Reads a member that is not the anchor's; false if it is unknown. `allowed` names them all in an error.
struct OtherMembers {
  std::string_view allowed{};
  std::function<Result<bool>(const std::string& name, const YAML::Node& value)> read{};
};
// "{connect: {connection: 2}, times: 3}"; `what` names it in an error. Nothing if it has only other members.
Result<std::optional<Anchor>> read_anchor(const yaml::Reader& reader, const YAML::Node& node, std::string_view what,
                                          const OtherMembers& others = {});

Result<Expectation> read_expectation(const yaml::Reader& reader, const YAML::Node& node);

}  // namespace ktape::scenario
