#pragma once

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>

#include <boost/asio/io_context.hpp>

#include "mock_server/mock_server.hpp"
#include "net/web_socket.hpp"

// Private to this folder.
namespace ktape {

class ClientLink;

// How time passes, and with it when clients' words reach the exchange. The server tells it what happens on the links.
class Pace {
 public:
  virtual ~Pace() = default;
  virtual void client_ready(ClientLink& client) = 0;  // upgraded; to be attached
  virtual void client_said(ClientLink& client, FrameKind kind, std::string_view payload) = 0;
  // The link of an attached client is down. To be handed over as Closed, then removed.
  virtual void client_gone(ClientLink& client, const CloseInfo& info) = 0;
  virtual void client_written() = 0;  // some client's queue is shorter
  // Runs `action` when the clock has come to the present, and then what the exchange does about it.
  virtual void at_present(const std::function<void()>& action) = 0;
  virtual void advance_to(Timestamp at) = 0;
  virtual void pause() = 0;
  virtual void resume() = 0;
  virtual bool is_paused() const = 0;
  // Whether time moves by advance_to() only: in Manual always, in RealTime and Max while it is paused or has not begun,
  // in Lockstep never.
  virtual bool stands() const = 0;
  virtual bool set_rate(Rate /*rate*/) { return false; }  // false: it has none
  virtual void stop() = 0;                                // no further advance, no timers
};

// What the paces share: who is there, and the ways to the exchange.
struct ServerCore {
  boost::asio::io_context& io;
  Exchange& exchange;
  VirtualClock& clock;
  MockServerOptions options;
  std::map<ConnectionId, std::unique_ptr<ClientLink>> clients;  // in the order of their arrival
  Pace* pace = nullptr;
  std::uint32_t last_id = 0;
  bool sent = false;  // something went out to a client since somebody last cleared this
  bool stopping = false;

  void add(net::ByteStream stream, Endpoint local, std::string client_address);
  void remove(ClientLink& client);
  bool anybody_attached() const;

  void attach(ClientLink& client);
  void hand_over(ClientLink& client, FrameKind kind, std::string_view payload);
  // Passes one instant: announces it where that is asked for, then moves the clock there.
  void pass(Timestamp instant);
};

// One client: its websocket on one side, its place at the exchange on the other.
class ClientLink final : public FrameSink, private net::WebSocketEvents {
 public:
  ClientLink(ServerCore& core, ConnectionId id, net::ByteStream stream, Endpoint local, std::string address);

  ConnectionId id() const { return id_; }
  const Endpoint& endpoint() const { return endpoint_; }
  bool attached() const { return attached_; }
  void set_attached() { attached_ = true; }
  std::size_t queued_bytes() const { return socket_.queued_bytes(); }

  // From the exchange.
  void on_frame(const Frame& frame) override;

  void send_time_ping(Timestamp at);
  void close(const CloseInfo& why);

 private:
  void on_open(const net::UpgradeRequest& request) override;
  void on_message(FrameKind kind, std::string_view payload) override;
  bool is_mute(FrameKind kind) override {
    if (kind == FrameKind::Ping && !core_.options.answer_pings) return true;
    return core_.options.is_silent && core_.options.is_silent(id_);
  }
  void on_end(const net::Ending& ending) override;
  void on_written() override;

  Endpoint endpoint_asked_for(const std::string& host, const std::string& target) const;
  void hold_back(const std::vector<MessagePiece>& pieces, std::uint64_t begin);
  void release_pieces();
  void release_all();

  std::optional<net::HttpRefusal> check(const net::UpgradeRequest& request) const;
  bool answer(const net::HttpRequest& request, net::HttpReply reply);

  ServerCore& core_;
  ConnectionId id_;
  Endpoint endpoint_;
  std::string address_;  // the client's
  net::WebSocket socket_;
  struct Cut {
    std::uint64_t position;  // in what is sent
    Timestamp due;           // when what is behind it may leave
  };
  std::deque<Cut> cuts_;
  Timer next_piece_;
  bool attached_ = false;
  bool released_ = false;             // the exchange has closed it and knows it no longer
  bool closing_ = false;              // by the server
  std::optional<CloseInfo> verdict_;  // why the server closed it
};

std::unique_ptr<Pace> make_direct_pace(ServerCore& core);
std::unique_ptr<Pace> make_lockstep_pace(ServerCore& core);

}  // namespace ktape
