#pragma once

#include <vector>

#include "faults/fault.hpp"
#include "yaml/reader.hpp"

namespace ktape {

// Faults inside of a larger YAML file.
Result<Fault> read_fault(const yaml::Reader& reader, const YAML::Node& node);
Result<std::vector<Fault>> read_faults(const yaml::Reader& reader, const YAML::Node& list);

}  // namespace ktape
