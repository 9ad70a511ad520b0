#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "core/base/result.hpp"
#include "core/market/book_side.hpp"
#include "core/market/event.hpp"

namespace ktape {

struct BookSpec {
  std::string symbol{};
  // As subscribed: levels beyond it fall out of the book without a message. 0: the whole book, nothing falls out.
  int depth = 10;
  // Decimal places of the pair, from the instrument channel. Where they are not known, the widest number seen gives
  // them: Kraken pads every price and quantity to the pair's places.
  std::optional<int> price_places{};
  std::optional<int> quantity_places{};
};

// The aggregated book of one symbol, kept as Kraken's rules want it (spot-v2 sections 5.3 and 9.1): entries of a
// message in their order, then truncation to the depth, then the checksum over the best ten levels of each side.
//
// Where a snapshot has a sequence number (futures-v1 section 4.4) it is the numbers that hold the book together: each
// update has the next one. A lower or equal one was told before and is dropped; a higher one means a loss.
class OrderBook {
 public:
  explicit OrderBook(BookSpec spec);

  const BookSpec& spec() const { return spec_; }
  BookState state() const { return state_; }

  // Best first, at most spec().depth, if that is not 0. What they show is only to be trusted while state() is Live.
  LevelsView bids() const { return bids_.levels(); }
  LevelsView asks() const { return asks_.levels(); }

  // Starts anew from a snapshot; levels with quantity zero are skipped. An error (Checksum, or Protocol for a level
  // that makes no sense) leaves it Invalid.
  Result<void> reset(const BookSnapshot& snapshot);

  // An error (Checksum, Sequence, Protocol) makes the book Invalid until the next reset(). An update before a snapshot
  // is a Protocol error that changes nothing, and so is one that repeats(), though no error.
  Result<void> apply(const BookUpdate& update);

  // Whether the number of an update says that it was told before.
  bool repeats(const BookUpdate& update) const {
    return update.sequence && sequence_ && *update.sequence <= *sequence_;
  }

  // Subscribed again, or the connection is lost: empty, and AwaitSnapshot.
  void await_snapshot();

  // CRC32 over the digits of the best ten levels per side, asks first.
  std::uint32_t checksum();

  // Removals of levels that were not there. Kraken sends none; the checksum decides whether it mattered.
  std::uint64_t unknown_removals() const { return unknown_removals_; }
  std::uint64_t checksums_verified() const { return checksums_verified_; }
  std::uint64_t duplicates() const { return duplicates_; }
  // The number of the message that it was changed by last, where there are numbers.
  std::optional<std::uint64_t> sequence() const { return sequence_; }

  static constexpr std::size_t kChecksumLevels = 10;

 private:
  Result<void> fill(BookSide& side, std::span<const Level> levels);
  Result<void> finish(const char* what, std::optional<std::uint32_t> expected);
  Result<void> set(BookSide& side, const Level& level);
  bool widen(const Level& level);

  BookSpec spec_;
  int price_places_;
  int quantity_places_;
  BookState state_ = BookState::AwaitSnapshot;
  BookSide bids_{Side::Buy};
  BookSide asks_{Side::Sell};
  std::uint64_t unknown_removals_ = 0;
  std::uint64_t checksums_verified_ = 0;
  std::uint64_t duplicates_ = 0;
  std::optional<std::uint64_t> sequence_;
};

}  // namespace ktape
