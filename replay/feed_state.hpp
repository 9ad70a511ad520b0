#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/market/event.hpp"
#include "core/market/order_book.hpp"
#include "exchange/feed.hpp"
#include "replay/book_image.hpp"

namespace ktape {

// The book behind a feed, and how its dialect tells a part of it to somebody who asked for a smaller depth. `feed` is
// theirs.
class BookTeller {
 public:
  virtual OrderBook& book() = 0;
  virtual std::string snapshot_as(const Feed& feed, const BookImage& image) = 0;
  virtual std::string update_as(const Feed& feed, const BookChange& change) = 0;

 protected:
  ~BookTeller() = default;
};

// What a feed of a recording has said so far, so that somebody who joins late can be told. Bounded: a book's depth, 50
// trades (Futures: 100), one ticker, the recent candles, and of instrument the latest of each asset and pair.
class FeedState {
 public:
  virtual ~FeedState() = default;

  // An event of this feed, in the recorded order, and the message that it was told in.
  virtual void take(const Event& event, std::string_view text) = 0;

  // Whether a snapshot can be made. A book whose checksum failed has none until its next snapshot.
  virtual bool complete() const = 0;

  // The snapshot message as of now; empty where the dialect tells none. complete().
  virtual std::string snapshot() = 0;

  // The messages that bring a subscriber who was told all that `before` says to what this says; none if there is
  // nothing to tell. `before` is of the same feed.
  virtual std::vector<std::string> difference(const FeedState& before) = 0;

  virtual std::unique_ptr<FeedState> copy() const = 0;

  // Whether there is nothing to know but the message of the moment.
  virtual bool is_momentary() const { return false; }

  // Of a book feed its book, else nothing.
  virtual BookTeller* teller() { return nullptr; }
};

// Where each message says everything: tickers of Spot v1 and Futures, spreads, the running candle of Spot v1. A
// latecomer is told the last one as it was.
class LastMessage final : public FeedState {
 public:
  void take(const Event& /*event*/, std::string_view text) override { text_ = text; }
  bool complete() const override { return !text_.empty(); }
  std::string snapshot() override { return text_; }
  std::vector<std::string> difference(const FeedState& before) override {
    if (static_cast<const LastMessage&>(before).text_ == text_) return {};
    return {text_};
  }
  std::unique_ptr<FeedState> copy() const override { return std::make_unique<LastMessage>(*this); }

 private:
  std::string text_;
};

// Where a message is of its moment only: trades of Spot v1, which have no ids and no snapshot, and heartbeats.
class Momentary final : public FeedState {
 public:
  void take(const Event& /*event*/, std::string_view /*text*/) override {}
  bool complete() const override { return true; }
  std::string snapshot() override { return {}; }
  std::vector<std::string> difference(const FeedState& /*before*/) override { return {}; }
  std::unique_ptr<FeedState> copy() const override { return std::make_unique<Momentary>(); }
  bool is_momentary() const override { return true; }
};

}  // namespace ktape
