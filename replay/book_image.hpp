#pragma once

#include <cstddef>
#include <vector>

#include "core/market/order_book.hpp"

namespace ktape {

// The best levels of a book as a subscriber of some depth holds them; 0 is the whole book.
struct BookImage {
  std::vector<Level> bids;  // best first
  std::vector<Level> asks;

  static BookImage of(const OrderBook& book, std::size_t depth);
};

// The entries of an update that turns one image into another by Kraken's rules (spot-v2 section 5.3): changed and new
// levels, and removals of levels that are gone from `full`. Nothing for a level that only fell out of the depth: the
// subscriber drops it by itself. Removals come first on each side, since some clients cut to the depth level by level.
struct BookChange {
  std::vector<Level> bids;
  std::vector<Level> asks;

  bool empty() const { return bids.empty() && asks.empty(); }

  // `after` is an image of `full`, whose depth is at least that of the images.
  static BookChange between(const BookImage& before, const BookImage& after, const OrderBook& full);
};

}  // namespace ktape
