#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <span>
#include <vector>

#include "core/market/event.hpp"

namespace ktape {

// The levels of one side, read best first. Valid until the book changes. (clang 14 cannot compile the reverse_view of
// libstdc++ 12, which this would be otherwise.)
class LevelsView {
 public:
  using Iterator = std::reverse_iterator<const Level*>;

  explicit LevelsView(std::span<const Level> worst_first) : levels_(worst_first) {}

  Iterator begin() const { return Iterator(levels_.data() + levels_.size()); }
  Iterator end() const { return Iterator(levels_.data()); }
  std::size_t size() const { return levels_.size(); }
  bool empty() const { return levels_.empty(); }
  const Level& front() const { return levels_.back(); }
  const Level& operator[](std::size_t place) const { return levels_[levels_.size() - 1 - place]; }

  // The best `count` of them, or all if they are fewer.
  LevelsView best(std::size_t count) const { return LevelsView(levels_.last(std::min(count, levels_.size()))); }

 private:
  std::span<const Level> levels_;
};

// One side of a book: levels in price order, one per price, all with the same number of decimal places. The best level
// stands at the end of the array, where most changes happen, so that an insertion moves little memory.
class BookSide {
 public:
  explicit BookSide(Side side) : side_(side) {}

  LevelsView levels() const { return LevelsView(std::span<const Level>(levels_)); }
  std::size_t size() const { return levels_.size(); }

  void clear();

  // Inserts, replaces, or, with quantity zero, removes. False if a level to be removed was not there.
  bool set(const Level& level);

  // Drops the worst levels beyond `depth`.
  void truncate(std::size_t depth);

  // Gives every level these many places. They are never fewer than before, so nothing is lost unless a number leaves
  // the range of Decimal: then false.
  bool widen(int price_places, int quantity_places);

  // Appends the checksum digits of the best `count` levels (spot-v2 section 9.1) to `out`, which has room for
  // count * kMaxTokenBytes + sizeof(Token) characters; returns the new end.
  char* write_checksum_digits(std::size_t count, char* out);

  static constexpr std::size_t kMaxTokenBytes = 2 * std::size_t{Decimal::kMaxDigits + 1};

 private:
  // The digits of price and quantity, made when a level first comes under the checksum and kept with it: writing them
  // anew for every message costs more than the checksum itself. Longer ones are not kept.
  struct Token {
    std::array<char, 39> digits;
    std::uint8_t length = 0;
  };

  std::size_t find(const Decimal& price) const;

  Side side_;
  std::vector<Level> levels_;  // worst first
  std::vector<Token> tokens_;  // beside levels_; length 0: not made
};

}  // namespace ktape
