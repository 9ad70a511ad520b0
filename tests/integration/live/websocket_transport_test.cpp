#include "live/websocket_transport.hpp"

#include <string>
#include <vector>

#include <gmock/gmock.h>

#include "tests/support/network.hpp"

namespace ktape::test {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::StartsWith;
using Security = ListenAddress::Security;

class Connection : public ::testing::TestWithParam<Security> {
 protected:
  Endpoint serve() { return net.serve_with(GetParam()); }

  Network net;
  WebSocketTransport transport{net.loop, kClient, Network::trusting()};
};

INSTANTIATE_TEST_SUITE_P(Plain, Connection, ::testing::Values(Security::Plain));
INSTANTIATE_TEST_SUITE_P(Tls, Connection, ::testing::Values(Security::Tls));

TEST_P(Connection, OpensEchoesAndClosesWithFramesInBothDirections) {
  net.exchange.echo();
  const Endpoint endpoint = serve();
  transport.connect(endpoint, net.log);
  EXPECT_TRUE(net.log.frames.empty()) << "nothing is reported from inside connect()";
  ASSERT_TRUE(net.until([&] { return net.log.opened(); }));
  EXPECT_EQ(net.log.frames.front().payload, endpoint.url());
  EXPECT_EQ(net.log.frames.front().connection, kClient);

  transport.send("hello");
  ASSERT_EQ(net.log.frames.size(), 2U) << "what is sent is reported before send() returns";
  EXPECT_EQ(net.log.frames[1].direction, Direction::ToExchange);
  ASSERT_TRUE(net.until([&] { return net.log.count(Direction::FromExchange, FrameKind::Text) == 1; }));
  EXPECT_EQ(net.log.frames.back().payload, "hello");

  transport.close({1000, "done"});
  ASSERT_TRUE(net.until([&] { return !net.log.closed().empty(); }));
  EXPECT_EQ(net.log.closed(), "> 1000 done");
  EXPECT_EQ(net.log.frames.size(), 4U);
  ASSERT_TRUE(net.until([&] { return net.exchange.clients.empty(); }));
  EXPECT_EQ(net.exchange.heard.closed(), "> 1000 done");
  for (std::size_t i = 1; i < net.log.frames.size(); ++i) EXPECT_LE(net.log.frames[i - 1].at, net.log.frames[i].at);
}

}  // namespace
}  // namespace ktape::test
