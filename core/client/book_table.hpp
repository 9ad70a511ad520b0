#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "core/base/clock.hpp"
#include "core/market/event.hpp"
#include "core/market/level3_book.hpp"
#include "core/market/order_book.hpp"

namespace ktape {

// A broken book is mended by a new subscription, which brings a new snapshot. One that breaks again and again is asked
// for less and less often, so that it cannot become a storm; other books are left alone.
struct BookRecovery {
  Duration first_delay = Duration::zero();            // after a book that stood for `calm` or longer: at once
  Duration next_delay = std::chrono::seconds(1);      // then this, doubled each time
  Duration longest_delay = std::chrono::seconds(60);  // up to here
  Duration calm = std::chrono::seconds(60);
  // A book whose snapshot does not follow the confirmation counts as broken.
  Duration snapshot_timeout = std::chrono::seconds(10);
};

struct BookStats {
  std::uint64_t checksums_verified = 0;
  std::uint64_t checksums_failed = 0;
  std::uint64_t sequences_verified = 0;
  std::uint64_t sequences_failed = 0;
  std::uint64_t duplicate_updates = 0;
};

// The decimal places of the pairs, from the instrument channel.
struct PairPlaces {
  int price;
  int quantity;
};
using PlacesBySymbol = std::map<std::string, PairPlaces, std::less<>>;

// The books of one connection and of one kind, OrderBook or Level3Book, each a state machine of its own: AwaitSnapshot
// -> Live -> Invalid -> AwaitSnapshot. Updates to a book that is not Live are dropped; its change of state was told.
template <class Book>
class BookTable {
 public:
  // Called when a book should be subscribed anew.
  using Recover = std::function<void(const std::string& symbol)>;

  // All references outlive it.
  BookTable(TimerService& timers, EventSink& events, const PlacesBySymbol& places, BookRecovery recovery,
            Recover recover);

  template <class Snapshot>
  void take_snapshot(const Snapshot& snapshot);
  template <class Update>
  void take_update(const Update& update);

  // A subscription was asked for. Its snapshot should follow its confirmation, but may come before.
  void requested(const std::string& symbol, int depth) { depths_.insert_or_assign(symbol, depth); }
  // Without a depth the snapshot will show it.
  void subscribed(std::string_view symbol, std::optional<int> depth);
  void unsubscribed(std::string_view symbol);
  void connection_lost();

  const Book* find(std::string_view symbol) const;
  const std::map<std::string, Book, std::less<>>& all() const { return books_; }
  const BookStats& stats() const { return stats_; }

 private:
  struct Failures {
    int in_a_row = 0;
    Timestamp last{};
    Timer timer{};  // until the snapshot is overdue, or the next attempt
  };

  Book& make(std::string_view symbol, int depth);
  // Of a book that comes before it is confirmed: what was asked for, or what it shows.
  template <class Snapshot>
  int depth_for(const Snapshot& snapshot) const;
  void tell_change(const Book& book, BookState before, std::string_view reason);
  void broken(const Book& book, const Error& error);
  void await_snapshot(const std::string& symbol);

  TimerService& timers_;
  EventSink& events_;
  const PlacesBySymbol& places_;
  BookRecovery recovery_;
  Recover recover_;
  std::map<std::string, Book, std::less<>> books_;
  std::map<std::string, int, std::less<>> depths_;  // what was asked for last
  std::map<std::string, Failures, std::less<>> failures_;
  BookStats stats_;
};

extern template class BookTable<OrderBook>;
extern template class BookTable<Level3Book>;
extern template void BookTable<OrderBook>::take_snapshot(const BookSnapshot&);
extern template void BookTable<OrderBook>::take_update(const BookUpdate&);
extern template void BookTable<Level3Book>::take_snapshot(const Level3Snapshot&);
extern template void BookTable<Level3Book>::take_update(const Level3Update&);

}  // namespace ktape
