#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/protocol/spot_v2/codec.hpp"
#include "tests/support/event_log.hpp"

namespace ktape::test {

// Decodes with the fast path and with RapidJSON alone. They must tell the same of every text.
class BothPaths {
 public:
  // Each takes the text from memory of exactly its size, so that a sanitizer notices a step past the end.
  void decode(std::string_view text) {
    const std::vector<char> exact(text.begin(), text.end());
    fast_log_.clear();
    reference_log_.clear();
    fast_.decode({exact.data(), exact.size()}, fast_log_);
    reference_.decode({exact.data(), exact.size()}, reference_log_);
  }

  bool agree() const {
    const auto& a = fast_.stats();
    const auto& b = reference_.stats();
    return fast_events() == reference_events() && a.messages == b.messages &&
           a.unknown_messages == b.unknown_messages && a.unknown_fields == b.unknown_fields;
  }
  const std::string& fast_events() const { return fast_log_.text(); }
  const std::string& reference_events() const { return reference_log_.text(); }
  const CodecStats& stats() const { return reference_.stats(); }

 private:
  spot_v2::SpotV2Codec fast_{spot_v2::DecodePath::FastFirst};
  spot_v2::SpotV2Codec reference_{spot_v2::DecodePath::RapidJsonOnly};
  EventLog fast_log_;
  EventLog reference_log_;
};

}  // namespace ktape::test
