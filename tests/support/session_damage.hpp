#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "core/session/format.hpp"
#include "core/session/session_reader.hpp"
#include "tests/support/session_fixture.hpp"

namespace ktape {

// What a reader tells about frames that were written and are not there, once it has read to the end.
struct DamageReport {
  std::uint64_t lost = 0;
  bool unknown = false;  // some gap does not know its count
  std::vector<Gap> gaps;
};
DamageReport damage_report(const SessionReader& reader);

// Whether the frames of `part` are all in `whole`, in the same order.
bool is_subsequence(const std::vector<OwnedFrame>& part, const std::vector<OwnedFrame>& whole);

// The records of an undamaged file.
struct RecordPlace {
  format::RecordType type;
  std::size_t begin = 0;
  std::size_t end = 0;
  std::size_t frames = 0;
};
std::vector<RecordPlace> records_of(const std::string& file);

}  // namespace ktape
