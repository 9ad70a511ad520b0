#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/clock.hpp"
#include "core/client/candle_series.hpp"
#include "core/client/reconnect_policy.hpp"
#include "core/market/event.hpp"
#include "core/market/order_book.hpp"
#include "core/market/trade_sequence.hpp"
#include "core/protocol/codec.hpp"
#include "core/wire/transport.hpp"

namespace ktape {

struct ClientOptions {
  Endpoint endpoint{};
  CandleOptions candles{};
  bool resubscribe_invalid_books = true;

  Duration ping_interval = std::chrono::seconds(30);  // keeps the connection from being closed as idle (section 1.3)
  Duration request_timeout = std::chrono::seconds(10);
  // With a subscription there is a heartbeat each second: so long without a word means the connection is dead.
  Duration silence_timeout = std::chrono::seconds(10);

  bool reconnects = true;
  ReconnectOptions reconnect{};
  std::uint64_t seed = 1;  // of the jitter
};

struct ClientStats {
  std::uint64_t messages = 0;
  std::uint64_t checksums_verified = 0;
  std::uint64_t checksums_failed = 0;
  std::uint64_t trade_gaps = 0;
  std::uint64_t duplicate_trades = 0;
};

// One connection to an exchange and all that it tells: it subscribes, keeps the books and candles, and hands events to
// one sink. What it does is a function of the frames that its transport reports, in both directions, and of time;
// nothing else. So the events of a live run and of the replay of its recording are the same.
//
// Everything is called from one loop. Handlers may call any method; what is to be sent goes out at the end of the
// instant, after every other timer of it, so that live and replayed it stands in the same place among the events.
class Client final : private FrameSink, private EventSink {
 public:
  // All references outlive the client.
  Client(Transport& transport, Codec& codec, TimerService& timers, EventSink& events, ClientOptions options);
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  // Connects, and keeps connecting until stop().
  void start();

  // Closes the connection; its Closed frame ends the life of this client.
  void stop();

  // Wanted from now on, on this connection and on each one after it. What the exchange answers comes as Reply events.
  void subscribe(const Subscription& subscription);

  // The opposite. Unsubscribing takes effect with the exchange's answer.
  void unsubscribe(const Subscription& subscription);

  // The book of a symbol, or nullptr if none was ever subscribed. Look at its state() before trusting it.
  const OrderBook* book(std::string_view symbol) const;
  const std::map<std::string, OrderBook, std::less<>>& books() const { return books_; }

  bool connected() const { return connected_; }
  bool stopped() const { return stopped_; }
  const ClientStats& stats() const { return stats_; }

 private:
  struct Pending {
    Request request;  // without the symbols that were answered
    Timer timer;
  };
  struct PairPlaces {
    int price;
    int quantity;
  };

  void on_frame(const Frame& frame) override;
  void on_event(const Event& event) override;

  void opened(std::string_view url);
  void closed(std::string_view why);
  void sent(std::string_view text);

  void take(const BookSnapshot& snapshot);
  void take(const BookUpdate& update);
  void take(const Trade& trade);
  void take(const Reply& reply);
  void take(const InstrumentUpdate& update);

  OrderBook& book_of(std::string_view symbol, std::size_t levels_seen);
  void set_book_state(OrderBook& book, BookState before, std::string_view reason);
  void broken(OrderBook& book, const Error& error);

  void say(Request request);
  void set_ping_timer();
  void set_silence_timer();
  void connect_after(Duration delay);

  Transport& transport_;
  Codec& codec_;
  TimerService& timers_;
  EventSink& events_;
  ClientOptions options_;
  ReconnectPolicy reconnect_;
  CandleSeries candles_;

  bool started_ = false;
  bool stopped_ = false;
  bool connected_ = false;
  bool heard_data_ = false;  // something was confirmed on this connection, so heartbeats are due
  Timestamp last_heard_{};
  std::int64_t next_request_id_ = 1;
  std::vector<Subscription> wanted_;
  std::map<std::int64_t, Pending> pending_;
  std::vector<std::string> outbox_;

  std::map<std::string, OrderBook, std::less<>> books_;
  std::map<std::string, PairPlaces, std::less<>> pairs_;
  std::map<std::string, TradeSequence, std::less<>> trade_ids_;
  ClientStats stats_;

  Timer ping_timer_;
  Timer silence_timer_;
  Timer connect_timer_;
  Timer outbox_timer_;
};

}  // namespace ktape
