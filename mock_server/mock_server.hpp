#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.hpp"
#include "core/base/time_scale.hpp"
#include "core/base/virtual_clock.hpp"
#include "core/wire/endpoint.hpp"
#include "core/wire/exchange.hpp"
#include "mock_server/tls_identity.hpp"
#include "net/http_message.hpp"

namespace boost::asio {
class io_context;
}

namespace ktape {

// How the exchange's time passes.
enum class ServerPace : std::uint8_t {
  RealTime,  // at MockServerOptions::rate
  Max,       // as fast as the slowest client takes it; stands while nobody is attached
  Manual,    // by MockServer::advance_to() only
  // Instant by instant, and to the next only when every client has said all that it has to say. Each instant is
  // announced to all of them in a Ping "ktape-time=<ns>", and a client answers a Ping after everything that it said
  // before. What clients say is handed over between the instants, in the order of connections, so a session has the
  // same history every time. Stands while nobody is attached.
  Lockstep,
};

struct ListenAddress {
  enum class Security : std::uint8_t { Plain, Tls, Both };  // Both: the client's first byte tells

  std::string host = "127.0.0.1";  // an address, not a name
  std::uint16_t port = 0;          // 0: a free one
  Security security = Security::Plain;
};

// Times are real ones.
// A part of a message, and how much later than the part before it leaves.
struct MessagePiece {
  std::size_t bytes = 0;
  Duration delay{};  // of the exchange's time; of the first part it does not count
};

struct MockServerOptions {
  std::vector<ListenAddress> listen = {{}};
  std::optional<TlsIdentity> identity;  // needed for Tls and Both

  ServerPace pace = ServerPace::RealTime;
  Rate rate;
  bool wait_for_first_client = true;  // RealTime: time begins to pass when somebody is attached
  // Sends the time Pings in every pace; Lockstep always does. The exchange does not hear the answers to those.
  bool announce_time = false;

  // Decides who is let in; others get HTTP 404. Its host is that of the Host header.
  std::function<bool(const Endpoint& endpoint)> accepts = [](const Endpoint& endpoint) {
    return endpoint.target == "/v2" || endpoint.target.starts_with("/v2?");
  };
  // Whether the server answers clients' Pings; else they are for the exchange to answer, which hears them either way.
  bool answer_pings = true;
  // Answers requests that ask for no websocket, at the exchange's present time: a web server on the same port. Nothing:
  // it has no answer, and HTTP says so.
  std::function<std::optional<net::HttpResponse>(const net::HttpRequest& request)> answer_http{};
  // Is given those that have no answer yet, to answer them later in the loop; false: it will not.
  std::function<bool(const net::HttpRequest& request, net::HttpReply reply)> forward_http{};

  // What goes wrong on purpose; all of it asked at the exchange's present time. A socket that is just open: whether it
  // is reset. A handshake: how it fails; the certificates to show are in `troubled`, and without one there is none. A
  // request for a websocket, and the address that it comes from: what is said in place of the upgrade. A connection:
  // whether not even Pings are answered.
  std::function<bool()> refuses_socket{};
  std::function<std::optional<TlsTrouble>()> fails_handshake{};
  std::map<TlsTrouble, TlsIdentity> troubled{};
  std::function<std::optional<net::HttpRefusal>(const Endpoint& endpoint, std::string_view client)> refuses_upgrade{};
  std::function<bool(ConnectionId connection)> is_silent{};
  // The server itself ends a connection: its client is too slow, or silent, or the server stops. The exchange hears of
  // it as if the client had gone, later.
  std::function<void(ConnectionId connection)> ends_connection{};
  // The message that is being sent to a connection: the pieces in which its bytes leave; none: at once. Whatever is
  // sent meanwhile comes behind it, Pongs too, and so no Ping could announce an instant: never asked in Lockstep, or
  // with announce_time.
  std::function<std::vector<MessagePiece>(ConnectionId connection)> pieces_of{};

  std::size_t max_clients = 4096;
  std::size_t max_message_bytes = std::size_t{1} << 20U;   // of clients; a longer one closes with 1009
  std::size_t high_water_bytes = std::size_t{128} << 10U;  // Max: time waits while a client has more than this unsent
  std::size_t max_queued_bytes = std::size_t{64} << 20U;   // a client that has more unsent is closed with 1008
  Duration handshake_timeout = std::chrono::seconds(10);
  Duration close_timeout = std::chrono::seconds(10);
  // Max: a client that stays above the high-water mark for so long, Lockstep: one that does not answer the time Ping,
  // is closed with 1008.
  Duration patience = std::chrono::seconds(10);

  // A sentence about each client that was refused or ended otherwise than by its own close. Called from the loop.
  std::function<void(std::string_view)> log = [](std::string_view) {};
};

// Serves an Exchange over real websockets, to any number of clients, in one thread: that of whoever runs `io`. A
// LiveLoop's context() will do, for both ends in one thread; with two contexts in two threads nothing is shared.
//
// Everything that is due at one instant reaches a client in one write. A client's Ping is answered, a text that is not
// UTF-8 closes with 1007, a broken frame with 1002; the others do not notice.
//
// A Closed frame from the exchange closes the connection with its code and reason; one with code 1006 cuts it without
// a close frame, as it was cut when it was recorded.
class MockServer {
 public:
  // `io`, `exchange` and `clock` outlive the server. From listen() on, the server alone advances the clock.
  MockServer(boost::asio::io_context& io, Exchange& exchange, VirtualClock& clock, MockServerOptions options = {});
  // Drops all connections; the exchange is not told.
  ~MockServer();
  MockServer(const MockServer&) = delete;
  MockServer& operator=(const MockServer&) = delete;

  // Where clients find it, in the order of options.listen (two for Both: ws, wss). Once.
  Result<std::vector<Endpoint>> listen();

  // Closes everything with 1001 and takes nobody in any more; io.run() then returns when all have gone.
  void stop();

  std::size_t clients() const;      // attached ones
  std::size_t connections() const;  // and those that speak HTTP, or nothing yet

  // Time stands, connections do not. Without effect on Manual, where it always does.
  void pause();
  void resume();
  bool is_paused() const;

  // Manual, and in RealTime and Max while it is paused or waits for the first client: passes all instants up to `at`,
  // at once; what clients hear of it is queued. False in any other case, and nothing is done.
  bool advance_to(Timestamp at);
  // Whether advance_to() would do it.
  bool stands() const;

  // RealTime: from now on. False in every other pace.
  bool set_rate(Rate rate);

  // Runs `action` when the clock has come to the present, and then what the exchange does about it: for whoever acts on
  // the exchange from outside.
  void at_present(const std::function<void()>& action);

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace ktape
