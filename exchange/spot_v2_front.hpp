#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/clock.hpp"
#include "core/protocol/codec.hpp"
#include "core/protocol/spot_v2/request.hpp"
#include "core/protocol/spot_v2/server_encode.hpp"
#include "core/wire/frame.hpp"
#include "exchange/feed.hpp"

namespace ktape {

// What one client asks for one symbol, valid and neither a duplicate nor an unsubscription of nothing.
struct FeedRequest {
  ConnectionId connection{};
  Method method = Method::Subscribe;  // Subscribe or Unsubscribe
  std::optional<std::int64_t> request_id;
  Feed feed;
  bool snapshot = true;
  Timestamp time_in;
};

// Where Kraken's behaviour is not known, or has changed, the choice has a name (spot-v2 section 14).
struct SpotV2FrontOptions {
  bool generate_heartbeats = true;  // off where a recording brings its own
  Duration heartbeat_interval = std::chrono::seconds(1);
  bool trade_snapshot_by_default = false;      // the documentation and a capture of 2026; one of 2024 has true
  bool one_book_depth_per_symbol = true;       // a second depth on a connection is "Already subscribed"
  bool one_ticker_trigger_per_symbol = false;  // a second event_trigger likewise
  bool name_symbol_without_slash = true;       // top-level `symbol` when it is not in ISO 4217-A3 format
  bool name_symbol_of_second_interval = true;  // and when a second ohlc interval is refused
  bool acknowledge_automatic_channels = true;  // answer a subscription of heartbeat or status, or stay silent
  spot_v2::StatusForm status_form{};
  std::string version = "2.0.10";
  std::uint64_t connection_id_seed = 0;  // connection ids told in status follow from it and the ConnectionId
};

// The conversation of Kraken's public Spot v2 endpoint, without a market behind it. One object serves all connections:
// it pushes status first, answers every request in Kraken's words (spot-v2 sections 3 and 4), keeps who is subscribed
// to what, sends the heartbeats, and hands what makes sense to a Backend, which answers now or later.
//
// All is stamped with the clock handed in. A client's sink may call back into on_frame() while it is being sent to.
class SpotV2Front {
 public:
  class Backend {
   public:
    virtual bool is_listed(std::string_view symbol) const = 0;

    // A connection stands; never called from inside attach(). Usually calls greet() at once.
    virtual void on_attached(ConnectionId connection) = 0;

    // The status message that `connection` hears before anything else; asked for once per connection.
    virtual std::string greeting(ConnectionId connection) = 0;

    // To be answered with accept(), accept_verbatim() or refuse(), now or later; requests of one connection and feed
    // in their order.
    virtual void on_request(const FeedRequest& request) = 0;

    // Asked before the front answers by itself, a pong or a refusal. True: the backend will send() an answer of its
    // own.
    virtual bool takes_over(ConnectionId /*connection*/, const Reply& /*answer*/) { return false; }

    // The connection is gone, whoever ended it. What it has asked for needs no answer any more.
    virtual void on_detached(ConnectionId connection) = 0;

   protected:
    ~Backend() = default;
  };

  // Both outlive the front.
  SpotV2Front(TimerService& timers, Backend& backend, SpotV2FrontOptions options = {});
  SpotV2Front(const SpotV2Front&) = delete;
  SpotV2Front& operator=(const SpotV2Front&) = delete;

  // As Exchange::attach() and Exchange::on_frame(). Frames of connections that are not attached are ignored: what a
  // client said while it was being closed still arrives.
  void attach(ConnectionId connection, FrameSink& client);
  void on_frame(const Frame& frame);

  // Sends the greeting unless it was sent. Whatever else is sent first does so by itself.
  void greet(ConnectionId connection);

  // The id that `connection` is told in status: like Kraken's, and the same in every run.
  std::uint64_t told_id(ConnectionId connection) const;
  // A status message as the options want it, with that id.
  std::string status_text(ConnectionId connection, std::string_view system = "online") const;

  // The answer in Kraken's words, and the subscription is active, or ended. Without effect on a connection that is
  // gone.
  void accept(const FeedRequest& request);
  // The same with a recorded answer, which gets the request's own req_id and keeps every other byte.
  void accept_verbatim(const FeedRequest& request, std::string_view recorded_reply);
  // Names the symbol, where the feed has one.
  void refuse(const FeedRequest& request, std::string_view error);

  // To every connection with an active subscription of exactly this feed.
  void publish(const Feed& feed, std::string_view text);
  // To one connection, whatever it is subscribed to; false if it is not attached.
  bool send(ConnectionId connection, std::string_view text);

  // Tells the client Closed, and forgets it.
  void close(ConnectionId connection, const CloseInfo& why);
  void close_all(const CloseInfo& why);

  bool is_attached(ConnectionId connection) const { return connections_.contains(connection); }
  bool is_greeted(ConnectionId connection) const;
  bool is_subscribed(ConnectionId connection, const Feed& feed) const;
  // Whether a subscription has ever succeeded on it, which is what starts heartbeats.
  bool hears_heartbeats(ConnectionId connection) const;
  std::vector<ConnectionId> connections() const;
  std::vector<ConnectionId> subscribers(const Feed& feed) const;
  // Those with an active subscription, in their order.
  std::vector<Feed> feeds_in_use() const;

 private:
  struct Subscription {
    bool active = false;  // acknowledged: data flows
    bool wanted = false;  // once all that was asked for is answered: what duplicates are judged by
    int unanswered = 0;
  };
  struct Connection {
    FrameSink* client = nullptr;
    bool announced = false;
    bool greeted = false;
    bool hears_heartbeats = false;
    Timer announcement, heartbeat;
    std::map<Feed, Subscription> subscriptions;
  };
  struct Objection {
    std::string error;
    bool names_symbol = true;  // at the top level of the answer
  };
  using Parsed = spot_v2::ParsedRequest;

  Connection* find(ConnectionId connection);
  const Connection* find(ConnectionId connection) const;
  void announce(ConnectionId connection);
  void deliver(ConnectionId connection, Connection& to, FrameKind kind, std::string_view payload);
  void on_text(ConnectionId connection, std::string_view text);
  void on_symbol(ConnectionId connection, const Parsed& parsed, const Feed& feed, Timestamp time_in);
  void acknowledge_automatic(ConnectionId connection, const Parsed& parsed, Timestamp time_in);
  std::optional<Objection> objection(const Connection& connection, Method method, const Feed& feed) const;
  Feed resolve(const Connection& connection, const Parsed& parsed, Method method, Channel channel,
               std::string_view symbol) const;
  bool settle(const FeedRequest& request, bool accepted);
  void set_active(ConnectionId connection, const Feed& feed, bool active);
  void sweep();
  void start_heartbeats(ConnectionId connection);
  void beat(ConnectionId connection, Timestamp deadline);
  void answer(ConnectionId connection, const Reply& own, Timestamp time_in);
  bool reply(ConnectionId connection, Reply reply, Timestamp time_in);
  void forget(ConnectionId connection);

  TimerService& timers_;
  Backend& backend_;
  SpotV2FrontOptions options_;
  std::map<ConnectionId, Connection> connections_;
  // Who hears a feed. While one is being published, leavers are replaced by nothing and swept out afterwards.
  std::map<Feed, std::vector<std::optional<ConnectionId>>> feeds_;
  int publishing_ = 0;
  bool sweep_due_ = false;
};

}  // namespace ktape
