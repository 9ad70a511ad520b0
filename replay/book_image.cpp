#include "replay/book_image.hpp"

#include <algorithm>
#include <span>

namespace ktape {
namespace {

std::vector<Level> best(LevelsView levels, std::size_t depth) {
  const auto kept = depth == 0 ? levels : levels.best(depth);
  return {kept.begin(), kept.end()};
}

// Both lists are in price order, best first: `better(a, b)` is a's price before b's. The removals go to `out` at once.
template <class Better>
std::vector<Level> change(std::span<const Level> before, std::span<const Level> after, LevelsView full,
                          std::size_t full_depth, Better better) {
  std::vector<Level> removals;
  std::vector<Level> entries;
  const auto is_gone = [&](const Level& level) {
    const auto at = std::ranges::lower_bound(full, level.price, better, &Level::price);
    if (at != full.end()) return at->price != level.price;
    // Worse than all that is known. Behind a side that is full it may still stand.
    return full_depth == 0 || static_cast<std::size_t>(std::ranges::distance(full)) < full_depth;
  };
  auto old = before.begin();
  for (const Level& level : after) {
    for (; old != before.end() && better(old->price, level.price); ++old) {
      if (is_gone(*old)) removals.push_back({old->price, Decimal::from_units(0, old->quantity.scale())});
    }
    const bool held = old != before.end() && old->price == level.price;
    if (!held || old->quantity != level.quantity) entries.push_back(level);
    if (held) ++old;
  }
  for (; old != before.end(); ++old) {
    if (is_gone(*old)) removals.push_back({old->price, Decimal::from_units(0, old->quantity.scale())});
  }
  removals.insert(removals.end(), entries.begin(), entries.end());
  return removals;
}

}  // namespace

BookImage BookImage::of(const OrderBook& book, std::size_t depth) {
  return {best(book.bids(), depth), best(book.asks(), depth)};
}

BookChange BookChange::between(const BookImage& before, const BookImage& after, const OrderBook& full) {
  const auto depth = static_cast<std::size_t>(full.spec().depth);
  const auto higher = [](const Decimal& a, const Decimal& b) { return a > b; };
  const auto lower = [](const Decimal& a, const Decimal& b) { return a < b; };
  return {change(before.bids, after.bids, full.bids(), depth, higher),
          change(before.asks, after.asks, full.asks(), depth, lower)};
}

}  // namespace ktape
