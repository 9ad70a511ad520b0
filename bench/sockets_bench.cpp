// Messages per second over loopback sockets, server and readers in two threads, and memory per connection. The bounds
// of the same run: the same bytes through a bare TCP connection in writes of 16 KiB, without websocket or TLS; and
// Boost.Beast alone, which writes each message by itself.
#include <array>
#include <fstream>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include <benchmark/benchmark.h>
#include <boost/asio/connect.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/websocket/stream.hpp>
#include <unistd.h>

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

// Once so many are attached, says ten messages each 10 us of virtual time to each of them, then closes.
class Firehose final : public Exchange {
 public:
  Firehose(TimerService& timers, std::size_t audience, std::int64_t messages)
      : timers_(timers), audience_(audience), messages_(messages) {}

  void attach(ConnectionId connection, const Endpoint&, FrameSink& client) override {
    clients_[connection] = &client;
    if (clients_.size() != audience_) return;
    left_ = messages_;
    fire();
  }
  void on_frame(const Frame& frame) override {
    if (frame.kind == FrameKind::Closed) clients_.erase(frame.connection);
  }

 private:
  void fire() {
    timer_ = timers_.at(timers_.now() + std::chrono::microseconds(10), [this](Timestamp) {
      for (int i = 0; i < 10 && left_ > 0; ++i, --left_) say(FrameKind::Text, text_);
      if (left_ > 0 && !clients_.empty()) return fire();
      say(FrameKind::Closed, "1000");
      clients_.clear();
    });
  }
  void say(FrameKind kind, std::string_view payload) {
    for (const auto& [connection, client] : clients_) {
      client->on_frame({timers_.now(), connection, Direction::FromExchange, kind, payload});
    }
  }

  TimerService& timers_;
  std::size_t audience_;
  std::int64_t messages_;
  Timer timer_;
  std::map<ConnectionId, FrameSink*> clients_;
  std::int64_t left_ = 0;
  std::string text_ = std::string(kPayload, 'x');
};

// A server in a thread of its own.
class Server {
 public:
  explicit Server(ListenAddress::Security security, std::size_t audience = 1, std::int64_t messages = kMessages)
      : firehose_(clock_, audience, messages) {
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
  Firehose firehose_;
  std::string ca_;
  std::optional<MockServer> server_;
  Endpoint endpoint_;
  std::thread thread_;
};

void count(benchmark::State& state, std::int64_t each = kMessages) {
  const auto messages = static_cast<double>(each) * static_cast<double>(state.iterations());
  state.counters["messages/s"] = benchmark::Counter(messages, benchmark::Counter::kIsRate);
  state.SetBytesProcessed(each * static_cast<std::int64_t>(kFrame) * static_cast<std::int64_t>(state.iterations()));
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

constexpr std::string_view kUpgrade =
    "GET /v2 HTTP/1.1\r\nHost: bench\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";

// Boost.Beast as its examples use it: a write for each message, to a reader that looks at none. `serve` and `enter`
// make a stream of a connected socket, on either side.
template <class Serve, class Enter>
void beast_alone(benchmark::State& state, Serve serve, Enter enter) {
  asio::io_context io;
  std::vector<char> buffer(std::size_t{256} << 10U);
  for ([[maybe_unused]] const auto iteration : state) {
    tcp::acceptor acceptor(io, {asio::ip::address_v4::loopback(), 0});
    std::thread writer([&] {
      boost::beast::websocket::stream<decltype(serve(acceptor.accept()))> out(serve(acceptor.accept()));
      out.accept();
      out.text(true);
      const std::string text(kPayload, 'x');
      for (std::int64_t i = 0; i < kMessages; ++i) out.write(asio::buffer(text));
    });
    tcp::socket socket(io);
    socket.connect(acceptor.local_endpoint());
    auto in = enter(std::move(socket));
    asio::write(in, asio::buffer(kUpgrade));
    std::size_t got = 0;
    while (got < kMessages * kFrame) got += in.read_some(asio::buffer(buffer));
    writer.join();
  }
  count(state);
}
void beast_plain(benchmark::State& state) {
  const auto same = [](tcp::socket socket) { return socket; };
  beast_alone(state, same, same);
}
BENCHMARK(beast_plain)->UseRealTime()->Unit(benchmark::kMillisecond);

using TlsStream = asio::ssl::stream<tcp::socket>;

void beast_tls(benchmark::State& state) {
  const TlsIdentity identity = make_tls_identity().value();
  asio::ssl::context shown(asio::ssl::context::tls_server);
  shown.use_certificate_chain(asio::buffer(identity.certificate));
  shown.use_private_key(asio::buffer(identity.key), asio::ssl::context::pem);
  asio::ssl::context trust(asio::ssl::context::tls_client);
  const auto stream = [](tcp::socket socket, asio::ssl::context& context, asio::ssl::stream_base::handshake_type side) {
    TlsStream out(std::move(socket), context);
    out.handshake(side);
    return out;
  };
  beast_alone(
      state, [&](tcp::socket socket) { return stream(std::move(socket), shown, asio::ssl::stream_base::server); },
      [&](tcp::socket socket) { return stream(std::move(socket), trust, asio::ssl::stream_base::client); });
}
BENCHMARK(beast_tls)->UseRealTime()->Unit(benchmark::kMillisecond);

// A connection that takes bytes and looks at none.
template <class Stream>
class BareReader {
 public:
  BareReader(Stream stream, std::size_t wanted)
      : stream_(std::move(stream)), left_(wanted), buffer_(std::size_t{64} << 10U) {}
  Stream& stream() { return stream_; }
  void read() {
    stream_.async_read_some(asio::buffer(buffer_), [this](boost::system::error_code error, std::size_t got) {
      KTAPE_ASSERT(!error, "the server hung up");
      if (got >= left_) return;
      left_ -= got;
      read();
    });
  }

 private:
  Stream stream_;
  std::size_t left_;
  std::vector<char> buffer_;
};

// The server alone: one or many readers in one thread.
template <class Stream, class MakeStream>
void server_to_bare_readers(benchmark::State& state, ListenAddress::Security security, MakeStream make) {
  const auto readers = static_cast<std::size_t>(state.range(0));
  const std::int64_t each = kMessages / state.range(0);
  Server server(security, readers, each);
  for ([[maybe_unused]] const auto iteration : state) {
    asio::io_context io;
    std::vector<std::unique_ptr<BareReader<Stream>>> all;
    for (std::size_t i = 0; i < readers; ++i) {
      all.push_back(std::make_unique<BareReader<Stream>>(make(io, server), static_cast<std::size_t>(each) * kFrame));
      asio::write(all.back()->stream(), asio::buffer(kUpgrade));
    }
    for (const auto& one : all) one->read();
    io.run();
  }
  count(state, each * state.range(0));
}

tcp::socket connected(asio::io_context& io, const Server& server) {
  tcp::socket socket(io);
  socket.connect({asio::ip::make_address(server.endpoint().host), server.endpoint().port});
  return socket;
}

void server_plain(benchmark::State& state) {
  server_to_bare_readers<tcp::socket>(state, ListenAddress::Security::Plain, connected);
}
BENCHMARK(server_plain)->Arg(1)->Arg(100)->UseRealTime()->Unit(benchmark::kMillisecond);

void server_tls(benchmark::State& state) {
  asio::ssl::context trust(asio::ssl::context::tls_client);
  server_to_bare_readers<TlsStream>(state, ListenAddress::Security::Tls,
                                    [&](asio::io_context& io, const Server& server) {
                                      TlsStream stream(connected(io, server), trust);
                                      stream.handshake(asio::ssl::stream_base::client);
                                      return stream;
                                    });
}
BENCHMARK(server_tls)->Arg(1)->Arg(100)->UseRealTime()->Unit(benchmark::kMillisecond);

std::size_t resident_bytes() {
  std::ifstream status("/proc/self/statm");
  std::size_t whole = 0;
  std::size_t resident = 0;
  status >> whole >> resident;
  return resident * static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
}

// What a connection that stands and hears nothing costs the server; the reader's end of it is a bare socket.
template <class Stream, class MakeStream>
void memory_per_connection(benchmark::State& state, ListenAddress::Security security, MakeStream make) {
  constexpr std::size_t kConnections = 400;  // both ends are files of this process
  double bytes = 0;
  for ([[maybe_unused]] const auto iteration : state) {
    Server server(security, kConnections + 1);
    asio::io_context io;
    std::vector<Stream> all;
    all.reserve(kConnections);
    std::array<char, 4096> answer{};
    const std::size_t before = resident_bytes();
    for (std::size_t i = 0; i < kConnections; ++i) {
      all.push_back(make(io, server));
      asio::write(all.back(), asio::buffer(kUpgrade));
      all.back().read_some(asio::buffer(answer));
    }
    bytes = static_cast<double>(resident_bytes() - before) / static_cast<double>(kConnections);
  }
  state.counters["bytes/connection"] = bytes;
}
void memory_plain(benchmark::State& state) {
  memory_per_connection<tcp::socket>(state, ListenAddress::Security::Plain, connected);
}
BENCHMARK(memory_plain)->Iterations(1)->Unit(benchmark::kMillisecond);
void memory_tls(benchmark::State& state) {  // of both ends: the reader's TLS counts as well
  asio::ssl::context trust(asio::ssl::context::tls_client);
  memory_per_connection<TlsStream>(state, ListenAddress::Security::Tls,
                                   [&](asio::io_context& io, const Server& server) {
                                     TlsStream stream(connected(io, server), trust);
                                     stream.handshake(asio::ssl::stream_base::client);
                                     return stream;
                                   });
}
BENCHMARK(memory_tls)->Iterations(1)->Unit(benchmark::kMillisecond);

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
