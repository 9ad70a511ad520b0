#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>

#include "core/market/event.hpp"
#include "core/market/order_book.hpp"
#include "exchange/feed.hpp"

namespace ktape {

// What a feed of a recording has said so far, so that somebody who joins late can be told. Bounded: a book's depth, 50
// trades, one ticker, the recent candles, and of instrument the latest of each asset and pair.
class FeedState {
 public:
  static std::unique_ptr<FeedState> of(const Feed& feed);
  virtual ~FeedState() = default;

  // An event of this feed, in the recorded order.
  virtual void take(const Event& event) = 0;

  // Whether a snapshot can be made. A book whose checksum failed has none until its next snapshot.
  virtual bool complete() const = 0;

  // The snapshot message as of now. complete().
  virtual std::string snapshot() = 0;

  // The update message that brings a subscriber who was told all that `before` says to what this says; empty if there
  // is nothing to tell. `before` is of the same feed.
  virtual std::string difference(const FeedState& before) = 0;

  virtual std::unique_ptr<FeedState> copy() const = 0;

  // Of a book feed its book, else nothing.
  virtual OrderBook* book() { return nullptr; }
  // When the exchange changed it last, where it says so.
  virtual std::optional<Timestamp> exchange_time() const { return std::nullopt; }
};

}  // namespace ktape
