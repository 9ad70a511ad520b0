#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/clock.hpp"
#include "core/protocol/codec.hpp"
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

// When a connection hears heartbeats.
struct HeartbeatRule {
  bool generate = true;  // off where a recording brings its own
  Duration interval = std::chrono::seconds(1);
  bool end_with_last_subscription = false;
};

// The conversation of one of Kraken's public endpoints, without a market behind it; what it says is its dialect's. One
// object serves all connections: it says its greeting first, answers every request in Kraken's words, keeps who is
// subscribed to what, sends the heartbeats, and hands what makes sense to a Backend, which answers now or later.
//
// All is stamped with the clock handed in. A client's sink may call back into on_frame() while it is being sent to.
class Front {
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

    // Spot v1: the number that acknowledgements tell of a feed, where the backend knows better than channel_number().
    virtual std::optional<std::uint64_t> number_of(const Feed& /*feed*/) const { return std::nullopt; }

    // The connection is gone, whoever ended it. What it has asked for needs no answer any more.
    virtual void on_detached(ConnectionId connection) = 0;

   protected:
    ~Backend() = default;
  };

  virtual ~Front() = default;
  Front(const Front&) = delete;
  Front& operator=(const Front&) = delete;

  // As Exchange::attach() and Exchange::on_frame(). Frames of connections that are not attached are ignored: what a
  // client said while it was being closed still arrives.
  void attach(ConnectionId connection, FrameSink& client);
  // The same for a connection that another exchange has greeted.
  void attach_guest(ConnectionId connection, FrameSink& client);
  void on_frame(const Frame& frame);

  // Sends the greeting unless it was sent. Whatever else is sent first does so by itself.
  void greet(ConnectionId connection);

  // The id that `connection` is told: like Kraken's, and the same in every run.
  std::uint64_t told_id(ConnectionId connection) const;
  // A status message as the options want it, with that id where the dialect tells one.
  std::string status_text(ConnectionId connection, std::string_view system = "online") const {
    return status(told_id(connection), system);
  }

  // The answer in Kraken's words, and the subscription is active, or ended. Without effect on a connection that is
  // gone.
  void accept(const FeedRequest& request);
  // The same with a recorded answer, which gets the request's own id and keeps every other byte.
  void accept_verbatim(const FeedRequest& request, std::string_view recorded_reply);
  // Names the symbol, where the feed has one and the dialect tells it.
  void refuse(const FeedRequest& request, std::string_view error);

  // To every connection with an active subscription of exactly this feed.
  void publish(const Feed& feed, std::string_view text);
  // To one connection, whatever it is subscribed to; false if it is not attached.
  bool send(ConnectionId connection, std::string_view text);

  // Begins to beat for a connection, also where the front does not generate heartbeats.
  void start_heartbeats(ConnectionId connection);
  // From now on heartbeats are due on it, whoever makes them.
  void let_hear_heartbeats(ConnectionId connection);

  // Tells the client Closed, and forgets it.
  void close(ConnectionId connection, const CloseInfo& why);
  void close_all(const CloseInfo& why);

  bool is_attached(ConnectionId connection) const { return connections_.contains(connection); }
  bool is_greeted(ConnectionId connection) const;
  bool is_subscribed(ConnectionId connection, const Feed& feed) const;
  // Whether a subscription has ever succeeded on it.
  bool has_subscribed(ConnectionId connection) const;
  // Whether heartbeats are due on it, whoever makes them.
  bool hears_heartbeats(ConnectionId connection) const;
  std::vector<ConnectionId> connections() const;
  std::vector<ConnectionId> subscribers(const Feed& feed) const;
  // Those with an active subscription, in their order.
  std::vector<Feed> feeds_in_use() const;

 protected:
  // Both outlive the front.
  Front(TimerService& timers, Backend& backend, HeartbeatRule heartbeats, std::uint64_t connection_id_seed);

  // ---- what a dialect says
  virtual void on_text(ConnectionId connection, std::string_view text, Timestamp time_in) = 0;
  virtual std::string status(std::uint64_t connection_id, std::string_view system) const = 0;
  virtual std::string acceptance(const FeedRequest& request) const = 0;
  virtual std::string refusal(const FeedRequest& request, std::string_view error) const = 0;
  virtual std::string fitted(std::string_view recorded_reply, const FeedRequest& request) const = 0;
  virtual std::string heartbeat() const = 0;
  // Whether being subscribed to this is what brings heartbeats.
  virtual bool brings_heartbeats(const Feed& /*feed*/) const { return true; }

  // ---- what it says that with
  Timestamp now() const { return timers_.now(); }
  Backend& backend() const { return backend_; }
  // An answer of the front's own, unless the backend takes it over.
  void answer(ConnectionId connection, const Reply& own, std::string_view text);
  // Hands a request on that is attached, valid and no duplicate.
  void ask(const FeedRequest& request);
  // Whether it is subscribed to, once all that was asked for is answered: what duplicates are judged by.
  bool wants(ConnectionId connection, const Feed& feed) const;
  // The feeds of a channel and symbol that a connection has asked for, in their order.
  std::vector<Feed> asked_for(ConnectionId connection, Channel channel, std::string_view symbol) const;

 private:
  struct Subscription {
    bool active = false;  // acknowledged: data flows
    bool wanted = false;
    int unanswered = 0;
  };
  struct Connection {
    FrameSink* client = nullptr;
    bool announced = false;
    bool greeted = false;
    bool has_subscribed = false;
    bool hears_heartbeats = false;
    bool beats = false;  // this front makes them
    Timer announcement, heartbeat;
    std::map<Feed, Subscription> subscriptions;
  };

  Connection* find(ConnectionId connection);
  const Connection* find(ConnectionId connection) const;
  void announce(ConnectionId connection);
  void deliver(ConnectionId connection, Connection& to, FrameKind kind, std::string_view payload);
  bool settle(const FeedRequest& request, bool accepted);
  void subscription_began(ConnectionId connection, const Feed& feed);
  void subscription_ended(ConnectionId connection);
  void set_active(ConnectionId connection, const Feed& feed, bool active);
  void sweep();
  void beat(ConnectionId connection, Timestamp deadline);
  void forget(ConnectionId connection);

  TimerService& timers_;
  Backend& backend_;
  HeartbeatRule heartbeats_;
  std::uint64_t connection_id_seed_;
  std::map<ConnectionId, Connection> connections_;
  // Who hears a feed. While one is being published, leavers are replaced by nothing and swept out afterwards.
  std::map<Feed, std::vector<std::optional<ConnectionId>>> feeds_;
  int publishing_ = 0;
  bool sweep_due_ = false;
};

// splitmix64's finisher: ids made from it look like Kraken's, all 64 bits used, and are the same in every run.
std::uint64_t mixed(std::uint64_t value);

}  // namespace ktape
