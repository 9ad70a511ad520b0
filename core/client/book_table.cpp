#include "core/client/book_table.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include <fmt/format.h>

namespace ktape {
namespace {

// Kraken's book depths: a book whose depth nobody told has the smallest one that its snapshot fits in.
constexpr std::array kDepths{10, 25, 100, 500, 1000};

int depth_for(std::size_t levels) {
  const auto fits = std::find_if(kDepths.begin(), kDepths.end(),
                                 [levels](int depth) { return static_cast<std::size_t>(depth) >= levels; });
  return fits == kDepths.end() ? kDepths.back() : *fits;
}

}  // namespace

BookTable::BookTable(TimerService& timers, EventSink& events, BookRecovery recovery, Recover recover)
    : timers_(timers), events_(events), recovery_(recovery), recover_(std::move(recover)) {}

void BookTable::take(const BookSnapshot& snapshot) {
  OrderBook& book = book_of(snapshot.symbol, std::max(snapshot.bids.size(), snapshot.asks.size()));
  const BookState before = book.state();
  if (const auto done = book.reset(snapshot); !done) {
    broken(book, done.error());
    return;
  }
  if (snapshot.checksum) ++stats_.checksums_verified;
  events_.on_event(snapshot);
  tell_change(book, before, "snapshot");
}

void BookTable::take(const BookUpdate& update) {
  OrderBook& book = book_of(update.symbol, 0);
  if (book.state() != BookState::Live) return;  // its change of state was told; the next snapshot mends it
  if (const auto done = book.apply(update); !done) {
    broken(book, done.error());
    return;
  }
  if (update.checksum) ++stats_.checksums_verified;
  events_.on_event(update);
}

void BookTable::set_places(std::string_view symbol, int price_places, int quantity_places) {
  places_.insert_or_assign(std::string(symbol), Places{price_places, quantity_places});
}

void BookTable::subscribed(std::string_view symbol, int depth) {
  const auto found = books_.find(symbol);
  const BookState before = found == books_.end() ? BookState::Invalid : found->second.state();
  if (found != books_.end()) books_.erase(found);
  OrderBook& book = book_of(symbol, 0, depth);
  tell_change(book, before, "subscribed");
  await_snapshot(book.spec().symbol);
}

void BookTable::await_snapshot(const std::string& symbol) {
  const Duration patience = recovery_.snapshot_timeout;
  failures_[symbol].timer = timers_.at(timers_.now() + patience, [this, symbol, patience](Timestamp) {
    const OrderBook* book = find(symbol);
    if (book == nullptr || book->state() != BookState::AwaitSnapshot) return;
    broken(*book, {Errc::Protocol, fmt::format("book {}: no snapshot within {}", symbol, format_duration(patience))});
  });
}

void BookTable::unsubscribed(std::string_view symbol) {
  const auto found = books_.find(symbol);
  if (found == books_.end()) return;
  if (const auto failures = failures_.find(symbol); failures != failures_.end()) failures->second.timer.cancel();
  const BookState before = found->second.state();
  found->second.await_snapshot();
  tell_change(found->second, before, "unsubscribed");
}

void BookTable::connection_lost() {
  for (auto& [symbol, failures] : failures_) failures.timer.cancel();
  for (auto& [symbol, book] : books_) {
    const BookState before = book.state();
    book.await_snapshot();
    tell_change(book, before, "the connection is down");
  }
}

const OrderBook* BookTable::find(std::string_view symbol) const {
  const auto found = books_.find(symbol);
  return found == books_.end() ? nullptr : &found->second;
}

OrderBook& BookTable::book_of(std::string_view symbol, std::size_t levels_seen, std::optional<int> depth) {
  if (const auto found = books_.find(symbol); found != books_.end()) return found->second;
  BookSpec spec{.symbol = std::string(symbol), .depth = depth.value_or(depth_for(levels_seen))};
  if (const auto pair = places_.find(symbol); pair != places_.end()) {
    spec.price_places = pair->second.price;
    spec.quantity_places = pair->second.quantity;
  }
  return books_.emplace(spec.symbol, OrderBook(spec)).first->second;
}

void BookTable::tell_change(const OrderBook& book, BookState before, std::string_view reason) {
  if (book.state() != before) events_.on_event(BookStateChange{book.spec().symbol, book.state(), reason});
}

void BookTable::broken(const OrderBook& book, const Error& error) {
  if (error.code == Errc::Checksum) ++stats_.checksums_failed;
  const std::string symbol = book.spec().symbol;
  events_.on_event(BookStateChange{symbol, BookState::Invalid, error.detail});

  Failures& failures = failures_[symbol];
  const Timestamp now = timers_.now();
  if (failures.in_a_row > 0 && now - failures.last >= recovery_.calm) failures.in_a_row = 0;
  Duration delay = recovery_.first_delay;
  if (failures.in_a_row > 0) {
    const int doublings = std::min(failures.in_a_row - 1, 20);
    delay = std::min(recovery_.next_delay * (std::int64_t{1} << doublings), recovery_.longest_delay);
  }
  ++failures.in_a_row;
  failures.last = now;
  if (delay == Duration::zero()) {
    recover_(symbol);
  } else {
    failures.timer = timers_.at(now + delay, [this, symbol](Timestamp) { recover_(symbol); });
  }
}

}  // namespace ktape
