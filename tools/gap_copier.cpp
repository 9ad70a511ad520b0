#include "tools/gap_copier.hpp"

#include <algorithm>

namespace ktape {

GapCopier::GapCopier(const SessionReader& in, std::optional<Timestamp> from, Change change)
    : in_(in), from_(from), change_(std::move(change)) {}

void GapCopier::copy(Gap gap, SessionWriter& out) {
  if (from_ && gap.to < *from_) return;
  if (gap.cause == GapCause::Disconnected && (!from_ || gap.from >= *from_)) return;
  if (from_ && gap.from < *from_) gap.from = *from_;
  if (!change_) return out.note_gap(gap);
  if (const auto changed = change_(std::move(gap))) out.note_gap(*changed);
}

void GapCopier::copy_until(Timestamp at, SessionWriter& out) {
  const auto gaps = in_.gaps();
  if (gaps.size() == done_.size()) return;
  for (const Gap& gap : gaps) {
    if (gap.to > at || std::find(done_.begin(), done_.end(), gap) != done_.end()) continue;
    done_.push_back(gap);
    copy(gap, out);
  }
}

void GapCopier::finish(std::optional<Timestamp> to, SessionWriter& out) {
  for (Gap gap : in_.gaps()) {
    if (std::find(done_.begin(), done_.end(), gap) != done_.end()) continue;
    done_.push_back(gap);
    if (to && gap.from >= *to) continue;
    if (to && gap.to > *to) gap.to = *to;
    copy(std::move(gap), out);
  }
}

}  // namespace ktape
