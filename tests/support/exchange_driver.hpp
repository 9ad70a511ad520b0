#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/virtual_clock.hpp"
#include "core/wire/exchange.hpp"

namespace ktape::test {

// Clients of an Exchange without any transport between: what they say arrives at once, what they hear is kept.
class ExchangeDriver {
 public:
  struct Heard {
    Timestamp at;
    FrameKind kind = FrameKind::Text;
    std::string payload;
    friend bool operator==(const Heard&, const Heard&) = default;
  };

  ExchangeDriver(VirtualClock& clock, Exchange& exchange) : clock_(clock), exchange_(exchange) {}

  // A new connection; the exchange has its turn before this returns.
  ConnectionId connect() {
    const auto id = static_cast<ConnectionId>(++last_);
    exchange_.attach(id, Endpoint{false, "test", 80, "/v2"}, clients_[id]);
    turn();
    return id;
  }
  void say(ConnectionId client, std::string_view text) { tell(client, FrameKind::Text, text); }
  void leave(ConnectionId client) { tell(client, FrameKind::Closed, CloseInfo{1000, "done"}.text()); }

  void run_to(Timestamp target) { clock_.advance_to(target); }
  void run_for(Duration span) { run_to(clock_.now() + span); }
  void turn() { run_to(clock_.now()); }

  const std::vector<Heard>& heard(ConnectionId client) const { return clients_.at(client).heard; }
  // What was heard since the last take, as text; a Closed frame is "closed 1001 reason".
  std::vector<std::string> take(ConnectionId client) {
    auto& from = clients_.at(client);
    std::vector<std::string> texts;
    for (; from.taken < from.heard.size(); ++from.taken) {
      const auto& frame = from.heard[from.taken];
      texts.push_back(frame.kind == FrameKind::Closed ? "closed " + frame.payload : frame.payload);
    }
    return texts;
  }

 private:
  struct Client final : FrameSink {
    void on_frame(const Frame& frame) override { heard.push_back({frame.at, frame.kind, std::string(frame.payload)}); }
    std::vector<Heard> heard;
    std::size_t taken = 0;
  };

  void tell(ConnectionId client, FrameKind kind, std::string_view payload) {
    exchange_.on_frame({clock_.now(), client, Direction::ToExchange, kind, payload});
    turn();
  }

  VirtualClock& clock_;
  Exchange& exchange_;
  std::map<ConnectionId, Client> clients_;
  std::uint32_t last_ = 0;
};

}  // namespace ktape::test
