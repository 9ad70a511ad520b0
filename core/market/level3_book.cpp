#include "core/market/level3_book.hpp"

#include <algorithm>
#include <array>
#include <iterator>
#include <utility>

#include <fmt/format.h>

#include "core/base/crc.hpp"

namespace ktape {
namespace {

bool append_digits(std::string& out, const Decimal& number, int places) {
  const auto scaled = number.rescaled(places);
  if (!scaled) return false;
  std::array<char, Decimal::kMaxDigits + 1> digits;
  out.append(digits.data(), scaled->write_digits(digits.data()));
  return true;
}

}  // namespace

Level3Book::Level3Book(BookSpec spec)
    : spec_(std::move(spec)),
      price_places_(spec_.price_places.value_or(0)),
      quantity_places_(spec_.quantity_places.value_or(0)) {}

std::span<const BookOrder> Level3Book::orders(Side side, const Decimal& price) const {
  const Levels& levels = side == Side::Buy ? bids_ : asks_;
  const auto level = levels.find(price);
  if (level == levels.end()) return {};
  return level->second;
}

const BookOrder* Level3Book::find(std::string_view order_id) const {
  const auto known = places_.find(order_id);
  if (known == places_.end()) return nullptr;
  const auto queue = orders(known->second.side, known->second.price);
  const auto order =
      std::find_if(queue.begin(), queue.end(), [order_id](const BookOrder& o) { return o.order_id == order_id; });
  return order == queue.end() ? nullptr : &*order;
}

Result<std::vector<Level>> Level3Book::aggregated(Side side, std::size_t count) const {
  const Levels& levels = side == Side::Buy ? bids_ : asks_;
  std::vector<Level> out;
  for (const auto& [price, queue] : levels) {
    if (out.size() == count) break;
    Int128 sum = 0;
    for (const BookOrder& order : queue) {
      const auto quantity = order.quantity.rescaled(quantity_places_);
      if (!quantity || __builtin_add_overflow(sum, quantity->coefficient(), &sum) ||
          sum >= power_of_ten(Decimal::kMaxDigits)) {
        return fail(Errc::Limit, fmt::format("level3 book {}: the quantities at price {} are too large to add up",
                                             spec_.symbol, price.text()));
      }
    }
    out.push_back({price, Decimal::from_units(sum, quantity_places_)});
  }
  return out;
}

Result<void> Level3Book::reset(const Level3Snapshot& snapshot) {
  clear();
  return take("snapshot", snapshot.bids, snapshot.asks, snapshot.checksum);
}

Result<void> Level3Book::apply(const Level3Update& update) {
  if (state_ != BookState::Live) {
    return fail(Errc::Protocol, fmt::format("level3 book {}: an update while {}", spec_.symbol,
                                            state_ == BookState::Invalid ? "invalid" : "waiting for a snapshot"));
  }
  return take("update", update.bids, update.asks, update.checksum);
}

void Level3Book::await_snapshot() {
  clear();
  state_ = BookState::AwaitSnapshot;
}

void Level3Book::clear() {
  bids_.clear();
  asks_.clear();
  places_.clear();
}

Result<void> Level3Book::take(const char* what, std::span<const RestingOrder> bids, std::span<const RestingOrder> asks,
                              std::optional<std::uint32_t> expected) {
  state_ = BookState::Invalid;
  for (const RestingOrder& order : bids) {
    if (auto done = take(Side::Buy, order); !done) return done;
  }
  for (const RestingOrder& order : asks) {
    if (auto done = take(Side::Sell, order); !done) return done;
  }
  truncate(bids_);
  truncate(asks_);
  if (expected) {
    const auto computed = checksum();
    if (computed != expected) {
      return fail(Errc::Checksum, fmt::format("level3 book {}: {} says checksum {}, the book gives {}", spec_.symbol,
                                              what, *expected, computed ? fmt::to_string(*computed) : "none"));
    }
    ++checksums_verified_;
  }
  state_ = BookState::Live;
  return {};
}

Result<void> Level3Book::take(Side side, const RestingOrder& order) {
  const auto known = places_.find(order.order_id);
  if (order.action == OrderAction::Delete) {
    if (known == places_.end()) {
      ++unknown_orders_;
    } else {
      remove(known);
    }
    return {};
  }
  if (order.price.coefficient() < 0 || order.quantity.coefficient() <= 0) {
    return fail(Errc::Protocol, fmt::format("level3 book {}: order {} makes no sense, price {} quantity {}",
                                            spec_.symbol, order.order_id, order.price.text(), order.quantity.text()));
  }
  if (auto fits = learn_places(order); !fits) return fits;
  bool at_the_end = false;
  if (known != places_.end()) {
    const Place before = known->second;
    const bool stays = order.action == OrderAction::Modify && before.side == side && before.price == order.price;
    Queue& queue = levels(before.side).find(before.price)->second;
    const auto place =
        std::find_if(queue.begin(), queue.end(), [&order](const BookOrder& o) { return o.order_id == order.order_id; });
    const bool same_time = place->exchange_time == order.exchange_time;
    if (stays && same_time) {
      place->quantity = order.quantity;
      return {};
    }
    // A new time tells its place, however many orders move in one message; an old one would put it before others.
    at_the_end = !stays && same_time;
    remove(known);
  } else if (order.action == OrderAction::Modify) {
    ++unknown_orders_;
  }
  if (places_.size() >= kMaxOrders) {
    return fail(Errc::Limit, fmt::format("level3 book {}: more than {} orders", spec_.symbol, kMaxOrders));
  }
  put(side, order, at_the_end);
  return {};
}

// Where the pair's places were not given, the widest numbers seen give them: Kraken pads all of them.
Result<void> Level3Book::learn_places(const RestingOrder& order) {
  if (!spec_.price_places) price_places_ = std::max(price_places_, order.price.scale());
  if (!spec_.quantity_places) quantity_places_ = std::max(quantity_places_, order.quantity.scale());
  if (order.price.rescaled(price_places_) && order.quantity.rescaled(quantity_places_)) return {};
  return fail(Errc::Protocol,
              fmt::format("level3 book {}: price {} or quantity {} does not fit the pair's {} and {} decimal places",
                          spec_.symbol, order.price.text(), order.quantity.text(), price_places_, quantity_places_));
}

void Level3Book::put(Side side, const RestingOrder& order, bool at_the_end) {
  Queue& queue = levels(side)[order.price];
  auto place = queue.end();
  // From the end, where nearly all of them belong.
  while (!at_the_end && place != queue.begin() && std::prev(place)->exchange_time > order.exchange_time) --place;
  queue.insert(place, {std::string(order.order_id), order.price, order.quantity, order.exchange_time});
  places_.insert_or_assign(std::string(order.order_id), Place{side, order.price});
}

void Level3Book::remove(const std::map<std::string, Place, std::less<>>::iterator& known) {
  Levels& side = levels(known->second.side);
  const auto level = side.find(known->second.price);
  std::erase_if(level->second, [known](const BookOrder& order) { return order.order_id == known->first; });
  if (level->second.empty()) side.erase(level);
  places_.erase(known);
}

void Level3Book::truncate(Levels& levels) {
  while (levels.size() > static_cast<std::size_t>(spec_.depth)) {
    const auto worst = std::prev(levels.end());
    for (const BookOrder& order : worst->second) places_.erase(order.order_id);
    levels.erase(worst);
  }
}

std::optional<std::uint32_t> Level3Book::checksum() const {
  std::string text;
  for (const Levels* side : {&asks_, &bids_}) {
    std::size_t count = 0;
    for (auto level = side->begin(); level != side->end() && count < kChecksumLevels; ++level, ++count) {
      for (const BookOrder& order : level->second) {
        const bool fits =
            append_digits(text, order.price, price_places_) && append_digits(text, order.quantity, quantity_places_);
        if (!fits) return std::nullopt;
      }
    }
  }
  return crc32_ieee(text);
}

}  // namespace ktape
