#include "live/websocket_transport.hpp"

#include <deque>
#include <optional>
#include <utility>

#include <boost/asio/connect.hpp>
#include <boost/asio/steady_timer.hpp>
#include <fmt/format.h>

#include "core/base/assert.hpp"
#include "live/tls_trust.hpp"
#include "net/byte_stream.hpp"
#include "net/time_ping.hpp"
#include "net/web_socket.hpp"

namespace ktape {
namespace {

namespace asio = boost::asio;
using net::error_code;
using net::tcp;

constexpr std::size_t kReadAheadBytes = std::size_t{64} << 10U;

std::string host_header(const Endpoint& endpoint) {
  const bool brackets = endpoint.host.find(':') != std::string::npos;
  std::string out = brackets ? '[' + endpoint.host + ']' : endpoint.host;
  if (endpoint.port != (endpoint.secure ? 443 : 80)) out += fmt::format(":{}", endpoint.port);
  return out;
}

std::string describe(const tcp::endpoint& address) {
  const bool brackets = address.address().is_v6();
  return fmt::format("{}{}{}:{}", brackets ? "[" : "", address.address().to_string(), brackets ? "]" : "",
                     address.port());
}

// Nothing that a token could be read from on its way.
Result<void> is_private(const Endpoint& endpoint, const WebSocketOptions& options) {
  error_code error;
  const asio::ip::address address = asio::ip::make_address(endpoint.host, error);
  const bool loopback = error ? endpoint.host == "localhost" : address.is_loopback();
  if (endpoint.secure || loopback || options.allow_plain_to_other_hosts) return {};
  return fail(Errc::InvalidArgument,
              fmt::format("ws:// sends everything in the clear, so it is for loopback hosts only: {}", endpoint.url()));
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
        resolver_(loop.context()),
        timer_(loop.context()) {}

  bool ended() const { return stage_ == Stage::Ended; }

  void start() {
    asio::post(loop_.context(), [self = shared_from_this()] {
      if (self->stage_ == Stage::Connecting) self->resolve();
    });
  }

  void detach() {
    sink_ = nullptr;
    stage_ = Stage::Ended;
    release();
  }

  void send(std::string_view text) {
    if (stage_ != Stage::Open) return;
    if (socket_->queued_bytes() + text.size() > options_.max_queued_bytes) {
      stage_ = Stage::Closing;
      socket_->drop({1006, fmt::format("the server does not read: {} bytes are unsent (limit {})",
                                       socket_->queued_bytes() + text.size(), options_.max_queued_bytes)});
      return;
    }
    if (socket_->send(FrameKind::Text, text)) report(Direction::ToExchange, FrameKind::Text, text);
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
    resolver_.cancel();
    if (connecting_) {
      error_code ignored;
      connecting_->close(ignored);
    }
    if (stream_) stream_->abort();
    stream_.reset();
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

  void resolve() {
    const auto& host = endpoint_.host;
    error_code error;
    const asio::ip::address address = asio::ip::make_address(host, error);
    if (auto allowed = is_private(endpoint_, options_); !allowed) return give_up("connect: " + allowed.error().detail);
    if (endpoint_.secure) {
      auto tls = make_client_tls(options_.ca_file, options_.ca_pem);
      if (!tls) return give_up("TLS: " + tls.error().detail);
      tls_ = std::move(*tls);
    }
    if (!error) {
      addresses_.emplace_back(address, endpoint_.port);
      return try_next_address();
    }
    limit(options_.connect_timeout, fmt::format("resolve: no address for {}", host));
    resolver_.async_resolve(
        host, fmt::format("{}", endpoint_.port), tcp::resolver::numeric_service,
        [self = shared_from_this()](error_code failed, const tcp::resolver::results_type& found) {
          if (self->stage_ != Stage::Connecting) return;
          if (failed) {
            return self->give_up(fmt::format("resolve: no address for {}: {}", self->endpoint_.host, failed.message()));
          }
          for (const auto& entry : found) self->addresses_.push_back(entry.endpoint());
          self->try_next_address();
        });
  }

  void try_next_address() {
    timer_.cancel();
    if (addresses_.empty()) return give_up("connect: " + refusals_);
    const tcp::endpoint address = addresses_.front();
    addresses_.pop_front();
    connecting_.emplace(loop_.context());
    attempt_timer_.emplace(loop_.context(), options_.connect_timeout);
    attempt_timer_->async_wait([self = shared_from_this(), nth = ++attempts_](error_code error) {
      if (error || !self->connecting_ || nth != self->attempts_) return;
      error_code ignored;
      self->timed_out_ = true;
      self->connecting_->close(ignored);
    });
    timed_out_ = false;
    connecting_->async_connect(address, [self = shared_from_this(), address](error_code error) {
      self->attempt_timer_.reset();
      if (self->stage_ != Stage::Connecting) return;
      if (error) {
        if (!self->refusals_.empty()) self->refusals_ += "; ";
        self->refusals_ += describe(address) + ": ";
        self->refusals_ +=
            self->timed_out_ ? "no answer within " + format_duration(self->options_.connect_timeout) : error.message();
        self->connecting_.reset();
        return self->try_next_address();
      }
      self->stream_.emplace(std::move(*self->connecting_), kReadAheadBytes);
      self->connecting_.reset();
      self->secure();
    });
  }

  void secure() {
    if (!endpoint_.secure) return upgrade();
    limit(options_.handshake_timeout, "TLS: no end of the handshake");
    stream_->tls_client(*tls_, endpoint_.host, [self = shared_from_this()](Result<void> done) {
      if (self->stage_ != Stage::Connecting) return;
      if (!done) return self->give_up("TLS: " + done.error().detail);
      self->upgrade();
    });
  }

  void upgrade() {
    timer_.cancel();
    net::WebSocketLimits limits;
    limits.max_message_bytes = options_.max_message_bytes;
    limits.handshake_timeout = options_.handshake_timeout;
    limits.close_timeout = options_.close_timeout;
    socket_ = std::make_unique<net::WebSocket>(std::move(*stream_), limits, static_cast<net::WebSocketEvents&>(*this));
    stream_.reset();
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
    if (kind == FrameKind::Ping && stage_ == Stage::Open) report(Direction::ToExchange, FrameKind::Pong, payload);
    loop_.settle();
  }

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

  std::unique_ptr<asio::ssl::context> tls_;
  tcp::resolver resolver_;
  asio::steady_timer timer_;
  std::deque<tcp::endpoint> addresses_;
  std::string refusals_;  // of the addresses tried so far
  int attempts_ = 0;      // addresses tried
  bool timed_out_ = false;
  std::optional<asio::steady_timer> attempt_timer_;
  std::optional<tcp::socket> connecting_;
  std::optional<net::ByteStream> stream_;
  std::unique_ptr<net::WebSocket> socket_;
  Timer ping_timer_;
};

Result<void> WebSocketTransport::check(const Endpoint& endpoint, const WebSocketOptions& options) {
  if (auto allowed = is_private(endpoint, options); !allowed) return allowed;
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

void WebSocketTransport::send(std::string_view text) {
  if (const auto attempt = attempt_) attempt->send(text);
}

void WebSocketTransport::close(const CloseInfo& why) {
  if (const auto attempt = attempt_) attempt->close(why);
}

}  // namespace ktape
