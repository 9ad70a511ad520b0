#pragma once

#include <string>
#include <string_view>

namespace ktape::test {

// A path in the source tree that the tests were built from: "datasets/decimals.ktape".
std::string in_source_tree(std::string_view path);

// Another program of the same build: "ktape".
std::string built_program(std::string_view name);

}  // namespace ktape::test
