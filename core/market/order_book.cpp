#include "core/market/order_book.hpp"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "core/base/crc.hpp"

namespace ktape {

OrderBook::OrderBook(BookSpec spec)
    : spec_(std::move(spec)),
      price_places_(spec_.price_places.value_or(0)),
      quantity_places_(spec_.quantity_places.value_or(0)) {}

Result<void> OrderBook::reset(const BookSnapshot& snapshot) {
  await_snapshot();
  state_ = BookState::Invalid;
  if (auto done = fill(bids_, snapshot.bids); !done) return done;
  if (auto done = fill(asks_, snapshot.asks); !done) return done;
  sequence_ = snapshot.sequence;
  return finish("snapshot", snapshot.checksum);
}

Result<void> OrderBook::apply(const BookUpdate& update) {
  if (state_ != BookState::Live) {
    return fail(Errc::Protocol, fmt::format("book {}: an update while {}", spec_.symbol,
                                            state_ == BookState::Invalid ? "invalid" : "waiting for a snapshot"));
  }
  if (update.sequence && sequence_) {
    if (repeats(update)) {
      ++duplicates_;
      return {};
    }
    if (*update.sequence != *sequence_ + 1) {
      state_ = BookState::Invalid;
      return fail(Errc::Sequence, fmt::format("book {}: an update has the number {}, {} was due", spec_.symbol,
                                              *update.sequence, *sequence_ + 1));
    }
    sequence_ = update.sequence;
  }
  state_ = BookState::Invalid;
  for (const Level& level : update.bids) {
    if (auto done = set(bids_, level); !done) return done;
  }
  for (const Level& level : update.asks) {
    if (auto done = set(asks_, level); !done) return done;
  }
  return finish("update", update.checksum);
}

void OrderBook::await_snapshot() {
  bids_.clear();
  asks_.clear();
  sequence_.reset();
  state_ = BookState::AwaitSnapshot;
}

// The side is empty.
Result<void> OrderBook::fill(BookSide& side, std::span<const Level> levels) {
  const auto better = [&](const Level& a, const Level& b) {
    return &side == &bids_ ? a.price > b.price : a.price < b.price;
  };
  // A whole futures book has thousands of levels, told best first. Each goes to the end of the array if they are taken
  // in the opposite order, which makes a difference only where one price is told twice.
  const bool sorted = std::adjacent_find(levels.begin(), levels.end(),
                                         [&](const Level& a, const Level& b) { return !better(a, b); }) == levels.end();
  for (std::size_t i = 0; i < levels.size(); ++i) {
    const Level& level = levels[sorted ? levels.size() - 1 - i : i];
    if (level.quantity.is_zero()) continue;
    if (auto done = set(side, level); !done) return done;
  }
  return {};
}

Result<void> OrderBook::finish(const char* what, std::optional<std::uint32_t> expected) {
  if (spec_.depth > 0) {
    const auto depth = static_cast<std::size_t>(spec_.depth);
    bids_.truncate(depth);
    asks_.truncate(depth);
  }
  if (expected) {
    const std::uint32_t computed = checksum();
    if (computed != *expected) {
      return fail(Errc::Checksum, fmt::format("book {}: {} says checksum {}, the book gives {}", spec_.symbol, what,
                                              *expected, computed));
    }
    ++checksums_verified_;
  }
  state_ = BookState::Live;
  return {};
}

Result<void> OrderBook::set(BookSide& side, const Level& level) {
  if (level.price.coefficient() < 0 || level.quantity.coefficient() < 0) {
    return fail(Errc::Protocol, fmt::format("book {}: a negative level, price {} quantity {}", spec_.symbol,
                                            level.price.text(), level.quantity.text()));
  }
  if (level.price.scale() == price_places_ && level.quantity.scale() == quantity_places_) {
    if (!side.set(level)) ++unknown_removals_;
    return {};
  }
  const bool wide_enough = widen(level);
  const auto price = level.price.rescaled(price_places_);
  const auto quantity = level.quantity.rescaled(quantity_places_);
  if (!wide_enough || !price || !quantity) {
    return fail(Errc::Protocol,
                fmt::format("book {}: price {} or quantity {} does not fit the pair's {} and {} decimal places",
                            spec_.symbol, level.price.text(), level.quantity.text(), price_places_, quantity_places_));
  }
  if (!side.set(Level{*price, *quantity})) ++unknown_removals_;
  return {};
}

// Learns more places from a number wider than any before, where the pair's places were not given.
bool OrderBook::widen(const Level& level) {
  const int price_places = spec_.price_places ? price_places_ : std::max(price_places_, level.price.scale());
  const int quantity_places =
      spec_.quantity_places ? quantity_places_ : std::max(quantity_places_, level.quantity.scale());
  if (price_places == price_places_ && quantity_places == quantity_places_) return true;
  price_places_ = price_places;
  quantity_places_ = quantity_places;
  return bids_.widen(price_places, quantity_places) && asks_.widen(price_places, quantity_places);
}

std::uint32_t OrderBook::checksum() {
  std::array<char, 2 * kChecksumLevels * BookSide::kMaxTokenBytes + 64> text;
  char* end = asks_.write_checksum_digits(kChecksumLevels, text.data());
  end = bids_.write_checksum_digits(kChecksumLevels, end);
  return crc32_ieee({text.data(), static_cast<std::size_t>(end - text.data())});
}

}  // namespace ktape
