#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/base/result.hpp"
#include "core/client/client.hpp"
#include "core/protocol/dialect.hpp"
#include "live/live_loop.hpp"
#include "live/websocket_transport.hpp"

namespace CLI {
class App;
class Option;
}  // namespace CLI

namespace ktape::cli {

// Where a live exchange is, and what is spoken there: the arguments of commands that look at one.
struct LiveArguments {
  std::string url;
  std::string dialect = "spot-v2";
  std::string ca;
  std::string clock = "system";
};
// `arguments` outlives the command. The options, for who wants to exclude them.
std::vector<CLI::Option*> add_live_options(CLI::App& command, LiveArguments& arguments);

// The arguments, understood.
struct LivePlace {
  Dialect dialect = Dialect::SpotV2;
  Endpoint endpoint;
  std::string ca_file;
  bool server_time = false;  // the time is that which a mock server announces

  static Result<LivePlace> of(const LiveArguments& arguments);
};

// A client of a live exchange, in a loop of its own, that tells the user what becomes of its connection. Ctrl-C ends
// it, and so does a certificate that is not accepted, or the end of a server that keeps the time.
class LiveClient final : private EventSink, private ClientNotices {
 public:
  // `events` hears everything, and outlives it. Endpoint and notices of `options` are this object's own.
  LiveClient(const LivePlace& place, EventSink& events, ClientOptions options = {});
  LiveClient(const LiveClient&) = delete;
  LiveClient& operator=(const LiveClient&) = delete;

  LiveLoop& loop() { return loop_; }
  Client& client() { return client_; }

  // Until `done`, which is asked in every turn; an error says why there was no use in going on.
  Result<void> run(const std::function<bool()>& done);

 private:
  void on_event(const Event& event) override;
  void down(std::string_view why);
  void retrying(int attempt, Duration delay) override;
  void stop();
  ClientOptions own(ClientOptions options);

  LivePlace place_;
  EventSink& events_;
  LiveLoop loop_;
  WebSocketTransport socket_;
  std::unique_ptr<Codec> codec_;
  Client client_;
  bool connected_ever_ = false;
  bool stopping_ = false;
  std::optional<Error> hopeless_;
};

}  // namespace ktape::cli
