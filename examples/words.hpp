#pragma once

#include <cstdio>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

namespace examples {

// A command line: "--name value" are options, the rest is what it is.
class Words {
 public:
  Words(int argc, char** argv) {
    for (int i = 1; i < argc; ++i) {
      const std::string word = argv[i];
      if (word.starts_with("--") && i + 1 < argc) {
        options_[word.substr(2)] = argv[++i];
      } else {
        rest.push_back(word);
      }
    }
  }
  std::string option(const std::string& name, const std::string& standard) const {
    const auto found = options_.find(name);
    return found == options_.end() ? standard : found->second;
  }
  std::vector<std::string> rest;

 private:
  std::map<std::string, std::string> options_;
};

template <class... Values>
void print(fmt::format_string<Values...> format, Values&&... values) {
  std::fputs((fmt::format(format, std::forward<Values>(values)...) + "\n").c_str(), stdout);
  std::fflush(stdout);
}

inline int fail_with(const std::string& what) {
  std::fputs((what + "\n").c_str(), stderr);
  return 1;
}

}  // namespace examples
