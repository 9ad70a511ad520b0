// A client that is not ours: python3-websockets, if it is installed.
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <thread>

#include <gtest/gtest.h>

#include "tests/support/network.hpp"

namespace ktape::test {
namespace {

constexpr const char* kInterpreter = "/usr/bin/python3";

constexpr const char* kScript = R"(
import asyncio, ssl, sys, websockets

async def main(url, ca):
    trust = ssl.create_default_context(cafile=ca)
    async with websockets.connect(url, ssl=trust, subprotocols=["v1"], open_timeout=30) as ws:
        assert ws.subprotocol == "v1", ws.subprotocol
        await asyncio.wait_for(await ws.ping("payload"), 30)
        for size in (1, 125, 126, 65535, 65536, 500000):
            await ws.send("x" * size)
            assert await asyncio.wait_for(ws.recv(), 30) == "x" * size
        await ws.send(["in ", "several ", "fragments"])
        assert await asyncio.wait_for(ws.recv(), 30) == "in several fragments"
        await ws.close(1000, "all well")

asyncio.run(main(sys.argv[1], sys.argv[2]))
)";

TEST(ForeignClient, SpeaksWithTheServerOverTls) {
  if (std::system((std::string(kInterpreter) + " -c 'import websockets' 2>/dev/null").c_str()) != 0) {
    GTEST_SKIP() << "python3-websockets is not installed";
  }
  const auto directory = std::filesystem::path(::testing::TempDir()) / "ktape_foreign_client";
  std::filesystem::create_directories(directory);
  ASSERT_TRUE(write_tls_identity(test_identity(), directory).has_value());
  std::ofstream(directory / "client.py") << kScript;

  Network net;
  net.exchange.echo();
  MockServerOptions options;
  options.listen = {{.security = ListenAddress::Security::Tls}};
  options.pace = ServerPace::Lockstep;  // its clients need to know nothing of that
  const Endpoint endpoint = net.serve(std::move(options));
  const std::string command = std::string(kInterpreter) + " " + (directory / "client.py").string() + " " +
                              endpoint.url() + " " + (directory / "ca.pem").string();
  int status = -1;
  std::thread client([&] {
    const int result = std::system(command.c_str());
    net.loop.post([&, result] { status = result; });
  });
  const bool ended = net.loop.run_until([&] { return status != -1 && net.exchange.clients.empty(); }, kPatience * 4);
  client.join();
  EXPECT_TRUE(ended);
  EXPECT_EQ(status, 0);
  EXPECT_EQ(net.exchange.heard.closed(), "> 1000 all well");
  std::filesystem::remove_all(directory);
}

}  // namespace
}  // namespace ktape::test
