#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/clock.hpp"
#include "core/base/result.hpp"
#include "core/wire/exchange.hpp"
#include "hosts/accounts.hpp"

namespace ktape::testing {

struct KrakenServerOptions {
  std::vector<hosts::Account> accounts{};        // around a recording: keys, tokens, trading
  Duration start_offset{};                       // begins so far into the recording
  Duration patience = std::chrono::seconds(30);  // of real time: how long a wait may last
};

// What a client has done, or what has happened to it.
struct ClientWord {
  enum class Kind : std::uint8_t {
    Opened,   // a websocket; `text` is empty
    Text,     // a message
    Closed,   // by either side; `text` is the code and the reason
    Request,  // HTTP; `text` is the body
  };
  Timestamp at{};  // in the server's time
  ConnectionId connection{};
  Kind kind = Kind::Text;
  std::string path;  // of the websocket or, with the method before it, of the request
  std::string text;
};

// A mock server in the process of a test, in a thread of its own, for clients of any kind: over TLS and plain on one
// port of 127.0.0.1. Its time is virtual and passes only when the test says so; between two such words the server
// answers what clients say, at the instant at which time stands. So a test waits for what happens, and never sleeps.
//
// All functions may be called from the test's thread, and none from inside run().
class KrakenServer {
 public:
  // Serves what was recorded, websockets and REST, as `ktape serve FILE` does. Time stands at its first frame.
  static Result<std::unique_ptr<KrakenServer>> play(const std::string& recording, KrakenServerOptions options = {});

  // Serves an exchange of the test's own, at every path; `make` is given the timers that it shall use. Time stands at
  // 2026-09-01T08:00:00Z.
  using MakeExchange = std::function<std::unique_ptr<Exchange>(TimerService& timers)>;
  static Result<std::unique_ptr<KrakenServer>> serve(const MakeExchange& make, KrakenServerOptions options = {});

  ~KrakenServer();
  KrakenServer(const KrakenServer&) = delete;
  KrakenServer& operator=(const KrakenServer&) = delete;

  // "wss://127.0.0.1:PORT/v2", and of other paths: /v1 and /v1/auth, /v2/auth, /ws/v1.
  std::string url(std::string_view path = "/v2") const;
  std::string plain_url(std::string_view path = "/v2") const;  // ws://
  std::string rest_url() const;                                // "https://127.0.0.1:PORT"
  // The authority that clients must trust: PEM, and a file with it for as long as the server lives.
  const std::string& ca() const;
  const std::string& ca_file() const;

  Timestamp now() const;
  // Time passes. When this returns, whatever was due has been handed to the connections.
  void advance(Duration span);
  void advance_to(Timestamp at);
  // When the recording's last frame is due; of an exchange of one's own the beginning.
  Timestamp end() const;

  // All that clients have done so far, in the order in which it arrived.
  std::vector<ClientWord> journal() const;
  // Waits until `done` holds for the journal, which is asked after each entry. False after `patience`.
  bool wait_for(const std::function<bool(const std::vector<ClientWord>&)>& done) const;
  // Until `count` messages with `part` in them have arrived, over all connections.
  bool wait_for_message(std::string_view part, std::size_t count = 1) const;
  // Until so many websockets stand.
  bool wait_for_clients(std::size_t count) const;

  // Runs `action` in the server's thread, and returns when it is done: for an exchange of one's own.
  void run(const std::function<void()>& action);

 private:
  class Impl;
  explicit KrakenServer(std::unique_ptr<Impl> impl);

  std::unique_ptr<Impl> impl_;
};

}  // namespace ktape::testing
