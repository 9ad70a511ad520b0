#include "core/client/book_table.hpp"

#include <algorithm>
#include <array>
#include <span>
#include <utility>

#include <fmt/format.h>

#include "core/protocol/codec.hpp"

namespace ktape {
namespace {

constexpr std::array kDepths{10, 25, 100, 500, 1000};
constexpr std::array kLevel3Depths{10, 100, 1000};

// A book whose depth nobody told has the smallest one of Kraken's that its snapshot fits in.
template <class Depths>
int smallest_depth(std::size_t levels, const Depths& depths) {
  const auto fits = std::find_if(depths.begin(), depths.end(),
                                 [levels](int depth) { return static_cast<std::size_t>(depth) >= levels; });
  return fits == depths.end() ? depths.back() : *fits;
}

// Orders of one side stand in the order of their prices.
std::size_t count_prices(std::span<const RestingOrder> orders) {
  std::size_t prices = 0;
  for (std::size_t i = 0; i < orders.size(); ++i) {
    if (i == 0 || orders[i].price != orders[i - 1].price) ++prices;
  }
  return prices;
}

// One with numbers is told whole (futures-v1 section 4.4).
int depth_of(const BookSnapshot& snapshot) {
  return snapshot.sequence ? 0 : smallest_depth(std::max(snapshot.bids.size(), snapshot.asks.size()), kDepths);
}
int depth_of(const Level3Snapshot& snapshot) {
  return smallest_depth(std::max(count_prices(snapshot.bids), count_prices(snapshot.asks)), kLevel3Depths);
}
int largest_depth(const OrderBook*) { return kDepths.back(); }
int largest_depth(const Level3Book*) { return kLevel3Depths.back(); }

bool repeats(const OrderBook& book, const BookUpdate& update) { return book.repeats(update); }
bool repeats(const Level3Book&, const Level3Update&) { return false; }
bool is_numbered(const BookUpdate& update) { return update.sequence.has_value(); }
bool is_numbered(const Level3Update&) { return false; }

// The channel is told where it is not the usual one.
BookStateChange state_change(const OrderBook& book, BookState state, std::string_view reason) {
  return {book.spec().symbol, state, reason, {}};
}
BookStateChange state_change(const Level3Book& book, BookState state, std::string_view reason) {
  return {book.spec().symbol, state, reason, to_string(Channel::Level3)};
}

}  // namespace

template <class Book>
BookTable<Book>::BookTable(TimerService& timers, EventSink& events, const PlacesBySymbol& places, BookRecovery recovery,
                           Recover recover)
    : timers_(timers), events_(events), places_(places), recovery_(recovery), recover_(std::move(recover)) {}

template <class Book>
template <class Snapshot>
void BookTable<Book>::take_snapshot(const Snapshot& snapshot) {
  const auto found = books_.find(snapshot.symbol);
  Book& book = found == books_.end() ? make(snapshot.symbol, depth_for(snapshot)) : found->second;
  const BookState before = book.state();
  if (const auto done = book.reset(snapshot); !done) {
    broken(book, done.error());
    return;
  }
  if (snapshot.checksum) ++stats_.checksums_verified;
  events_.on_event(snapshot);
  tell_change(book, before, "snapshot");
}

template <class Book>
template <class Update>
void BookTable<Book>::take_update(const Update& update) {
  const auto found = books_.find(update.symbol);
  if (found == books_.end()) return;
  Book& book = found->second;
  if (book.state() != BookState::Live) return;  // its change of state was told; the next snapshot mends it
  const bool repeated = repeats(book, update);
  if (const auto done = book.apply(update); !done) {
    broken(book, done.error());
    return;
  }
  if (repeated) {
    ++stats_.duplicate_updates;
    return;
  }
  if (update.checksum) ++stats_.checksums_verified;
  if (is_numbered(update)) ++stats_.sequences_verified;
  events_.on_event(update);
}

template <class Book>
void BookTable<Book>::subscribed(std::string_view symbol, std::optional<int> depth) {
  const auto found = books_.find(symbol);
  const BookState before = found == books_.end() ? BookState::Invalid : found->second.state();
  if (before == BookState::Live && depth == found->second.spec().depth) return;  // its snapshot was faster
  if (found != books_.end()) books_.erase(found);
  Book& book = make(symbol, depth.value_or(largest_depth(static_cast<const Book*>(nullptr))));
  tell_change(book, before, "subscribed");
  await_snapshot(book.spec().symbol);
  // Where nobody told the depth, the snapshot will.
  if (!depth) books_.erase(books_.find(symbol));
}

template <class Book>
void BookTable<Book>::await_snapshot(const std::string& symbol) {
  const Duration patience = recovery_.snapshot_timeout;
  failures_[symbol].timer = timers_.at(timers_.now() + patience, [this, symbol, patience](Timestamp) {
    const Book* book = find(symbol);
    if (book == nullptr || book->state() != BookState::AwaitSnapshot) return;
    broken(*book, {Errc::Protocol, fmt::format("book {}: no snapshot within {}", symbol, format_duration(patience))});
  });
}

template <class Book>
void BookTable<Book>::unsubscribed(std::string_view symbol) {
  const auto found = books_.find(symbol);
  if (found == books_.end()) return;
  if (const auto failures = failures_.find(symbol); failures != failures_.end()) failures->second.timer.cancel();
  const BookState before = found->second.state();
  found->second.await_snapshot();
  tell_change(found->second, before, "unsubscribed");
}

template <class Book>
void BookTable<Book>::connection_lost() {
  for (auto& [symbol, failures] : failures_) failures.timer.cancel();
  for (auto& [symbol, book] : books_) {
    const BookState before = book.state();
    book.await_snapshot();
    tell_change(book, before, "the connection is down");
  }
}

template <class Book>
const Book* BookTable<Book>::find(std::string_view symbol) const {
  const auto found = books_.find(symbol);
  return found == books_.end() ? nullptr : &found->second;
}

template <class Book>
template <class Snapshot>
int BookTable<Book>::depth_for(const Snapshot& snapshot) const {
  const int shown = depth_of(snapshot);
  const auto asked_for = depths_.find(snapshot.symbol);
  return asked_for == depths_.end() || shown == 0 ? shown : asked_for->second;
}

template <class Book>
Book& BookTable<Book>::make(std::string_view symbol, int depth) {
  BookSpec spec{.symbol = std::string(symbol), .depth = depth};
  if (const auto pair = places_.find(symbol); pair != places_.end()) {
    spec.price_places = pair->second.price;
    spec.quantity_places = pair->second.quantity;
  }
  return books_.emplace(spec.symbol, Book(spec)).first->second;
}

template <class Book>
void BookTable<Book>::tell_change(const Book& book, BookState before, std::string_view reason) {
  if (book.state() != before) events_.on_event(state_change(book, book.state(), reason));
}

template <class Book>
void BookTable<Book>::broken(const Book& book, const Error& error) {
  if (error.code == Errc::Checksum) ++stats_.checksums_failed;
  if (error.code == Errc::Sequence) ++stats_.sequences_failed;
  const std::string symbol = book.spec().symbol;
  events_.on_event(state_change(book, BookState::Invalid, error.detail));

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

template class BookTable<OrderBook>;
template class BookTable<Level3Book>;
template void BookTable<OrderBook>::take_snapshot(const BookSnapshot&);
template void BookTable<OrderBook>::take_update(const BookUpdate&);
template void BookTable<Level3Book>::take_snapshot(const Level3Snapshot&);
template void BookTable<Level3Book>::take_update(const Level3Update&);

}  // namespace ktape
