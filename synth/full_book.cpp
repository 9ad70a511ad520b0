#include "synth/full_book.hpp"

#include <algorithm>

#include "core/base/assert.hpp"

namespace ktape::synth {

void BookStep::append_to(std::size_t depth, std::vector<Lots>& out) const {
  if (rank >= kBookDepths[depth]) return;
  out.push_back(level);
  if (entering[depth].quantity != 0) out.push_back(entering[depth]);
}

BookStep FullSide::set(Lots level) {
  const auto place =
      std::lower_bound(worst_first_.begin(), worst_first_.end(), level.ticks,
                       [this](const Lots& each, std::int64_t price) { return better(price, each.ticks); });
  const bool known = place != worst_first_.end() && place->ticks == level.ticks;
  const auto above = static_cast<std::size_t>(worst_first_.end() - place);
  if (level.quantity != 0) {
    BookStep step{.side = side_, .level = level, .rank = known ? above - 1 : above};
    if (known) {
      place->quantity = level.quantity;
    } else {
      worst_first_.insert(place, level);
    }
    return step;
  }

  KTAPE_ASSERT(known, "a level that is not in the book was removed");
  BookStep step{.side = side_, .level = level, .rank = above - 1};
  worst_first_.erase(place);
  for (std::size_t i = 0; i < kBookDepths.size(); ++i) {
    if (step.rank < kBookDepths[i] && size() >= kBookDepths[i]) step.entering[i] = at(kBookDepths[i] - 1);
  }
  return step;
}

}  // namespace ktape::synth
