// Messages per second over loopback sockets, server and reader in two threads. The bound of the same run: the same
// bytes through a bare TCP connection in writes of 16 KiB, without websocket or TLS.
#include <array>
#include <string>
#include <thread>
#include <vector>

#include <benchmark/benchmark.h>
#include <boost/asio/connect.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>

#include "core/base/assert.hpp"
#include "live/live_loop.hpp"
#include "live/websocket_transport.hpp"
#include "mock_server/mock_server.hpp"

namespace ktape {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;

constexpr std::int64_t kMessages = 500'000;
constexpr std::size_t kPayload = 211;         // a book update of Spot v2
constexpr std::size_t kFrame = kPayload + 4;  // with its websocket header

// Says ten messages each 10 us of virtual time, then closes.
class Firehose final : public Exchange {
 public:
  explicit Firehose(TimerService& timers) : timers_(timers) {}

  void attach(ConnectionId connection, const Endpoint&, FrameSink& client) override {
    connection_ = connection;
    client_ = &client;
    left_ = kMessages;
    fire();
  }
  void on_frame(const Frame& frame) override {
    if (frame.kind == FrameKind::Closed) client_ = nullptr;
  }

 private:
  void fire() {
    timer_ = timers_.at(timers_.now() + std::chrono::microseconds(10), [this](Timestamp) {
      for (int i = 0; i < 10 && left_ > 0 && client_ != nullptr; ++i, --left_) say(FrameKind::Text, text_);
      if (left_ > 0 && client_ != nullptr) return fire();
      if (client_ != nullptr) say(FrameKind::Closed, "1000");
    });
  }
  void say(FrameKind kind, std::string_view payload) {
    FrameSink* const to = kind == FrameKind::Closed ? std::exchange(client_, nullptr) : client_;
    to->on_frame({timers_.now(), connection_, Direction::FromExchange, kind, payload});
  }

  TimerService& timers_;
  Timer timer_;
  ConnectionId connection_{};
  FrameSink* client_ = nullptr;
  std::int64_t left_ = 0;
  std::string text_ = std::string(kPayload, 'x');
};

// A server in a thread of its own.
class Server {
 public:
  explicit Server(ListenAddress::Security security) {
    MockServerOptions options;
    options.pace = ServerPace::Max;
    options.listen = {{.security = security}};
    if (security == ListenAddress::Security::Tls) options.identity = make_tls_identity().value();
    if (options.identity) ca_ = options.identity->ca;
    server_.emplace(io_, firehose_, clock_, std::move(options));
    endpoint_ = server_->listen().value().front();
    endpoint_.target = "/v2";
    thread_ = std::thread([this] { io_.run(); });
  }
  ~Server() {
    asio::post(io_, [this] { server_->stop(); });
    thread_.join();
  }
  const Endpoint& endpoint() const { return endpoint_; }
  const std::string& ca() const { return ca_; }

 private:
  asio::io_context io_;
  VirtualClock clock_{Timestamp{}};
  Firehose firehose_{clock_};
  std::string ca_;
  std::optional<MockServer> server_;
  Endpoint endpoint_;
  std::thread thread_;
};

void count(benchmark::State& state) {
  const auto messages = static_cast<double>(kMessages) * static_cast<double>(state.iterations());
  state.counters["messages/s"] = benchmark::Counter(messages, benchmark::Counter::kIsRate);
  state.SetBytesProcessed(kMessages * static_cast<std::int64_t>(kFrame) *
                          static_cast<std::int64_t>(state.iterations()));
}

void bare_tcp(benchmark::State& state) {
  asio::io_context io;
  for ([[maybe_unused]] const auto iteration : state) {
    tcp::acceptor acceptor(io, {asio::ip::address_v4::loopback(), 0});
    std::thread writer([&] {
      tcp::socket out = acceptor.accept();
      const std::vector<char> piece(std::size_t{16} << 10U, 'x');
      for (std::size_t left = kMessages * kFrame; left > 0;) {
        const std::size_t now = std::min(left, piece.size());
        asio::write(out, asio::buffer(piece.data(), now));
        left -= now;
      }
    });
    tcp::socket in(io);
    in.connect(acceptor.local_endpoint());
    std::vector<char> buffer(std::size_t{256} << 10U);
    boost::system::error_code end;
    while (in.read_some(asio::buffer(buffer), end) > 0 && !end) {
    }
    writer.join();
  }
  count(state);
}
BENCHMARK(bare_tcp)->UseRealTime()->Unit(benchmark::kMillisecond);

// The server alone: the reader takes bytes and looks at none.
void server_to_bare_reader(benchmark::State& state) {
  Server server(ListenAddress::Security::Plain);
  asio::io_context io;
  std::vector<char> buffer(std::size_t{256} << 10U);
  for ([[maybe_unused]] const auto iteration : state) {
    tcp::socket in(io);
    in.connect({asio::ip::make_address(server.endpoint().host), server.endpoint().port});
    const std::string upgrade =
        "GET /v2 HTTP/1.1\r\nHost: bench\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
    asio::write(in, asio::buffer(upgrade));
    std::size_t got = 0;
    while (got < kMessages * kFrame) got += in.read_some(asio::buffer(buffer));
  }
  count(state);
}
BENCHMARK(server_to_bare_reader)->UseRealTime()->Unit(benchmark::kMillisecond);

class Counter final : public FrameSink {
 public:
  void on_frame(const Frame& frame) override {
    texts += frame.kind == FrameKind::Text ? 1 : 0;
    closed = closed || frame.kind == FrameKind::Closed;
  }
  std::int64_t texts = 0;
  bool closed = false;
};

void server_to_client(benchmark::State& state, ListenAddress::Security security) {
  Server server(security);
  for ([[maybe_unused]] const auto iteration : state) {
    LiveLoop loop;
    WebSocketOptions options;
    options.ca_pem = server.ca();
    WebSocketTransport transport(loop, ConnectionId{1}, options);
    Counter counter;
    transport.connect(server.endpoint(), counter);
    while (!counter.closed) loop.turn(std::chrono::seconds(1));
    KTAPE_ASSERT(counter.texts == kMessages, "messages were lost on the way");
  }
  count(state);
}
BENCHMARK_CAPTURE(server_to_client, plain, ListenAddress::Security::Plain)
    ->UseRealTime()
    ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(server_to_client, tls, ListenAddress::Security::Tls)->UseRealTime()->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace ktape
