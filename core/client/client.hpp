#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/base/clock.hpp"
#include "core/client/account_data.hpp"
#include "core/client/authoriser.hpp"
#include "core/client/book_table.hpp"
#include "core/client/candle_series.hpp"
#include "core/client/client_notices.hpp"
#include "core/client/client_stats.hpp"
#include "core/client/guarded_sink.hpp"
#include "core/client/market_data.hpp"
#include "core/client/private_session.hpp"
#include "core/client/reconnect_policy.hpp"
#include "core/client/request_queue.hpp"
#include "core/client/streams.hpp"
#include "core/market/event.hpp"
#include "core/protocol/codec.hpp"
#include "core/wire/transport.hpp"

namespace ktape {

struct ClientOptions {
  Endpoint endpoint{};
  CandleOptions candles{};
  bool resubscribe_invalid_books = true;
  BookRecovery book_recovery{};

  Duration ping_interval = std::chrono::seconds(30);  // keeps the connection from being closed as idle (section 1.3)
  Duration request_timeout = std::chrono::seconds(10);
  // With a subscription there is a heartbeat each second. So long without a word and all streams are Stale; then the
  // connection is given up as dead.
  Duration stale_after = std::chrono::seconds(5);
  Duration silence_timeout = std::chrono::seconds(10);
  // Where heartbeats are a channel to subscribe to (Futures), it is subscribed to along with the first other one:
  // without it a quiet market cannot be told from a dead connection.
  bool heartbeats = true;

  bool reconnects = true;
  ReconnectOptions reconnect{};
  RequestPace pace{};
  std::size_t symbols_per_request = 100;
  // How often a subscription that the exchange does not answer, or refuses for now (a rate limit, a service that is
  // away), is asked for on one connection; and how long after such a refusal.
  int subscribe_attempts = 3;
  Duration refused_for_now_delay = std::chrono::seconds(10);
  SessionRetry session_retry{};
  std::uint64_t seed = 1;  // of the jitter

  // For private channels, level 3 and trading; outlives the client.
  Authoriser* authoriser = nullptr;
  // Requests that move money are refused without it.
  bool allow_trading = false;
  // Gets each frame of the connection, in both directions, before its events; outlives the client. May be null.
  FrameSink* frames = nullptr;
  // May be null; outlives the client.
  ClientNotices* notices = nullptr;
};

// One connection to an exchange and all that it tells: it subscribes, keeps the books and candles, and hands events to
// one sink. What it tells is a function of the frames that its transport reports, in both directions, and of time;
// nothing else. So the events of a live run and of the replay of its recording are the same.
//
// Everything is called from one loop. Handlers may call any method; what is to be sent goes out at the end of the
// instant, after every other timer of it, so that live and replayed it stands in the same place among the events. A
// handler that throws has missed that event, no more: it is counted and told to ClientNotices.
class Client final : private FrameSink, private EventSink {
 public:
  // All references outlive the client.
  Client(Transport& transport, Codec& codec, TimerService& timers, EventSink& events, ClientOptions options);
  ~Client();
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  // Connects, and keeps connecting until stop().
  void start();

  // Closes the connection; its Closed frame ends the life of this client.
  void stop();

  // Wanted from now on, on this connection and on each one after it. Refuses what the exchange would, with the reason.
  // What comes of it is told per symbol: by Reply, RequestUnanswered and StreamStateChange, and by streams().
  Result<void> subscribe(const Subscription& subscription);

  // The opposite, also for a part of the symbols. Once the request has gone out, at the end of this instant, nothing of
  // it follows.
  void unsubscribe(const Subscription& subscription);

  // The book channel by name.
  Result<void> add_book(std::string_view symbol, int depth = 10);
  void remove_book(std::string_view symbol);

  // Sends a request that moves money and returns its id, which the TradingReply or RequestUnanswered event will have.
  // Refused, and not sent, without ClientOptions::allow_trading, without a connection, and where the exchange would.
  Result<std::int64_t> trade(const TradingRequest& request);

  // Trades of one symbol that were asked for elsewhere (REST), without a hole among them: candles that lacked them are
  // completed, or told again as revised. They are no frames, so a recording of this connection does not have them.
  Result<void> backfill(std::string_view symbol, std::span<const Trade> trades) {
    return market_.backfill(symbol, trades);
  }

  // Sends text as it is, whatever it says; what it asks for is followed like any other request. Refused while there is
  // no connection.
  Result<void> send_raw(std::string_view text);

  // What is subscribed to and what has come of each: also of what a recorded program or send_raw() has asked for.
  const std::map<SubscriptionKey, StreamInfo>& streams() const { return streams_.all(); }
  std::vector<StreamInfo> active_subscriptions() const;  // the confirmed ones
  // What subscribe() has asked for and unsubscribe() has not taken back.
  const std::vector<Subscription>& wanted() const { return wanted_; }

  // The book of a symbol, or nullptr if none was ever subscribed. Look at its state() before trusting it; a copy is a
  // snapshot that does not change.
  const OrderBook* book(std::string_view symbol) const { return market_.books().find(symbol); }
  const std::map<std::string, OrderBook, std::less<>>& books() const { return market_.books().all(); }

  // The same for the channel level3.
  const Level3Book* level3_book(std::string_view symbol) const { return market_.level3_books().find(symbol); }
  const std::map<std::string, Level3Book, std::less<>>& level3_books() const { return market_.level3_books().all(); }

  bool connected() const { return connected_; }
  bool stopped() const { return stopped_; }
  ClientStats stats() const;

 private:
  struct Pending {
    Request request;              // without the symbols that were answered
    std::size_t answers_due = 1;  // of a request that trades
    Timer timer;
  };

  // The life of the connection.
  void on_frame(const Frame& frame) override;
  void opened(std::string_view url);
  void closed(std::string_view why);
  void connect_after(Duration delay);
  void set_ping_timer();
  void set_silence_timer();
  void fell_silent(std::string_view why);

  // What the exchange says that is about the dialogue; the rest is for market_ and account_.
  void on_event(const Event& event) override;
  void take(const Reply& reply);
  void take(const TradingReply& reply);
  void take(const Challenge& challenge);
  void take(const Heartbeat& heartbeat);

  // Requests, on their way out and after they have gone: client_requests.cpp.
  Result<void> check(Request request) const;
  std::int64_t say(Request request);
  void queue(const Request& request);
  void subscribe_all();
  void sent(std::string_view text);
  void finish(std::int64_t request_id);
  void expect_answers_to_the_rest();
  void unanswered(const Request& asked, std::string_view why);
  void ask_again(const Request& asked);
  void ask_again_later(const Request& asked);
  void subscribe_wanted(const Subscription& subscription);
  void leave_again(const Request& asked);
  void recover(Channel channel, const std::string& symbol);

  // What became of them: client_answers.cpp.
  void effect_of(const Reply& reply, const Request* asked);
  void confirmed(const Subscription& subscription, const Reply& reply, std::optional<int> depth);
  void refused(const Subscription& subscription, const Reply& reply, std::optional<int> depth);

  void fail(const Error& what);

  Transport& transport_;
  Codec& codec_;
  TimerService& timers_;
  ClientOptions options_;
  GuardedSink events_;
  ReconnectPolicy reconnect_;
  Streams streams_;
  MarketData market_;
  AccountData account_;
  PrivateSession session_;
  RequestQueue queue_;

  bool started_ = false;
  bool stopped_ = false;
  bool connected_ = false;
  bool heard_data_ = false;  // something was confirmed on this connection, so heartbeats are due
  bool heard_heartbeat_ = false;
  Timestamp opened_at_{};
  Timestamp last_heard_{};
  int attempts_ = 0;  // since the connection last stood
  std::optional<Timestamp> lost_at_;
  std::int64_t next_request_id_ = 1;
  std::int64_t next_unnumbered_id_ = 1;  // of requests that have none on the wire
  std::vector<Subscription> wanted_;
  std::map<std::int64_t, Pending> pending_;
  std::map<SubscriptionKey, int> unanswered_;  // how often, on this connection
  // Requests to subscribe that were still to be answered when an unsubscription of the same went out: their answers
  // say nothing of what was asked for since.
  std::set<std::pair<std::int64_t, SubscriptionKey>> overtaken_;
  std::set<std::int64_t> finished_;  // requests of this connection, answered or given up

  std::uint64_t messages_ = 0;

  Timer ping_timer_;
  Timer silence_timer_;
  Timer connect_timer_;
  std::map<SubscriptionKey, Timer> later_;  // what was refused for now
};

}  // namespace ktape
