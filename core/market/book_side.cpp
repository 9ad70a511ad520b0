#include "core/market/book_side.hpp"

#include <algorithm>
#include <cstring>

namespace ktape {

void BookSide::clear() {
  levels_.clear();
  tokens_.clear();
}

// The place of `price`, or where it would be inserted. All levels have the same scale, so coefficients compare.
std::size_t BookSide::find(const Decimal& price) const {
  const Int128 wanted = price.coefficient();
  const auto position =
      side_ == Side::Buy
          ? std::partition_point(levels_.begin(), levels_.end(),
                                 [wanted](const Level& level) { return level.price.coefficient() < wanted; })
          : std::partition_point(levels_.begin(), levels_.end(),
                                 [wanted](const Level& level) { return level.price.coefficient() > wanted; });
  return static_cast<std::size_t>(position - levels_.begin());
}

bool BookSide::set(const Level& level) {
  const std::size_t place = find(level.price);
  const auto offset = static_cast<std::ptrdiff_t>(place);
  const bool found = place < levels_.size() && levels_[place].price.coefficient() == level.price.coefficient();
  if (level.quantity.is_zero()) {
    if (!found) return false;
    levels_.erase(levels_.begin() + offset);
    tokens_.erase(tokens_.begin() + offset);
  } else if (found) {
    levels_[place].quantity = level.quantity;
    tokens_[place].length = 0;
  } else {
    levels_.insert(levels_.begin() + offset, level);
    tokens_.emplace(tokens_.begin() + offset);
  }
  return true;
}

void BookSide::truncate(std::size_t depth) {
  if (levels_.size() <= depth) return;
  const auto excess = static_cast<std::ptrdiff_t>(levels_.size() - depth);
  levels_.erase(levels_.begin(), levels_.begin() + excess);
  tokens_.erase(tokens_.begin(), tokens_.begin() + excess);
}

bool BookSide::widen(int price_places, int quantity_places) {
  for (std::size_t i = 0; i < levels_.size(); ++i) {
    const auto price = levels_[i].price.rescaled(price_places);
    const auto quantity = levels_[i].quantity.rescaled(quantity_places);
    if (!price || !quantity) return false;
    levels_[i] = Level{*price, *quantity};
    tokens_[i].length = 0;
  }
  return true;
}

char* BookSide::write_checksum_digits(std::size_t count, char* out) {
  const std::size_t last = levels_.size() - std::min(count, levels_.size());
  for (std::size_t i = levels_.size(); i-- > last;) {
    Token& token = tokens_[i];
    if (token.length == 0) {
      char* const start = out;
      out += levels_[i].price.write_digits(out);
      out += levels_[i].quantity.write_digits(out);
      const auto length = static_cast<std::size_t>(out - start);
      if (length <= token.digits.size()) {
        std::memcpy(token.digits.data(), start, length);
        token.length = static_cast<std::uint8_t>(length);
      }
    } else {
      // A copy of fixed size compiles to a few moves; what is too much is overwritten by the next level.
      std::memcpy(out, token.digits.data(), token.digits.size());
      out += token.length;
    }
  }
  return out;
}

}  // namespace ktape
