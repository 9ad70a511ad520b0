#include "core/base/assert.hpp"

#include <cstdio>
#include <cstdlib>

namespace ktape::detail {

void assertion_failed(const char* condition, const char* file, int line, const char* explanation) {
  std::fprintf(stderr, "ktape: bug at %s:%d: %s (%s does not hold)\n", file, line, explanation, condition);
  std::abort();
}

}  // namespace ktape::detail
