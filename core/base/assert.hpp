#pragma once

namespace ktape::detail {

// Prints the broken condition with its place to stderr and aborts: a bug must not go on to write wrong data.
[[noreturn]] void assertion_failed(const char* condition, const char* file, int line, const char* explanation);

}  // namespace ktape::detail

// For what only a bug in this program can break, never for bad input. On in every build type.
#define KTAPE_ASSERT(condition, explanation)           \
  (static_cast<bool>(condition) ? static_cast<void>(0) \
                                : ::ktape::detail::assertion_failed(#condition, __FILE__, __LINE__, explanation))
