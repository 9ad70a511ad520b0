#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>

#include "core/market/order_book.hpp"

namespace ktape {

// The levels of a book in few bytes: each price as its distance from the one before, some seven bytes a level. It keeps
// what the book goes on from, so that a copy that was packed and unpacked takes every update as the original does.
class PackedBook {
 public:
  explicit PackedBook(const OrderBook& book);

  OrderBook unpacked() const;
  std::size_t footprint() const { return sizeof *this + bytes_.size(); }

 private:
  BookSpec spec_;
  std::optional<std::uint64_t> sequence_;
  std::uint8_t price_places_ = 0;
  std::uint8_t quantity_places_ = 0;
  std::string bytes_;
};

// A book that is cheap to copy: a copy shares the packed levels, and unpacks its own when it is changed or read.
class BookCell {
 public:
  BookCell() = default;
  BookCell(const BookCell& other) : packed_(other.packed()) {}
  BookCell(BookCell&&) = default;
  BookCell& operator=(const BookCell&) = delete;
  BookCell& operator=(BookCell&&) = default;

  bool exists() const { return open_ != nullptr || packed_ != nullptr; }
  void make(BookSpec spec);

  // exists(). What edit() returns may be changed until the cell is copied.
  OrderBook& edit();
  OrderBook view() const { return open_ ? *open_ : packed_->unpacked(); }

  // Shared by all copies that have not changed since; nullptr if there is no book.
  const std::shared_ptr<const PackedBook>& packed() const;

 private:
  std::unique_ptr<OrderBook> open_;
  mutable std::shared_ptr<const PackedBook> packed_;  // of the book as it is; nullptr after a change
};

}  // namespace ktape
