#pragma once

#include <algorithm>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "core/base/random.hpp"
#include "core/base/virtual_clock.hpp"
#include "core/client/client.hpp"
#include "core/protocol/dialect.hpp"
#include "core/protocol/futures/server_encode.hpp"
#include "core/protocol/spot_v1/server_encode.hpp"
#include "core/wire/exchange.hpp"

// Small exchanges for simulations.
namespace ktape::test {

// One thing to subscribe to, which changes four times a second, and heartbeats.
class Market : public Exchange {
 public:
  Market(VirtualClock& clock, Dialect dialect, std::uint64_t seed)
      : clock_(clock), random_(seed), codec_(make_codec(dialect)) {
    tick(0);
  }

  void attach(ConnectionId connection, const Endpoint&, FrameSink& client) override {
    lines_.insert_or_assign(connection, Line{&client});
  }

  void on_frame(const Frame& frame) override {
    if (frame.kind == FrameKind::Closed) lines_.erase(frame.connection);
    if (frame.kind != FrameKind::Text || !lines_.contains(frame.connection)) return;
    if (const auto request = codec_->decode_request(frame.payload)) answer(frame.connection, *request);
  }

 protected:
  struct Line {
    FrameSink* client;
    bool subscribed = false;
    bool heartbeats = false;
    std::int64_t sequence = 0;
    std::string token{};  // that its subscription was made with
  };

  virtual void answer(ConnectionId connection, const Request& request) = 0;
  virtual void change() = 0;
  virtual std::string heartbeat() const = 0;

  // A line may be cut by what is said on it.
  void say(ConnectionId connection, std::string_view text) {
    const auto line = lines_.find(connection);
    if (line == lines_.end()) return;
    line->second.client->on_frame({clock_.now(), connection, Direction::FromExchange, FrameKind::Text, text});
  }
  template <class Function>
  void to_each(bool Line::*wants, Function text) {
    std::vector<ConnectionId> all;
    for (const auto& [connection, line] : lines_) {
      if (line.*wants) all.push_back(connection);
    }
    for (const ConnectionId connection : all) {
      if (lines_.contains(connection)) say(connection, text(lines_.at(connection)));
    }
  }
  Line* line(ConnectionId connection) {
    const auto found = lines_.find(connection);
    return found == lines_.end() ? nullptr : &found->second;
  }

  VirtualClock& clock_;
  Random random_;

 private:
  void tick(int quarter) {
    timer_ = clock_.at(clock_.now() + std::chrono::milliseconds(250), [this, quarter](Timestamp) {
      change();
      if (quarter == 3) to_each(&Line::heartbeats, [this](const Line&) { return heartbeat(); });
      tick((quarter + 1) % 4);
    });
  }

  std::unique_ptr<Codec> codec_;
  std::map<ConnectionId, Line> lines_;
  Timer timer_;
};

// ---- books of Spot v1 and of Futures

class BookMarket : public Market {
 public:
  bool is_told_by(const Client& client) const {
    const OrderBook* told = client.book(book_.spec().symbol);
    return told != nullptr && told->state() == BookState::Live && same(told->bids(), book_.bids()) &&
           same(told->asks(), book_.asks());
  }

 protected:
  BookMarket(VirtualClock& clock, Dialect dialect, std::uint64_t seed, BookSpec spec,
             std::optional<std::uint64_t> first)
      : Market(clock, dialect, seed), book_(std::move(spec)), number_(first) {
    std::vector<Level> bids, asks;
    for (std::uint64_t i = 0; i < 10; ++i) {
      bids.push_back(level(99 - i));
      asks.push_back(level(101 + i));
    }
    EXPECT_TRUE(book_.reset({.symbol = book_.spec().symbol, .bids = bids, .asks = asks, .sequence = number_}));
  }

  BookSnapshot snapshot() {
    bids_.assign(book_.bids().begin(), book_.bids().end());
    asks_.assign(book_.asks().begin(), book_.asks().end());
    BookSnapshot all{.symbol = book_.spec().symbol, .bids = bids_, .asks = asks_};
    all.sequence = number_;
    all.exchange_time = clock_.now();
    return all;
  }

  virtual std::string text_of(const BookUpdate& update) = 0;

  OrderBook book_;

 private:
  static bool same(LevelsView a, LevelsView b) {
    return a.size() == b.size() && std::equal(a.begin(), a.end(), b.begin(), [](const auto& x, const auto& y) {
             return x.price == y.price && x.quantity == y.quantity;
           });
  }
  Level level(std::uint64_t price) {
    return {Decimal::parse(fmt::format("{}.5", price)).value(),
            Decimal::parse(fmt::format("{}.{:03}", 1 + random_.below(9), random_.below(1000))).value()};
  }

  void change() override {
    const bool bid = random_.below(2) == 0;
    const std::vector changed{level(bid ? 90 + random_.below(10) : 101 + random_.below(10))};
    BookUpdate update{.symbol = book_.spec().symbol};
    (bid ? update.bids : update.asks) = changed;
    if (number_) update.sequence = ++*number_;
    update.exchange_time = clock_.now();
    EXPECT_TRUE(book_.apply(update));
    if (!number_) update.checksum = book_.checksum();
    const std::string text = text_of(update);
    to_each(&Line::subscribed, [&](const Line&) { return text; });
  }

  std::optional<std::uint64_t> number_;
  std::vector<Level> bids_, asks_;
};

class SpotV1Market final : public BookMarket {
 public:
  SpotV1Market(VirtualClock& clock, std::uint64_t seed)
      : BookMarket(clock, Dialect::SpotV1, seed, {.symbol = "BTC/USD", .depth = 10}, {}) {}

 private:
  void answer(ConnectionId connection, const Request& request) override {
    Line& asking = *line(connection);
    std::string text;
    Reply reply{.method = request.method == Method::Ping ? "pong" : to_string(request.method)};
    reply.request_id = request.request_id;
    reply.success = true;
    if (request.method == Method::Ping) {
      spot_v1::append_reply(text, reply);
      return say(connection, text);
    }
    const bool subscribing = request.method == Method::Subscribe;
    if (asking.subscribed == subscribing) {
      reply.success = false;
      reply.error = subscribing ? "Already subscribed" : "Subscription Not Found";
    }
    asking.subscribed = subscribing;
    if (subscribing) asking.heartbeats = true;
    reply.channel = "book";
    reply.symbol = "BTC/USD";
    reply.depth = 10;
    spot_v1::append_reply(text, reply, {.channel_id = 7});
    say(connection, text);
    if (!subscribing || !reply.success) return;
    text.clear();
    spot_v1::append_book(text, 7, 10, snapshot());
    say(connection, text);
  }
  std::string text_of(const BookUpdate& update) override {
    std::string text;
    spot_v1::append_book(text, 7, 10, update);
    return text;
  }
  std::string heartbeat() const override { return std::string(spot_v1::kHeartbeat); }
};

class FuturesMarket final : public BookMarket {
 public:
  FuturesMarket(VirtualClock& clock, std::uint64_t seed)
      : BookMarket(clock, Dialect::FuturesV1, seed, {.symbol = "PF_XBTUSD", .depth = 0}, 41) {}

 private:
  void answer(ConnectionId connection, const Request& request) override {
    std::string text;
    if (request.method == Method::Ping) {
      futures::append_pong(text);
      return say(connection, text);
    }
    Line& asking = *line(connection);
    const bool subscribing = request.method == Method::Subscribe;
    const bool is_book = request.subscription.channel == Channel::Book;
    bool& stands = is_book ? asking.subscribed : asking.heartbeats;
    if (stands == subscribing) {
      return say(connection,
                 fmt::format(R"({{"event":"alert","message":"{}"}})",
                             subscribing ? "Already subscribed to feed, re-requesting" : "Not subscribed to feed"));
    }
    stands = subscribing;
    futures::append_confirmation(
        text,
        {.method = request.method, .feed = is_book ? "book" : "heartbeat", .product = is_book ? "PF_XBTUSD" : ""});
    say(connection, text);
    if (!subscribing || !is_book) return;
    text.clear();
    futures::append_book_snapshot(text, snapshot());
    say(connection, text);
  }
  std::string text_of(const BookUpdate& update) override {
    std::string text;
    futures::append_book(text, update);
    return text;
  }
  std::string heartbeat() const override {
    std::string text;
    futures::append_heartbeat(text, clock_.now());
    return text;
  }
};

}  // namespace ktape::test
