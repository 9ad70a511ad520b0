#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/market/event.hpp"
#include "core/market/order_book.hpp"

namespace ktape::cli {

// What one connection has told of one book, so that a person can judge how far to trust it.
class BookWatch final : public EventSink {
 public:
  explicit BookWatch(std::string symbol) : symbol_(std::move(symbol)) {}

  void on_event(const Event& event) override;

  // "live  checksum 2389935577 right (31 so far, 0 wrong)", "STALE: nothing heard for 5s", "NO BOOK: ..."
  std::string state_text(const OrderBook* book) const;
  // Whether the levels of this book are to be shown: as they were, if it is stale.
  static bool shows(const OrderBook* book) { return book != nullptr && book->state() == BookState::Live; }

  // Why the exchange does not tell this book, in its own words.
  const std::optional<std::string>& refusal() const { return refusal_; }
  bool was_live() const { return was_live_; }

 private:
  void take(const BookSnapshot& book) { told(book.symbol, book.checksum, book.sequence); }
  void take(const BookUpdate& book) { told(book.symbol, book.checksum, book.sequence); }
  void take(const BookStateChange& change);
  void take(const StreamStateChange& change);
  void take(const LinkChange& change);
  void take(const Reply& reply);
  template <class Other>
  void take(const Other& /*event*/) {}
  void told(std::string_view symbol, std::optional<std::uint32_t> checksum, std::optional<std::uint64_t> sequence);

  std::string symbol_;
  std::string link_ = "not connected yet";  // why there is no connection; empty: there is one
  std::string why_ = "not asked for yet";
  std::string failure_;  // what broke the book that is asked for again
  StreamState stream_ = StreamState::Recovering;
  std::string stream_reason_;
  std::optional<std::uint32_t> checksum_;
  std::optional<std::uint64_t> sequence_;
  std::uint64_t right_ = 0;
  std::uint64_t wrong_ = 0;
  bool was_live_ = false;
  std::optional<std::string> refusal_;
};

// One print of a book: when, which, how far it can be trusted, and its best levels, as many of `rows` as there are.
struct BookPrint {
  Timestamp at{};
  std::string_view symbol{};
  std::string_view state{};
  const OrderBook* book = nullptr;  // nullptr: no levels to show
  std::size_t rows = 10;
};
std::string book_text(const BookPrint& print);

}  // namespace ktape::cli
