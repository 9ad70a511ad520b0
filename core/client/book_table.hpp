#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "core/base/clock.hpp"
#include "core/market/event.hpp"
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
};

// The books of one connection, each a state machine of its own: AwaitSnapshot -> Live -> Invalid -> AwaitSnapshot.
// Updates to a book that is not Live are dropped; its change of state was told.
class BookTable {
 public:
  // Called when a book should be subscribed anew.
  using Recover = std::function<void(const std::string& symbol)>;

  // `timers` and `events` outlive it.
  BookTable(TimerService& timers, EventSink& events, BookRecovery recovery, Recover recover);

  void take(const BookSnapshot& snapshot);
  void take(const BookUpdate& update);

  // The pair's decimal places, for books that begin from now on.
  void set_places(std::string_view symbol, int price_places, int quantity_places);

  void subscribed(std::string_view symbol, int depth);
  void unsubscribed(std::string_view symbol);
  void connection_lost();

  const OrderBook* find(std::string_view symbol) const;
  const std::map<std::string, OrderBook, std::less<>>& all() const { return books_; }
  const BookStats& stats() const { return stats_; }

 private:
  struct Places {
    int price;
    int quantity;
  };
  struct Failures {
    int in_a_row = 0;
    Timestamp last{};
    Timer timer{};  // until the snapshot is overdue, or the next attempt
  };

  OrderBook& book_of(std::string_view symbol, std::size_t levels_seen, std::optional<int> depth = {});
  void tell_change(const OrderBook& book, BookState before, std::string_view reason);
  void broken(const OrderBook& book, const Error& error);
  void await_snapshot(const std::string& symbol);

  TimerService& timers_;
  EventSink& events_;
  BookRecovery recovery_;
  Recover recover_;
  std::map<std::string, OrderBook, std::less<>> books_;
  std::map<std::string, Places, std::less<>> places_;
  std::map<std::string, Failures, std::less<>> failures_;
  BookStats stats_;
};

}  // namespace ktape
