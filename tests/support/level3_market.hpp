#pragma once

#include <algorithm>
#include <cstdint>
#include <deque>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "core/base/random.hpp"
#include "core/market/level3_book.hpp"

namespace ktape::test {

struct RestingAt {
  std::int64_t price;
  std::int64_t quantity;
  std::int64_t time;
};

// All orders of a market, and what a subscriber of `depth` levels is told of them (spot-v2 section 5.4): nothing of an
// order that only leaves the window, an addition with its old time of one that enters it.
class Level3Market {
 public:
  Level3Market(std::uint64_t seed, std::size_t depth) : random_(seed), depth_(depth) {}

  void change() {
    for (auto count = 1 + random_.below(3); count > 0; --count) change_one();
  }

  // Best first, by time within a price: the definition, with no thought for speed.
  std::vector<std::pair<std::string, RestingAt>> window(bool bids) const {
    std::vector<std::pair<std::string, RestingAt>> all;
    for (const auto& one : bids ? bids_ : asks_) all.push_back(one);
    std::sort(all.begin(), all.end(), [bids](const auto& a, const auto& b) {
      if (a.second.price != b.second.price) return bids == (a.second.price > b.second.price);
      return a.second.time < b.second.time;
    });
    std::size_t levels = 0;
    std::size_t end = 0;
    for (; end < all.size(); ++end) {
      if (end == 0 || all[end].second.price != all[end - 1].second.price) ++levels;
      if (levels > depth_) break;
    }
    all.resize(end);
    return all;
  }

  std::vector<RestingOrder> told(bool bids, const std::vector<std::pair<std::string, RestingAt>>& before) {
    const auto after = window(bids);
    const auto& exists = bids ? bids_ : asks_;
    std::vector<RestingOrder> out;
    for (const auto& [id, old] : before) {
      // An order that its owner moves out of the window is told to have left, unlike one that the window leaves behind.
      const auto now = exists.find(id);
      const bool seen =
          std::any_of(after.begin(), after.end(), [&id = id](const auto& one) { return one.first == id; });
      if (now == exists.end() || (!seen && now->second.price != old.price)) {
        out.push_back(order(OrderAction::Delete, id, old));
      }
    }
    for (const auto& [id, now] : after) {
      const auto old =
          std::find_if(before.begin(), before.end(), [&id = id](const auto& one) { return one.first == id; });
      if (old == before.end()) {
        out.push_back(order(OrderAction::Add, id, now));
      } else if (old->second.quantity != now.quantity || old->second.price != now.price ||
                 old->second.time != now.time) {
        out.push_back(order(OrderAction::Modify, id, now));
      }
    }
    // The entries of a message come in no order of price.
    for (std::size_t i = out.size(); i > 1; --i) std::swap(out[i - 1], out[random_.below(i)]);
    return out;
  }

  std::vector<RestingOrder> snapshot(bool bids) {
    std::vector<RestingOrder> out;
    for (const auto& [id, now] : window(bids)) out.push_back(order(OrderAction::Add, id, now));
    return out;
  }

 private:
  RestingOrder order(OrderAction action, const std::string& id, const RestingAt& resting) {
    ids_.push_back(id);
    return {.action = action,
            .order_id = ids_.back(),
            .price = Decimal::from_units(resting.price, 1),
            .quantity = Decimal::from_units(resting.quantity, 8),
            .exchange_time = from_nanoseconds(resting.time)};
  }

  void change_one() {
    ++time_;
    const bool bids = random_.below(2) == 0;
    auto& side = bids ? bids_ : asks_;
    const auto price = static_cast<std::int64_t>(bids ? 1000 - random_.below(20) : 1001 + random_.below(20));
    const auto quantity = static_cast<std::int64_t>(1 + random_.below(1'000'000'000));
    if (side.empty() || random_.below(3) == 0) {
      side.emplace(fmt::format("O{}", next_id_++), RestingAt{price, quantity, time_});
      return;
    }
    const auto chosen = std::next(side.begin(), static_cast<std::ptrdiff_t>(random_.below(side.size())));
    switch (random_.below(4)) {
      case 0:
        chosen->second = {price, quantity, time_};  // amended: the back of its queue
        break;
      case 1:
        chosen->second.quantity = (chosen->second.quantity + 1) / 2;  // filled in part: keeps its place
        break;
      default:
        side.erase(chosen);
    }
  }

  Random random_;
  std::size_t depth_;
  std::map<std::string, RestingAt> bids_, asks_;
  std::deque<std::string> ids_;  // what is told points here
  std::int64_t time_ = 1'788'249'607'000'000'000;
  int next_id_ = 1;
};

inline std::string show(const Level3Book::Levels& levels) {
  std::string out;
  for (const auto& [price, queue] : levels) {
    for (const BookOrder& order : queue)
      out += fmt::format("{} {} {}\n", price.text(), order.order_id, order.quantity.text());
  }
  return out;
}
inline std::string show(const std::vector<std::pair<std::string, RestingAt>>& window) {
  std::string out;
  for (const auto& [id, one] : window) {
    out += fmt::format("{} {} {}\n", Decimal::from_units(one.price, 1).text(), id,
                       Decimal::from_units(one.quantity, 8).text());
  }
  return out;
}

}  // namespace ktape::test
