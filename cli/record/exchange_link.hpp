#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cli/record/metrics.hpp"
#include "cli/record/session_output.hpp"
#include "core/client/client.hpp"
#include "core/protocol/dialect.hpp"
#include "live/live_loop.hpp"
#include "live/websocket_transport.hpp"
#include "recorder/recording_transport.hpp"

namespace ktape::cli {

// One connection of a recording from its first attempt to the end: its frames go to the output, its client checks what
// they say, and what is wrong is told, noted in the recording, counted, and reported as a trigger. The client leads the
// connection, or overhears one that somebody else leads.
class ExchangeLink final : private Transport, private FrameSink, private EventSink, private ClientNotices {
 public:
  // What all links of a run share. Outlives them.
  struct Surroundings {
    LiveLoop& loop;
    SessionOutput& output;
    RecordMetrics& metrics;
    Redactor& redactor;                         // of what is said and logged
    std::function<void(std::string_view)> say;  // redacts
    std::function<void(ExchangeLink&)> closed;  // the connection has ended; it may be tried again
    std::function<void(ExchangeLink&, const InstrumentUpdate&)> instruments;
  };

  // What the client is on.
  struct Line {
    std::unique_ptr<Transport> transport;
    std::function<std::optional<Error>()> failure = [] { return std::nullopt; };  // of WebSocketTransport
    bool overheard = false;  // what the client says goes nowhere, and whoever leads the connection may end it
  };
  // A connection of its own over the network.
  static Line websocket(LiveLoop& loop, ConnectionId connection, const WebSocketOptions& options);

  // `log`: where events go as well; may be null, else outlives the link.
  ExchangeLink(Surroundings& around, ConnectionId connection, std::size_t feed, Dialect dialect, ClientOptions options,
               EventSink* log, Line line);
  ExchangeLink(const ExchangeLink&) = delete;
  ExchangeLink& operator=(const ExchangeLink&) = delete;

  // What makes no sense is told, counts as refused, and is not sent.
  void subscribe(const Subscription& subscription);
  // As far as it is there: a refusal is told, and does not count.
  void subscribe_if_possible(const Subscription& subscription);
  void start() { client_.start(); }
  void stop();

  std::size_t feed() const { return feed_; }
  bool connected() const { return client_.connected(); }
  bool stopped() const { return client_.stopped(); }
  // Why no attempt can succeed, if that is so: the certificate is not accepted.
  std::optional<Error> hopeless() const;
  LinkFigures figures() const;

 private:
  // Longer than this without a word, though a heartbeat is due each second, is noted (spot-v2 section 1.3).
  static constexpr Duration kStaleAfter = std::chrono::seconds(5);
  static constexpr std::size_t kMaxNoteBytes = 1000;

  // The transport that the client sees: it passes everything on, and looks at what passes.
  void connect(const Endpoint& endpoint, FrameSink& inbound) override;
  void send(std::string_view text) override { recorded_.send(text); }
  void close(const CloseInfo& why) override { recorded_.close(why); }
  void on_frame(const Frame& frame) override;

  void on_event(const Event& event) override;
  void take(const Reply& reply);
  void take(const LinkChange& change);
  void take(const BookStateChange& change);
  void take(const TradeGap& gap);
  void take(const SequenceGap& gap);
  void take(const RequestUnanswered& request);
  // A token that cannot be had, above all.
  void failed(const Error& what) override;
  ClientOptions own(ClientOptions options);
  void note(std::string_view name, std::string text);
  std::string named(std::string_view text) const;

  Surroundings& around_;
  ConnectionId connection_;
  std::size_t feed_;
  Dialect dialect_;
  std::string url_;
  EventSink* log_;
  bool instrument_optional_ = false;
  bool stopping_ = false;
  bool lost_ = false;  // the Closed frame just seen ends a connection that stood, and nobody here wanted that
  Timestamp heard_at_{};
  bool heartbeats_ = false;  // are due on this connection
  LinkFigures figures_;

  Line line_;
  CountedOutput counted_;
  RecordingTransport recorded_;
  std::unique_ptr<Codec> codec_;
  Client client_;
  FrameSink* inbound_ = nullptr;
};

}  // namespace ktape::cli
