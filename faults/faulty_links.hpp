#pragma once

#include <array>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "faults/faulty_exchange.hpp"
#include "faults/lane.hpp"
#include "faults/message_facts.hpp"
#include "faults/plan_entry.hpp"

// Private to this folder.
namespace ktape {

inline std::size_t index_of(Direction direction) { return direction == Direction::FromExchange ? 0 : 1; }

// The connections and what the plan's faults do on each. faulty_exchange.cpp has their lives, faulty_messages.cpp the
// messages on them.
class FaultyExchange::Impl final : public FaultPlan::Watcher {
 public:
  Impl(TimerService& timers, Exchange& exchange, FaultPlan& plan);
  ~Impl();

  void attach(ConnectionId connection, const Endpoint& endpoint, FrameSink& client);
  void from_client(const Frame& frame);

  void plan_changed() override;
  bool is_silent(ConnectionId connection) const override;

 private:
  using Entry = FaultPlan::Entry;

  // A message that Reorder keeps until others have passed.
  struct Held {
    Direction direction;
    FrameKind kind;
    std::string text;
    std::uint32_t left;
    Timer deadline;
  };

  // What one fault has done on one connection.
  struct State {
    bool fits = false;   // this connection is one of those that it is for
    bool told = false;   // of the kinds that are told of once
    bool fired = false;  // it was for a time, and that has come
    Timer begin, end, cut;
    std::deque<Timestamp> requests;           // RateLimit: those that passed
    std::array<std::uint64_t, 2> bytes{};     // LimitData
    std::array<Timestamp, 2> free_at{};       // Bandwidth, SlowStart: when the last message is through
    std::uint32_t gap_left = 0;               // Gap
    std::vector<std::unique_ptr<Held>> held;  // Reorder
  };

  // A connection lives until its client was told of its end or has told of it, and longer if the exchange has not.
  struct Link final : FrameSink, std::enable_shared_from_this<Link> {
    Link(Impl& its_owner, ConnectionId its_id, const Endpoint& where, FrameSink& its_client, std::uint64_t its_order);
    void on_frame(const Frame& frame) override { owner.from_exchange(*this, frame); }
    Lane& lane(Direction direction) { return direction == Direction::FromExchange ? to_client : to_exchange; }
    bool is_silent(Direction direction) const {
      return dead[index_of(direction)] || !silencers[index_of(direction)].empty();
    }

    Impl& owner;
    ConnectionId id;
    Endpoint endpoint;
    std::optional<Dialect> dialect;
    std::string place;  // for people
    FrameSink* client;
    std::uint64_t order;  // of opening
    Timestamp opened_at;
    Lane to_client, to_exchange;
    bool inner = true;    // the exchange has it
    bool ending = false;  // its end is under way to the client
    std::array<bool, 2> dead{};
    std::array<std::set<FaultId>, 2> silencers;
    std::map<FaultId, State> states;
    std::map<std::string, std::uint64_t, std::less<>> seq_shifts;  // Futures: messages put into a product's book
    CloseInfo farewell;
    Timer goodbye;
  };

  // A message on its way, in as many copies as it has become.
  struct Letter {
    std::string text;
    Duration late{};
    bool apart = false;  // others may overtake it
    Lane::Slices slices{};
  };
  struct Passage {
    Link& link;
    Direction direction;
    FrameKind kind;
    std::string original;
    std::optional<faults::MessageFacts> facts;  // of `original`; nothing for what has none
    std::vector<Letter> letters;
  };

  // ---- lives: faulty_exchange.cpp

  void from_exchange(Link& link, const Frame& frame);
  void arrive_at_client(Link& link, FrameKind kind, std::string_view payload, const Lane::Slices& slices = {});
  void arrive_at_exchange(Link& link, FrameKind kind, std::string_view payload);

  State* meet(Link& link, Entry& entry);
  void arm(Link& link, Entry& entry, State& state);
  void fire(Link& link, FaultId id);
  // It happens to the connection. Whether the message that it was waiting for passes.
  bool strike(Link& link, Entry& entry, State& state);
  void let_go(Link& link, FaultId id, State& state);
  void end_when_over(Link& link, Entry& entry, State& state, std::optional<Duration> duration);
  void cut_later(Link& link, State& state, Duration after, const char* reason);

  void cut(Link& link, const CloseInfo& why);
  void close(Link& link, const CloseInfo& why);
  void bid_farewell(Link& link, const CloseInfo& why);
  void say_goodbye(Link& link);
  void retire(Link& link);
  void tell(Link& link, Entry& entry, State& state);
  std::shared_ptr<Link> find(ConnectionId id) const;

  // ---- messages: faulty_messages.cpp

  void pass(Link& link, Direction direction, FrameKind kind, std::string_view payload);
  static bool picks(const Entry& entry, const Passage& passage);
  bool decide(Passage& passage, Entry& entry, State& state);
  void apply(Passage& passage, Entry& entry, State& state);
  void apply_to_connection(Passage& passage, Entry& entry, State& state);
  void apply_to_message(Passage& passage, Entry& entry, State& state);
  void apply_to_content(Passage& passage, Entry& entry, State& state);
  void apply_to_request(Passage& passage, Entry& entry, State& state);
  void edit_book(Passage& passage, Entry& entry, State& state);
  void reorder(Passage& passage, Entry& entry, State& state, const faults::Reorder& kind);
  void release_held(Link& link, State& state);
  void release_all_held(Link& link);
  void limit_rate(Passage& passage, Entry& entry, State& state, const faults::RateLimit& kind);
  void answer(Link& link, const std::vector<std::string>& texts);
  void send(Passage& passage);
  Timestamp due(const Passage& passage, Letter& letter);
  Duration delay_of(const Passage& passage, Entry& entry, State& state, Letter& letter, Timestamp at);
  Timestamp due_of_end(Link& link);

  TimerService& timers_;
  Exchange& exchange_;
  FaultPlan& plan_;
  std::map<ConnectionId, std::shared_ptr<Link>> links_;
  std::map<ConnectionId, std::shared_ptr<Link>> leaving_;  // the exchange does not know yet that they have gone
  std::uint64_t last_order_ = 0;
};

}  // namespace ktape
