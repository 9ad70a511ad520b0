#include "cli/command.hpp"

#include <cstdio>

#include <fmt/format.h>
#include <sys/prctl.h>

namespace ktape::cli {

void forbid_core_dumps() {
  // The limit of a core's size would not do: it is not asked where cores are piped to a program. Under a sanitizer the
  // process has to be open to the search for leaks, which this would shut out as well.
#ifndef KTAPE_SANITIZED
  prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
#endif
}

void say(std::string_view line) { fmt::print(stderr, "{}\n", line); }

int report(const Error& error) {
  fmt::print(stderr, "ktape: {}\n", error.detail);
  return error.code == Errc::InvalidArgument ? kUsage : kFailed;
}

}  // namespace ktape::cli
