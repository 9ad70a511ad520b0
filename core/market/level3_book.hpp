#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.hpp"
#include "core/market/event.hpp"
#include "core/market/order_book.hpp"

namespace ktape {

// An order that rests in a book, as its owner's competitors see it.
struct BookOrder {
  std::string order_id{};
  Decimal price{};
  Decimal quantity{};         // visible and remaining
  Timestamp exchange_time{};  // inserted or amended
};

// The book of one symbol order by order, kept as Kraken's rules want it (spot-v2 sections 5.4 and 9.2): the entries of
// a message in their order, each by what happened and never by its quantity; then truncation to the depth, which counts
// price levels; then the checksum over every order of the best ten levels of each side.
//
// Within a price, orders stand in the order of their times, equal ones in the order of arrival: a level that moves back
// into the window is told as additions with their old times. An order that is told at another price than before, with
// its old time, goes to the end of its new queue.
class Level3Book {
 public:
  // Best price first. Queues are never empty.
  struct Better {
    Side side;
    bool operator()(const Decimal& a, const Decimal& b) const { return side == Side::Buy ? a > b : a < b; }
  };
  using Queue = std::vector<BookOrder>;
  using Levels = std::map<Decimal, Queue, Better>;

  // BookSpec::depth is 10, 100 or 1000.
  explicit Level3Book(BookSpec spec);

  const BookSpec& spec() const { return spec_; }
  BookState state() const { return state_; }

  // What these show is only to be trusted while state() is Live; pointers and spans hold until the book changes.
  const Levels& bids() const { return bids_; }
  const Levels& asks() const { return asks_; }
  // First in the queue first; empty for a price without orders.
  std::span<const BookOrder> orders(Side side, const Decimal& price) const;
  // nullptr if it does not rest in the window.
  const BookOrder* find(std::string_view order_id) const;
  // The best `count` levels with the sums of their quantities. A sum beyond the range of Decimal is an error.
  Result<std::vector<Level>> aggregated(Side side, std::size_t count) const;
  std::size_t order_count() const { return places_.size(); }

  // Starts anew from a snapshot. An error (Checksum, Protocol, Limit) leaves it Invalid.
  Result<void> reset(const Level3Snapshot& snapshot);

  // An error (Checksum, Protocol, Limit) makes the book Invalid until the next reset(). An update before a snapshot is
  // a Protocol error that changes nothing.
  Result<void> apply(const Level3Update& update);

  // Subscribed again, or the connection is lost: empty, and AwaitSnapshot.
  void await_snapshot();

  // CRC32 over the digits of price and quantity of each order of the best ten levels per side, asks first. Nothing if a
  // number does not fit the pair's places, which an applied message makes impossible.
  std::optional<std::uint32_t> checksum() const;

  // Changes of orders that were not there: a Delete was ignored, a Modify taken as an addition. Kraken sends none; the
  // checksum decides whether it mattered.
  std::uint64_t unknown_orders() const { return unknown_orders_; }
  std::uint64_t checksums_verified() const { return checksums_verified_; }

  static constexpr std::size_t kChecksumLevels = 10;
  static constexpr std::size_t kMaxOrders = 1'000'000;

 private:
  struct Place {
    Side side = Side::Buy;
    Decimal price{};
  };

  Result<void> take(const char* what, std::span<const RestingOrder> bids, std::span<const RestingOrder> asks,
                    std::optional<std::uint32_t> expected);
  Result<void> take(Side side, const RestingOrder& order);
  Result<void> learn_places(const RestingOrder& order);
  void put(Side side, const RestingOrder& order, bool at_the_end);
  void remove(const std::map<std::string, Place, std::less<>>::iterator& known);
  void truncate(Levels& levels);
  void clear();
  Levels& levels(Side side) { return side == Side::Buy ? bids_ : asks_; }

  BookSpec spec_;
  int price_places_;
  int quantity_places_;
  BookState state_ = BookState::AwaitSnapshot;
  Levels bids_{Better{Side::Buy}};
  Levels asks_{Better{Side::Sell}};
  std::map<std::string, Place, std::less<>> places_;  // of every order
  std::uint64_t unknown_orders_ = 0;
  std::uint64_t checksums_verified_ = 0;
};

}  // namespace ktape
