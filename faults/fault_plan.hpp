#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/base/clock.hpp"
#include "core/wire/endpoint.hpp"
#include "core/wire/frame.hpp"
#include "faults/fault.hpp"

namespace ktape {

enum class FaultId : std::uint32_t {};  // 1, 2, 3, ... in the order of adding, never used twice

struct FaultStatus {
  FaultId id{};
  Fault fault{};
  bool enabled = true;
  std::uint64_t seen = 0;   // messages (connections, attempts) that it might have acted on while it was enabled
  std::uint64_t acted = 0;  // how often it did
};

// One fault has acted on one connection, message or attempt. Never has a message's text.
struct FaultAct {
  Timestamp at{};
  FaultId id{};
  std::string_view name{};  // these views hold during the call
  std::string_view kind{};
  ConnectionId connection{};  // 0 before there is one
  std::string_view where{};   // the connection's URL, or what is known of it
  std::uint64_t count = 0;    // how often it has acted, with this one

  // "fault 'lost update' (drop) on connection 3 at 2026-09-01T08:00:01.000000000Z, no. 1"
  std::string text() const;
};

// A part of a message as a slicer cuts it, and how much later than the part before it arrives.
struct Slice {
  std::size_t bytes = 0;
  Duration delay{};
};

// What goes wrong with an exchange, and when. Whoever lets things go wrong (FaultyExchange, a mock server) asks it, so
// that one plan drives all; it may be changed at any time, also from inside of what it calls. The same seed, faults and
// conversation give the same acts: each fault draws from a sequence of its own, and only for what it might act on.
class FaultPlan {
 public:
  // `timers` outlives it. Offsets from the start count from now.
  FaultPlan(TimerService& timers, std::uint64_t seed);
  ~FaultPlan();
  FaultPlan(const FaultPlan&) = delete;
  FaultPlan& operator=(const FaultPlan&) = delete;

  // Faults act in the order in which they were added. An error if check() refuses it.
  Result<FaultId> add(Fault fault);
  // False: there is no such fault. What a fault holds back passes when it is gone or disabled.
  bool remove(FaultId id);
  bool set_enabled(FaultId id, bool enabled);
  bool enable(FaultId id) { return set_enabled(id, true); }
  bool disable(FaultId id) { return set_enabled(id, false); }

  std::vector<FaultStatus> list() const;
  std::optional<FaultStatus> find(FaultId id) const;
  Timestamp start() const { return start_; }
  std::uint64_t seed() const { return seed_; }

  // Each of these hears of every act: a log, a journal. Of a fault that changes how messages travel, only the first
  // act on a connection is told; all are counted.
  void on_act(std::function<void(const FaultAct&)> listener);

  // ---- for those who serve: before there is a connection

  // A client has opened a socket: whether it is reset at once.
  bool refuses_socket();
  // A client begins TLS: how that fails, if it does.
  std::optional<faults::TlsFailure> at_handshake();

  struct Refusal {
    unsigned status = 503;
    std::string body{};
    std::optional<Duration> retry_after{};
  };
  // A client asks for a websocket at `endpoint`.
  std::optional<Refusal> at_upgrade(const Endpoint& endpoint) { return refusal_of(endpoint, false); }
  // A client calls REST there.
  std::optional<Refusal> at_call(const Endpoint& endpoint) { return refusal_of(endpoint, true); }

  // Somebody below can let the bytes of a message arrive in parts, and asks take_slices() for each: then slicers cut
  // what the exchange says, instead of delaying all of it.
  void cut_below() { cuts_below_ = true; }
  // Of the message that a connection is being told, once; empty: it is not cut.
  std::vector<Slice> take_slices(ConnectionId connection);

  // Whether nothing passes on a connection just now, so that not even a Ping is answered. The number is the one that
  // FaultyExchange was given.
  bool is_silent(ConnectionId connection) const;

 private:
  friend class FaultyExchange;
  struct Entry;
  class Watcher;

  struct Entry* entry(FaultId id) const;
  bool decide(Entry& entry);
  bool in_window(const Entry& entry, Timestamp opened_at) const;
  bool meets(Entry& entry, const Endpoint* endpoint, bool is_call = false);
  std::optional<Refusal> refusal_of(const Endpoint& endpoint, bool is_call);
  void tell(const Entry& entry, ConnectionId connection, std::string_view where);
  void changed();

  TimerService& timers_;
  Timestamp start_;
  std::uint64_t seed_;
  std::uint32_t last_id_ = 0;
  std::vector<std::shared_ptr<Entry>> entries_;
  std::vector<std::function<void(const FaultAct&)>> listeners_;
  std::vector<Watcher*> watchers_;
  bool cuts_below_ = false;
  std::pair<ConnectionId, std::vector<Slice>> slices_{};
};

}  // namespace ktape
