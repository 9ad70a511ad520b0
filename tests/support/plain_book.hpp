#pragma once

#include <array>
#include <cstddef>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "core/base/crc.hpp"
#include "core/base/decimal.hpp"

namespace ktape::test {

// A book as the plainest clients keep it: the texts of the wire in a map, and the checksum over them. It shares nothing
// with OrderBook, and it is strict: nothing may be removed that it does not hold.
class PlainBook {
 public:
  enum class Cut {
    AfterMessage,    // as Kraken documents it
    AfterEachLevel,  // as some clients do, which only works where removals come first
  };

  explicit PlainBook(std::size_t depth, Cut cut = Cut::AfterMessage) : depth_(depth), cut_(cut) {}

  // Takes a book message, and nothing else. What a client would be upset by; empty: all fits.
  std::string hear(std::string_view text) {
    if (!text.starts_with(R"({"channel":"book")")) return {};
    const bool snapshot = text.find(R"("type":"snapshot")") != std::string_view::npos;
    if (snapshot) {
      bids_.clear();
      asks_.clear();
    }
    ++(snapshot ? snapshots : updates);
    if (auto wrong = take(bids_, list_of(text, R"("bids":[)")); !wrong.empty()) return wrong;
    if (auto wrong = take(asks_, list_of(text, R"("asks":[)")); !wrong.empty()) return wrong;
    cut(bids_);
    cut(asks_);
    const auto at = text.find(R"("checksum":)");
    if (at == std::string_view::npos) return fmt::format("no checksum: {}", text);
    const std::string told(text.substr(at + 11, text.find_first_of(",}", at + 11) - at - 11));
    const std::string own = std::to_string(crc32_ieee(digits(asks_) + digits(bids_)));
    return told == own ? std::string() : fmt::format("checksum {} where the book has {}: {}", told, own, text);
  }

  std::size_t bids() const { return bids_.size(); }
  std::size_t asks() const { return asks_.size(); }
  // "63000.0 0.50000000", best first.
  std::string text() const { return shown(bids_) + "/" + shown(asks_); }

  int snapshots = 0;
  int updates = 0;
  // One-sided lists that removed and set levels, and those among them where a removal came behind.
  int mixed_lists = 0;
  int late_removals = 0;

 private:
  struct Level {
    std::string price, quantity;
  };
  using Side = std::map<Decimal, Level, std::function<bool(const Decimal&, const Decimal&)>>;

  static std::string_view list_of(std::string_view text, std::string_view name) {
    const auto begin = text.find(name) + name.size();
    return text.substr(begin, text.find(']', begin) - begin);
  }

  std::string take(Side& side, std::string_view list) {
    bool removed = false;
    bool set = false;
    bool late = false;
    while (!list.empty()) {
      const auto price_at = list.find(R"("price":)") + 8;
      const auto comma = list.find(',', price_at);
      const auto quantity_at = list.find(R"("qty":)", comma) + 6;
      const auto end = list.find('}', quantity_at);
      const std::string price(list.substr(price_at, comma - price_at));
      const std::string quantity(list.substr(quantity_at, end - quantity_at));
      list.remove_prefix(std::min(list.size(), end + 2));
      const Decimal key = Decimal::parse(price).value();
      if (quantity.find_first_not_of("0.") == std::string::npos) {
        removed = true;
        late = late || set;
        if (side.erase(key) == 0) return fmt::format("a removal of {}, which is not held", price);
      } else {
        set = true;
        side.insert_or_assign(key, Level{price, quantity});
        if (cut_ == Cut::AfterEachLevel) cut(side);
      }
    }
    if (removed && set) ++mixed_lists;
    if (removed && late) ++late_removals;
    return {};
  }

  void cut(Side& side) const {
    while (side.size() > depth_) side.erase(std::prev(side.end()));
  }

  static std::string digits(const Side& side) {
    std::string all;
    std::size_t left = 10;
    for (const auto& [key, level] : side) {
      if (left-- == 0) break;
      for (const auto& number : {level.price, level.quantity}) {
        std::string plain = number;
        std::erase(plain, '.');
        all += plain.substr(std::min(plain.find_first_not_of('0'), plain.size()));
      }
    }
    return all;
  }

  static std::string shown(const Side& side) {
    std::string all;
    for (const auto& [key, level] : side) all += fmt::format("{} {}\n", level.price, level.quantity);
    return all;
  }

  std::size_t depth_;
  Cut cut_;
  Side bids_{[](const Decimal& a, const Decimal& b) { return a > b; }};
  Side asks_{[](const Decimal& a, const Decimal& b) { return a < b; }};
};

}  // namespace ktape::test
