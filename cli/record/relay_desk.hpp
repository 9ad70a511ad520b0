#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string_view>

#include "cli/record/config.hpp"
#include "core/base/result.hpp"
#include "core/base/virtual_clock.hpp"
#include "core/session/redactor.hpp"
#include "live/http_client.hpp"
#include "live/live_loop.hpp"
#include "live/websocket_transport.hpp"
#include "mock_server/mock_server.hpp"
#include "relay/loop_exchange.hpp"
#include "relay/relay_exchange.hpp"
#include "replay/recorded_transport.hpp"
#include "rest/recording_requester.hpp"

namespace ktape::cli {

// Where clients of others connect, to be led on to the exchange: what `ktape record --listen` puts in the middle.
class RelayDesk final : private FrameSink {
 public:
  struct Surroundings {
    LiveLoop& loop;
    WebSocketOptions socket;                    // of the connections to the exchange
    std::function<void(std::string_view)> say;  // for people
    // A connection with a new number: what crosses it comes out of this transport, whatever is said to it.
    std::function<void(ConnectionId, std::unique_ptr<Transport>)> overhear;
    FrameSink& calls;    // HTTP requests and their answers, as connection 0
    Redactor& redactor;  // the session's own
  };

  // Listens. `config`, with a relay, and `around.loop` outlive it.
  static Result<std::unique_ptr<RelayDesk>> open(const RecordConfig& config, Surroundings around);
  ~RelayDesk();
  RelayDesk(const RelayDesk&) = delete;
  RelayDesk& operator=(const RelayDesk&) = delete;

  // Sends everybody away with 1001, and takes nobody in any more.
  void stop() { server_->stop(); }
  // Nobody is there, and all that there was has been recorded.
  bool idle() const { return relay_.links() == 0 && server_->connections() == 0; }

 private:
  RelayDesk(const RecordConfig& config, Surroundings around);

  Result<void> listen();
  RelayOptions relay_options();
  Result<MockServerOptions> server_options();
  bool serves(const Endpoint& asked) const;
  std::optional<net::HttpRefusal> refusal(const Endpoint& asked) const;
  bool forward(const net::HttpRequest& request, net::HttpReply reply);
  void on_frame(const Frame& frame) override;

  const RecordConfig& config_;
  const Endpoint& url_;  // where clients are led
  Surroundings around_;
  std::shared_ptr<void> server_time_;  // time stands while nobody is there to announce it
  std::map<ConnectionId, RecordedTransport*> lines_;
  RelayExchange relay_;
  LoopExchange in_loop_;
  VirtualClock no_time_{Timestamp{}};  // of the server, for which none passes: nothing happens here by itself
  std::unique_ptr<HttpClient> rest_;   // nothing: HTTP requests are refused
  std::unique_ptr<rest::RecordingRequester> recorded_rest_;
  std::optional<MockServer> server_;
};

}  // namespace ktape::cli
