#include "tests/support/session_damage.hpp"

#include <algorithm>

#include "core/base/assert.hpp"
#include "core/session/session_directory.hpp"

namespace ktape {

DamageReport damage_report(const SessionReader& reader) {
  DamageReport report;
  for (Gap& gap : reader.gaps()) {
    if (gap.cause != GapCause::Damaged && gap.cause != GapCause::Crash) continue;
    if (gap.frames) {
      report.lost += *gap.frames;
    } else {
      report.unknown = true;
    }
    report.gaps.push_back(std::move(gap));
  }
  return report;
}

bool is_subsequence(const std::vector<OwnedFrame>& part, const std::vector<OwnedFrame>& whole) {
  auto at = whole.begin();
  for (const OwnedFrame& frame : part) {
    at = std::find(at, whole.end(), frame);
    if (at == whole.end()) return false;
    ++at;
  }
  return true;
}

std::vector<RecordPlace> records_of(const std::string& file) {
  std::vector<RecordPlace> records;
  MemorySource source(file);
  const auto visited = SessionDirectory::load(
      source, SessionDirectory::Way::Hop,
      [&](std::uint64_t offset, const format::RecordHeader& header) -> Result<void> {
        const auto begin = static_cast<std::size_t>(offset);
        records.push_back(
            {header.type, begin, begin + format::kRecordHeaderBytes + header.stored_length, header.frames});
        return {};
      });
  KTAPE_ASSERT(visited.has_value(), "the file is undamaged");
  return records;
}

}  // namespace ktape
