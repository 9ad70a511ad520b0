#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "core/session/redactor.hpp"

namespace ktape::scenario {

// Takes the secrets out of texts that must be the same in every run: each becomes "secret-1", "secret-2" and so on, in
// the order in which they were first seen, the same for the same secret. What the Redactor knows as a secret is one.
class SecretNames {
 public:
  std::string hide(std::string_view text);

  // Beyond so many they are forgotten, but their numbers are not given again.
  static constexpr std::size_t kMaxKnown = 65'536;

 private:
  // Pseudonyms never leave this class, so that nobody can try guesses on them and any key will do.
  Redactor redactor_{RedactionKey{}};
  std::map<std::string, std::uint64_t, std::less<>> numbers_;  // by pseudonym
  std::uint64_t last_ = 0;
};

}  // namespace ktape::scenario
