// What the libraries that people really use need of a server's sockets, each beyond what mock_server_test.cpp has. What
// they need of its answers is in tests/conversation/exchange/what_real_clients_need_test.cpp.
#include <string>
#include <vector>

#include <fmt/format.h>
#include <gmock/gmock.h>

#include "tests/support/network.hpp"
#include "tests/support/raw_peer.hpp"

namespace ktape::test {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

class RealClientsOnSockets : public ::testing::Test {
 protected:
  // What the server answers to an upgrade with these headers.
  std::string upgrade(const Endpoint& endpoint, std::string_view headers) {
    RawPeer peer = RawPeer::connect(net.loop.context(), endpoint);
    const std::size_t before = net.exchange.endpoints.size();
    peer.write(RawPeer::upgrade_request("/v2", headers));
    EXPECT_TRUE(net.until([&] {
      return net.exchange.endpoints.size() == before + 1 && peer.received().find("\r\n\r\n") != std::string::npos;
    }));
    return peer.received();
  }

  Network net;
};

// ccxt, Chromium and six others offer it; all of them are content without.
TEST_F(RealClientsOnSockets, AreNotGivenCompressionThatTheyOffer) {
  const Endpoint endpoint = net.serve();
  for (const char* const offer :
       {"permessage-deflate; client_max_window_bits", "permessage-deflate; server_no_context_takeover",
        "permessage-deflate; client_max_window_bits=15, x-webkit-deflate-frame", "an-extension-of-the-future; a=b"}) {
    const std::string answer = upgrade(endpoint, fmt::format("Sec-WebSocket-Extensions: {}\r\n", offer));
    EXPECT_THAT(answer, StartsWith("HTTP/1.1 101 ")) << offer;
    EXPECT_THAT(answer, Not(HasSubstr("Sec-WebSocket-Extensions"))) << offer;
  }
}

// websocket-client sends the host's, a page "null", others none; npm ws has no name.
TEST_F(RealClientsOnSockets, AreLetInWhateverTheyCallThemselves) {
  const Endpoint endpoint = net.serve();
  for (const char* const headers : {"Origin: http://ws.kraken.com\r\n", "Origin: null\r\n",
                                    "Origin: https://somewhere.else\r\nUser-Agent: Mozilla/5.0\r\n", ""}) {
    EXPECT_THAT(upgrade(endpoint, headers), StartsWith("HTTP/1.1 101 ")) << headers;
  }
}

// aio-kraken-ws never comes back after an end without a close frame.
TEST_F(RealClientsOnSockets, HearACloseFrameBeforeTheConnectionEnds) {
  const Endpoint endpoint = net.serve();
  RawPeer peer = RawPeer::connect(net.loop.context(), endpoint);
  peer.write(RawPeer::upgrade_request("/v2"));
  ASSERT_TRUE(net.until([&] { return net.exchange.clients.size() == 1; }));
  net.exchange.send(kFirst, R"({"channel":"heartbeat"})");
  net.exchange.send(kFirst, FrameKind::Closed, "1001 recording ended");
  ASSERT_TRUE(net.until([&] { return peer.received().ends_with("\x88\x11\x03\xE9recording ended"); }));
  EXPECT_FALSE(peer.ended()) << "it waits for the client's own";
  peer.write(RawPeer::client_frame(0x88, "\x03\xE9"));
  ASSERT_TRUE(net.until([&] { return peer.ended(); }));
  // Text, in one frame: Chromium hands binary over as something else.
  EXPECT_THAT(peer.received(), HasSubstr("\x81\x17{\"channel\":\"heartbeat\"}"));
}

// python-kraken-sdk reads nothing for three seconds after a wrong checksum, and wants all of it then. Kraken queues.
TEST_F(RealClientsOnSockets, GetEverythingInItsOrderHoweverLateTheyRead) {
  const Endpoint endpoint = net.serve();
  boost::asio::ip::tcp::socket socket(net.loop.context());
  socket.connect({boost::asio::ip::make_address(endpoint.host), endpoint.port});
  RawPeer peer(std::move(socket));
  peer.write(RawPeer::upgrade_request("/v2"));
  ASSERT_TRUE(net.until([&] { return net.exchange.clients.size() == 1; }));
  // Far more than the kernel keeps for a peer that does not read.
  constexpr int kMessages = 4000;
  const std::string padding(4000, 'x');
  std::string expected;
  for (int i = 0; i < kMessages; ++i) {
    const std::string text = fmt::format("{:06} {}", i, padding);
    net.exchange.send(kFirst, text);
    expected += "\x81\x7E";
    expected += static_cast<char>(text.size() >> 8U);
    expected += static_cast<char>(text.size() & 0xFFU);
    expected += text;
    if (i % 100 == 0) net.loop.turn(Duration::zero());
  }
  EXPECT_EQ(net.server->clients(), 1U);
  peer.read();
  const std::size_t all = expected.size();
  ASSERT_TRUE(net.until([&] {
    const auto end = peer.received().find("\r\n\r\n");
    return end != std::string::npos && peer.received().size() >= end + 4 + all;
  }));
  EXPECT_TRUE(peer.received().ends_with(expected));
  EXPECT_FALSE(peer.ended());
}

}  // namespace
}  // namespace ktape::test
