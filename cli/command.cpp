#include "cli/command.hpp"

#include <cstdio>

#include <fmt/format.h>

namespace ktape::cli {

void say(std::string_view line) { fmt::print(stderr, "{}\n", line); }

int report(const Error& error) {
  fmt::print(stderr, "ktape: {}\n", error.detail);
  return error.code == Errc::InvalidArgument ? kUsage : kFailed;
}

}  // namespace ktape::cli
