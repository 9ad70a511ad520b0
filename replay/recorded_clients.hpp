#pragma once

#include <functional>
#include <map>
#include <memory>
#include <utility>

#include "core/client/client.hpp"
#include "core/protocol/dialect.hpp"
#include "core/wire/frame.hpp"
#include "core/wire/web_requests.hpp"
#include "replay/recorded_transport.hpp"

namespace ktape {

// Gives every connection of a recording a client of its own, at its first frame, and hands it that connection's frames.
// HTTP requests are passed over.
// Put behind a Player it is the client side of a replay.
class RecordedClients final : public FrameSink {
 public:
  // Where the events of a connection go; asked for once per connection.
  using SinkOf = std::function<EventSink&(ConnectionId)>;
  // What a connection speaks; asked for once per connection.
  using DialectOf = std::function<Dialect(ConnectionId)>;

  // `timers` and the sinks outlive it. Dialects must be ones that make_codec() knows. Of `options` the endpoint has no
  // meaning here.
  RecordedClients(DialectOf dialect_of, TimerService& timers, SinkOf sink_of, ClientOptions options);
  // The same for every connection.
  RecordedClients(Dialect dialect, TimerService& timers, SinkOf sink_of, ClientOptions options)
      : RecordedClients([dialect](ConnectionId) { return dialect; }, timers, std::move(sink_of), std::move(options)) {}
  RecordedClients(const RecordedClients&) = delete;
  RecordedClients& operator=(const RecordedClients&) = delete;
  ~RecordedClients();

  void on_frame(const Frame& frame) override;

  struct Entry {
    explicit Entry(std::unique_ptr<Codec> its_codec) : codec(std::move(its_codec)) {}
    RecordedTransport transport;
    std::unique_ptr<Codec> codec;
    std::unique_ptr<Client> client;
  };
  const std::map<ConnectionId, std::unique_ptr<Entry>>& all() const { return clients_; }

 private:
  WebRequests web_requests_;
  DialectOf dialect_of_;
  TimerService& timers_;
  SinkOf sink_of_;
  ClientOptions options_;
  std::map<ConnectionId, std::unique_ptr<Entry>> clients_;
  Entry* last_ = nullptr;
  ConnectionId last_id_{};
};

}  // namespace ktape
