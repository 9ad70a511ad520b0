#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string_view>
#include <vector>

#include "exchange/guest_exchange.hpp"

namespace ktape {

// Public and private side of a dialect behind one URL, as Futures has them, and for clients of Spot that can set one
// URL only: each request goes to the exchange that knows it. The connection is the public exchange's; the private one
// speaks on it when it is spoken to. Where one of the two ends the connection, it has ended.
class SharedEndpoint final : public Exchange {
 public:
  struct Rules {
    bool (*is_private)(std::string_view text) = nullptr;  // what only the private exchange can answer
    std::string_view heartbeat{};  // of both sides: one in a second is enough. Empty: the private side has none
  };
  static Rules spot_v2();
  static Rules spot_v1();
  static Rules futures();
  static Rules level3();  // of Spot v2: the restricted one has level3 only

  // Both outlive it.
  SharedEndpoint(Exchange& open, GuestExchange& restricted, Rules rules)
      : open_(open), restricted_(restricted), rules_(rules) {}
  SharedEndpoint(const SharedEndpoint&) = delete;
  SharedEndpoint& operator=(const SharedEndpoint&) = delete;

  void attach(ConnectionId connection, const Endpoint& endpoint, FrameSink& client) override;
  void on_frame(const Frame& frame) override;

 private:
  // One client, as seen from either side.
  struct Line {
    class End final : public FrameSink {
     public:
      explicit End(std::function<void(const Frame&)> heard) : heard_(std::move(heard)) {}
      void on_frame(const Frame& frame) override { heard_(frame); }

     private:
      std::function<void(const Frame&)> heard_;
    };
    FrameSink* client = nullptr;
    std::unique_ptr<End> from_open, from_restricted;
    bool open_beats = false;  // heartbeats of the public side have come
  };

  void heard(ConnectionId connection, const Frame& frame, bool from_open);

  Exchange& open_;
  GuestExchange& restricted_;
  Rules rules_;
  std::map<ConnectionId, Line> lines_;
  std::vector<Line> ended_;  // kept until the next call: an end is not destroyed while it speaks
};

}  // namespace ktape
