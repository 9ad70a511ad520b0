#include "replay/packed_book.hpp"

#include <string_view>
#include <utility>
#include <vector>

#include "core/base/assert.hpp"

namespace ktape {
namespace {

// Seven bits a byte, the lowest first; all but the last byte have the eighth bit set.
void append_number(std::string& out, UInt128 number) {
  while (number >= 0x80) {
    out.push_back(static_cast<char>(static_cast<unsigned char>(number & 0x7F) | 0x80U));
    number >>= 7;
  }
  out.push_back(static_cast<char>(number));
}

UInt128 take_number(std::string_view& in) {
  UInt128 number = 0;
  for (int shift = 0;; shift += 7) {
    KTAPE_ASSERT(!in.empty(), "what was packed is whole");
    const auto byte = static_cast<unsigned char>(in.front());
    in.remove_prefix(1);
    number |= static_cast<UInt128>(byte & 0x7FU) << shift;
    if (byte < 0x80) return number;
  }
}

// Numbers of either sign: 0, -1, 1, -2, ... become 0, 1, 2, 3, ...
UInt128 folded(Int128 number) {
  const auto bits = static_cast<UInt128>(number);
  return number < 0 ? ~(bits << 1) : bits << 1;
}
Int128 unfolded(UInt128 number) { return static_cast<Int128>((number & 1) != 0 ? ~(number >> 1) : number >> 1); }

void append_side(std::string& out, LevelsView levels) {
  append_number(out, levels.size());
  Int128 before = 0;
  for (const Level& level : levels) {
    append_number(out, folded(level.price.coefficient() - before));
    append_number(out, folded(level.quantity.coefficient()));
    before = level.price.coefficient();
  }
}

std::vector<Level> take_side(std::string_view& in, int price_places, int quantity_places) {
  std::vector<Level> levels(static_cast<std::size_t>(take_number(in)));
  Int128 price = 0;
  for (Level& level : levels) {
    price += unfolded(take_number(in));
    level.price = Decimal::from_units(price, price_places);
    level.quantity = Decimal::from_units(unfolded(take_number(in)), quantity_places);
  }
  return levels;
}

}  // namespace

PackedBook::PackedBook(const OrderBook& book) : spec_(book.spec()), sequence_(book.sequence()) {
  // All levels of a book have the same places.
  for (const LevelsView& levels : {book.bids(), book.asks()}) {
    if (levels.empty()) continue;
    price_places_ = static_cast<std::uint8_t>(levels.front().price.scale());
    quantity_places_ = static_cast<std::uint8_t>(levels.front().quantity.scale());
  }
  append_side(bytes_, book.bids());
  append_side(bytes_, book.asks());
  bytes_.shrink_to_fit();
}

OrderBook PackedBook::unpacked() const {
  std::string_view rest = bytes_;
  const auto bids = take_side(rest, price_places_, quantity_places_);
  const auto asks = take_side(rest, price_places_, quantity_places_);
  OrderBook book(spec_);
  const auto done = book.reset(
      {.symbol = spec_.symbol, .bids = bids, .asks = asks, .checksum = {}, .exchange_time = {}, .sequence = sequence_});
  KTAPE_ASSERT(done.has_value(), "the levels of a book make a book");
  return book;
}

void BookCell::make(BookSpec spec) {
  open_ = std::make_unique<OrderBook>(std::move(spec));
  packed_.reset();
}

OrderBook& BookCell::edit() {
  if (!open_) open_ = std::make_unique<OrderBook>(packed_->unpacked());
  packed_.reset();
  return *open_;
}

const std::shared_ptr<const PackedBook>& BookCell::packed() const {
  if (!packed_ && open_) packed_ = std::make_shared<const PackedBook>(*open_);
  return packed_;
}

}  // namespace ktape
