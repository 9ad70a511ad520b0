#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace ktape {

// A secret value inside a payload. [begin, end) is what has to be replaced.
struct SecretRange {
  std::size_t begin = 0;
  std::size_t end = 0;
  std::string value;   // with all escapes undone, so that every spelling of a secret is the same secret
  std::string quotes;  // to be put around the replacement: a number was not in quotes, and text must be
};

// Whether find_secrets() could find anything. Quick, and wrong in one direction only: a false alarm costs time.
bool may_hold_secrets(std::string_view payload);

// The values of members, headers and query parameters whose names mean a secret, in order and without overlap. Looks
// into strings that hold JSON, header lines or URLs themselves. Any bytes are allowed; what is not JSON is no error.
std::vector<SecretRange> find_secrets(std::string_view payload);

}  // namespace ktape
