#pragma once

#include <filesystem>
#include <string>

#include <stdlib.h>

#include "core/base/assert.hpp"

namespace ktape {

// A folder of its own for one test, gone with it.
class TemporaryFolder {
 public:
  TemporaryFolder() : path_((std::filesystem::temp_directory_path() / "ktape-test-XXXXXX").string()) {
    KTAPE_ASSERT(::mkdtemp(path_.data()) != nullptr, "the folder for temporary files must be writable");
  }
  ~TemporaryFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;

  std::string file(const std::string& name) const { return path_ + "/" + name; }

 private:
  std::string path_;
};

}  // namespace ktape
