#include "tests/support/places.hpp"

#include <filesystem>

namespace ktape::test {

std::string in_source_tree(std::string_view path) {
  // The only file that is compiled with the place of the tree, so that a compiler cache serves trees in other places.
  return std::string(KTAPE_SOURCE_DIR) + "/" + std::string(path);
}

std::string built_program(std::string_view name) {
  return (std::filesystem::read_symlink("/proc/self/exe").parent_path() / name).string();
}

}  // namespace ktape::test
