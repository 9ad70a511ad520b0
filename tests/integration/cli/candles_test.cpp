// `ktape candles` of an exchange instead of a recording.
#include <gmock/gmock.h>

#include "tests/integration/cli/ktape_program.hpp"

namespace ktape::test {
namespace {

using ::testing::HasSubstr;

std::string without_path(std::string url) { return url.substr(0, url.rfind('/')); }

TEST(LiveCandles, AreThoseOfTheRecording) {
  const TemporaryFolder folder;
  const std::string market = make_market(folder, "200s");
  const Server server(folder, {market, "--clock", "lockstep", "--tls", "--ca-out", folder.file("ca.pem")});
  const Ended live = run_ktape({"candles", "--symbols", "BTC/USD,ETH/USD", "--intervals", "1", "--url",
                                server.url("wss"), "--rest", without_path(server.url("https")), "--ca",
                                folder.file("ca.pem"), "--clock", "server", "--count", "7", "--format", "csv"});
  EXPECT_EQ(live.code, 0) << live.errors;
  const Ended recorded = run_ktape({"candles", market, "--intervals", "1", "--format", "csv"});
  EXPECT_EQ(recorded.code, 0) << recorded.errors;
  // The minute before was told by the snapshots of other channels as well, which the recorded client had asked for.
  const std::string begin = "2026-09-01T08:00:00Z,BTC/USD,1,";
  ASSERT_THAT(live.output, HasSubstr(begin));
  ASSERT_THAT(recorded.output, HasSubstr(begin));
  const std::string told = live.output.substr(live.output.find(begin));
  EXPECT_EQ(told, recorded.output.substr(recorded.output.find(begin), told.size()));
  EXPECT_THAT(told, HasSubstr("2026-09-01T08:02:00Z,BTC/USD,1,"));
}

TEST(LiveCandles, SayWhatTheExchangeRefused) {
  const TemporaryFolder folder;
  const Server server(folder, {make_market(folder, "5s"), "--clock", "lockstep"});
  const Ended run = run_ktape({"candles", "--symbols", "XRP/USD", "--url", server.url(), "--clock", "server"});
  EXPECT_EQ(run.code, 1);
  EXPECT_THAT(run.errors, HasSubstr("ktape: trade XRP/USD: Currency pair not supported XRP/USD\n"));
}

TEST(LiveCandles, NeedToKnowOfWhat) {
  EXPECT_TRUE(refuses(run_ktape({"candles"}), 2, {"--symbols", "name a recording"}));
  EXPECT_TRUE(refuses(run_ktape({"candles", "--check"}), 2, {"--check", "name a recording"}));
  EXPECT_TRUE(
      refuses(run_ktape({"candles", "--symbols", "PF_XBTUSD", "--dialect", "futures-v1", "--rest", "https://x"}), 2,
              {"--rest", "spot-v2 only"}));
  EXPECT_TRUE(refuses(run_ktape({"candles", "--symbols", "BTC/USD", "--url", "http://x"}), 2, {"--url"}));
}

}  // namespace
}  // namespace ktape::test
