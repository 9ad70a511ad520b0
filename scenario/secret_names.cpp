#include "scenario/secret_names.hpp"

#include <fmt/format.h>

namespace ktape::scenario {
namespace {

// As the Redactor spells it.
constexpr std::string_view kPrefix = "ktape-redacted-";
constexpr std::size_t kPseudonymBytes = kPrefix.size() + 12;

}  // namespace

std::string SecretNames::hide(std::string_view text) {
  const std::string_view redacted = redactor_.redact(text);
  std::string out;
  std::size_t done = 0;
  for (std::size_t at = redacted.find(kPrefix); at != redacted.npos; at = redacted.find(kPrefix, done)) {
    const std::string_view pseudonym = redacted.substr(at, kPseudonymBytes);
    out += redacted.substr(done, at - done);
    if (is_pseudonym(pseudonym)) {
      if (numbers_.size() >= kMaxKnown) numbers_.clear();
      const auto [known, is_new] = numbers_.try_emplace(std::string(pseudonym), last_ + 1);
      if (is_new) ++last_;
      out += fmt::format("secret-{}", known->second);
      done = at + kPseudonymBytes;
    } else {
      out += kPrefix;
      done = at + kPrefix.size();
    }
  }
  out += redacted.substr(done);
  return out;
}

}  // namespace ktape::scenario
