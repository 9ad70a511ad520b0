#include "live/websocket_transport.hpp"

#include <optional>
#include <utility>

#include <boost/asio/steady_timer.hpp>
#include <fmt/format.h>

#include "core/base/assert.hpp"
#include "live/dialer.hpp"
#include "live/tls_trust.hpp"
#include "net/byte_stream.hpp"
#include "net/time_ping.hpp"
#include "net/web_socket.hpp"

namespace ktape {
namespace {

namespace asio = boost::asio;
using net::error_code;

DialOptions dial_options(const WebSocketOptions& options) {
  return {.ca_file = options.ca_file,
          .ca_pem = options.ca_pem,
          .allow_plain_to_other_hosts = options.allow_plain_to_other_hosts,
          .connect_timeout = options.connect_timeout,
          .handshake_timeout = options.handshake_timeout};
}

}  // namespace

// One connection, from connect() to Closed. Its handlers keep it; the transport's end takes the sink away from it.
class WebSocketTransport::Attempt final : public std::enable_shared_from_this<Attempt>, private net::WebSocketEvents {
 public:
  Attempt(LiveLoop& loop, ConnectionId connection, const WebSocketOptions& options, const Endpoint& endpoint,
          FrameSink& sink)
      : loop_(loop),
        connection_(connection),
        options_(options),
        endpoint_(endpoint),
        sink_(&sink),
        server_time_(loop.await_server_time()),
        dialer_(std::make_shared<Dialer>(loop, endpoint, dial_options(options))),
        timer_(loop.context()) {}

  bool ended() const { return stage_ == Stage::Ended; }
  const std::optional<Error>& failure() const { return failure_; }

  void start() {
    asio::post(loop_.context(), [self = shared_from_this()] {
      if (self->stage_ == Stage::Connecting) self->dial();
    });
  }

  void detach() {
    sink_ = nullptr;
    stage_ = Stage::Ended;
    release();
  }

  void send(FrameKind kind, std::string_view payload) {
    if (stage_ != Stage::Open) return;
    if (socket_->queued_bytes() + payload.size() > options_.max_queued_bytes) {
      stage_ = Stage::Closing;
      socket_->drop({1006, fmt::format("the server does not read: {} bytes are unsent (limit {})",
                                       socket_->queued_bytes() + payload.size(), options_.max_queued_bytes)});
      return;
    }
    if (socket_->send(kind, payload)) report(Direction::ToExchange, kind, payload);
  }

  void close(const CloseInfo& why) {
    if (stage_ == Stage::Open) {
      stage_ = Stage::Closing;
      socket_->close(why);
    } else if (stage_ == Stage::Connecting || stage_ == Stage::AwaitingTime) {
      stage_ = Stage::Closing;
      release();
      asio::post(loop_.context(), [self = shared_from_this(), why] { self->conclude(why, true); });
    }
  }

 private:
  enum class Stage { Connecting, AwaitingTime, Open, Closing, Ended };

  // Ends whatever is under way.
  void release() {
    server_time_.reset();
    ping_timer_.cancel();
    timer_.cancel();
    dialer_->cancel();
    socket_.reset();
  }

  void limit(Duration time, std::string what) {
    timer_.expires_after(time);
    timer_.async_wait([self = shared_from_this(), time, what = std::move(what)](error_code error) {
      if (error || (self->stage_ != Stage::Connecting && self->stage_ != Stage::AwaitingTime)) return;
      self->give_up(fmt::format("{} within {}", what, format_duration(time)));
    });
  }

  void give_up(const std::string& why) {
    const auto self = shared_from_this();
    release();
    conclude({1006, why}, false);
  }

  // --- resolve, connect, TLS, upgrade ---

  void dial() {
    dialer_->start([self = shared_from_this()](Result<net::ByteStream> stream) {
      if (self->stage_ != Stage::Connecting) return;
      if (stream) return self->upgrade(std::move(*stream));
      self->failure_ = stream.error();
      self->give_up(stream.error().detail);
    });
  }

  void upgrade(net::ByteStream stream) {
    net::WebSocketLimits limits;
    limits.max_message_bytes = options_.max_message_bytes;
    limits.handshake_timeout = options_.handshake_timeout;
    limits.close_timeout = options_.close_timeout;
    socket_ = std::make_unique<net::WebSocket>(std::move(stream), limits, static_cast<net::WebSocketEvents&>(*this));
    socket_->connect({host_header(endpoint_), endpoint_.target, options_.headers});
  }

  // --- what the websocket tells ---

  void on_open(const net::UpgradeRequest&) override {
    const auto self = shared_from_this();
    loop_.take_time();
    if (stage_ != Stage::Connecting) return;
    if (loop_.time_source() == TimeSource::System) {
      open();
      loop_.settle();
      return;
    }
    stage_ = Stage::AwaitingTime;
    limit(options_.handshake_timeout, "the server announces no time: no Ping with ktape-time");
  }

  void open() {
    timer_.cancel();
    stage_ = Stage::Open;
    if (options_.ping_interval > Duration::zero()) set_ping();
    report(Direction::FromExchange, FrameKind::Opened, endpoint_.url());
  }

  void set_ping() {
    ping_timer_ = loop_.clock().at(loop_.clock().now() + options_.ping_interval, [this](Timestamp) {
      set_ping();
      if (stage_ == Stage::Open && socket_->send(FrameKind::Ping, {}))
        report(Direction::ToExchange, FrameKind::Ping, {});
    });
  }

  void on_message(FrameKind kind, std::string_view payload) override {
    const auto self = shared_from_this();
    if (loop_.time_source() == TimeSource::Server) {
      if (const auto at = kind == FrameKind::Ping ? net::parse_time_ping(payload) : std::nullopt) {
        loop_.take_server_time(*at);
        if (stage_ == Stage::AwaitingTime) {
          open();
          loop_.settle();
        }
        if (options_.answer_pings || stage_ != Stage::Open) return;
        report(Direction::FromExchange, kind, payload);
        loop_.settle();
        return;
      }
      if (stage_ == Stage::AwaitingTime) {
        return give_up("the server announces no time: its first frame is no Ping with ktape-time");
      }
    }
    loop_.take_time();
    if (stage_ != Stage::Open) return;
    report(Direction::FromExchange, kind, payload);
    // The websocket answers a Ping when this call returns.
    if (kind == FrameKind::Ping && options_.answer_pings && stage_ == Stage::Open)
      report(Direction::ToExchange, FrameKind::Pong, payload);
    loop_.settle();
  }

  bool is_mute(FrameKind kind) override { return kind == FrameKind::Ping && !options_.answer_pings; }

  void on_end(const net::Ending& ending) override {
    const auto self = shared_from_this();
    conclude(ending.info, ending.by_us);
    loop_.settle();
  }

  void conclude(const CloseInfo& info, bool by_us) {
    loop_.take_time();
    if (stage_ == Stage::Ended) return;
    stage_ = Stage::Ended;
    release();
    report(by_us ? Direction::ToExchange : Direction::FromExchange, FrameKind::Closed, info.text());
    sink_ = nullptr;
  }

  void report(Direction direction, FrameKind kind, std::string_view payload) {
    if (sink_ != nullptr) sink_->on_frame({loop_.clock().now(), connection_, direction, kind, payload});
  }

  LiveLoop& loop_;
  ConnectionId connection_;
  WebSocketOptions options_;
  Endpoint endpoint_;
  FrameSink* sink_;
  Stage stage_ = Stage::Connecting;
  std::shared_ptr<void> server_time_;

  std::shared_ptr<Dialer> dialer_;
  asio::steady_timer timer_;
  std::optional<Error> failure_;
  std::unique_ptr<net::WebSocket> socket_;
  Timer ping_timer_;
};

Result<void> WebSocketTransport::check(const Endpoint& endpoint, const WebSocketOptions& options) {
  if (auto allowed = require_private(endpoint, dial_options(options)); !allowed) return allowed;
  if (!endpoint.secure) return {};
  if (auto tls = make_client_tls(options.ca_file, options.ca_pem); !tls) return tl::unexpected<Error>(tls.error());
  return {};
}

WebSocketTransport::WebSocketTransport(LiveLoop& loop, ConnectionId connection, WebSocketOptions options)
    : loop_(loop), connection_(connection), options_(std::move(options)) {}

WebSocketTransport::~WebSocketTransport() {
  if (attempt_) attempt_->detach();
}

void WebSocketTransport::connect(const Endpoint& endpoint, FrameSink& inbound) {
  KTAPE_ASSERT(!attempt_ || attempt_->ended(), "connect() before the last connection's Closed frame");
  attempt_ = std::make_shared<Attempt>(loop_, connection_, options_, endpoint, inbound);
  attempt_->start();
}

std::optional<Error> WebSocketTransport::failure() const { return attempt_ ? attempt_->failure() : std::nullopt; }

void WebSocketTransport::send(FrameKind kind, std::string_view payload) {
  if (const auto attempt = attempt_) attempt->send(kind, payload);
}

void WebSocketTransport::close(const CloseInfo& why) {
  if (const auto attempt = attempt_) attempt->close(why);
}

}  // namespace ktape
