// What the program says to a command line that makes no sense.
#include <gmock/gmock.h>

#include "tests/integration/cli/ktape_program.hpp"

namespace ktape::test {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using Words = std::vector<std::string>;

constexpr std::string_view kCommands[] = {"cat",  "completion", "diff",   "export", "import", "info",  "man",
                                          "play", "record",     "replay", "run",    "serve",  "synth", "verify"};

TEST(CommandLine, ExplainsEveryCommandWithAnExample) {
  const Ended all = run_ktape({"--help"});
  EXPECT_EQ(all.code, 0);
  for (const std::string_view command : kCommands) {
    EXPECT_THAT(all.output, HasSubstr(command));
    const Ended one = run_ktape({std::string(command), "--help"});
    EXPECT_EQ(one.code, 0);
    EXPECT_THAT(one.output, HasSubstr("Example: ktape " + std::string(command)));
    EXPECT_THAT(one.errors, IsEmpty());
  }
}

TEST(CommandLine, TellsItsVersion) {
  const Ended run = run_ktape({"--version"});
  EXPECT_EQ(run.code, 0);
  EXPECT_THAT(run.output, ::testing::StartsWith("ktape "));
}

TEST(CommandLine, NeedsACommandThatItKnows) {
  EXPECT_TRUE(refuses(run_ktape({}), 2, {"subcommand", "ktape --help"}));
  EXPECT_TRUE(refuses(run_ktape({"nosuch"}), 2, {"'nosuch'", "ktape --help"}));
  EXPECT_TRUE(refuses(run_ktape({"synth"}), 2, {"--output is required", "ktape synth --help"}));
  EXPECT_TRUE(refuses(run_ktape({"cat", "x", "--nosuch"}), 2, {"--nosuch", "ktape cat --help"}));
}

struct Mistake {
  Words arguments;
  Words named;
};

// Each with what the message must name. OUT is replaced by a file in a folder of the test's own.
const Mistake kMistakes[] = {
    {{"record", "-o", "OUT", "--symbols", "XBT/USD"}, {"'XBT/USD'", "'BTC/USD'"}},
    {{"record", "-o", "OUT", "--symbols", ","}, {"--symbols"}},
    {{"record", "-o", "OUT", "--depth", "11"}, {"11", "10, 25, 100, 500, 1000"}},
    {{"record", "-o", "OUT", "--depth", "deep"}, {"--depth", "deep"}},
    {{"record", "-o", "OUT", "--interval", "7"}, {"7", "1, 5, 15"}},
    {{"record", "-o", "OUT", "--channels", "book,quotes"},
     {"'quotes'", "instrument, ticker, book, trade, ohlc, level3, executions or balances"}},
    {{"record", "-o", "OUT", "--channels", ","}, {"--channels"}},
    {{"record", "-o", "OUT", "--candles", "1,7"}, {"--candles", "'7'"}},
    {{"record", "-o", "OUT", "--for", "soon"}, {"--for", "'soon'"}},
    {{"record", "-o", "OUT", "--sync-interval", "0s"}, {"--sync-interval", "'0s'"}},
    {{"record", "-o", "OUT", "--clock", "sun"}, {"--clock", "sun"}},
    {{"record", "-o", "OUT", "--level", "20"}, {"--level", "20"}},
    {{"record", "-o", "OUT", "--url", "kraken"}, {"--url", "'kraken'"}},
    {{"record", "-o", "OUT", "--url", "https://ws.kraken.com/v2"}, {"--url", "'https://ws.kraken.com/v2'"}},
    {{"record", "-o", "OUT", "--url", "wss://127.0.0.1:65536/v2"}, {"--url", "65536", "port"}},
    {{"record", "-o", "OUT", "--url", "ws://example.com/v2"}, {"ws://example.com/v2", "loopback"}},
    {{"replay", "x", "--rate", "fast"}, {"--rate", "'fast'"}},
    {{"replay", "x", "--rate", "0"}, {"--rate", "'0'"}},
    {{"replay", "x", "--rate", "-1"}, {"--rate", "'-1'"}},
    {{"replay", "x", "--rate", "1/0"}, {"--rate", "'1/0'"}},
    {{"replay", "x", "--rate", "99999999999"}, {"--rate", "'99999999999'"}},
    {{"replay", "x", "--candles", "2"}, {"--candles", "'2'"}},
    {{"replay", "x", "--duration", "1 parsec"}, {"--duration", "'1 parsec'"}},
    {{"replay", "x", "--limit", "-1"}, {"--limit", "-1"}},
    {{"replay", "x", "--events", "--hash"}, {"--events", "--hash"}},
    {{"cat", "x", "--format", "xml"}, {"--format", "xml"}},
    {{"cat", "x", "--limit", "-1"}, {"--limit", "-1"}},
    {{"cat", "x", "--start-offset", "-1s"}, {"--start-offset", "'-1s'"}},
    {{"serve", "x", "--rate", "x2"}, {"--rate", "'x2'"}},
    {{"run", "x", "--clock", "max", "--rate", "2", "--", "true"}, {"--clock max", "--rate"}},
    {{"serve", "x", "--port", "65536"}, {"--port", "65536"}},
    {{"serve", "x", "--tls", "--cert", "c.pem"}, {"--cert", "--key"}},
    {{"serve", "x", "--ca-out", "c.pem"}, {"--ca-out", "--tls"}},
    {{"serve", "x", "--once", "--loop"}, {"--once", "--loop"}},
    {{"serve", "x", "--clock", "sun"}, {"--clock", "sun"}},
    {{"serve", "x", "--clock", "lockstep", "--rate", "2"}, {"--clock lockstep", "--rate"}},
    {{"serve", "x", "--clock", "max", "-p"}, {"--clock max", "--start-paused"}},
    {{"serve", "x", "--key", "k.pem"}, {"--key", "--tls"}},
    {{"synth", "-o", "OUT", "--symbols", "BTC/USD,FOO/BAR"}, {"--symbols", "'FOO/BAR'", "BTC/USD, ETH/USD, XRP/USD"}},
    {{"synth", "-o", "OUT", "--duration", "long"}, {"--duration", "'long'"}},
    {{"synth", "-o", "OUT", "--start", "today"}, {"--start", "'today'"}},
    {{"synth", "-o", "OUT", "--seed", "-1"}, {"--seed", "-1"}},
    {{"synth", "-o", "OUT", "--depth", "9"}, {"9", "10, 25, 100, 500, 1000"}},
    {{"import", "x", "-o", "OUT", "--format", "csv"}, {"'csv'", "cbcap, cryptofeed, jsonl, json or kraken-trades"}},
    {{"import", "x", "-o", "OUT", "--dialect", "spot-v3"}, {"'spot-v3'", "spot-v2, spot-v1 or futures-v1"}},
};

TEST(CommandLine, RefusesWhatMakesNoSenseAndNamesIt) {
  const TemporaryFolder folder;
  const std::string out = folder.file("out.ktape");
  for (const Mistake& mistake : kMistakes) {
    Words arguments = mistake.arguments;
    std::replace(arguments.begin(), arguments.end(), std::string("OUT"), out);
    EXPECT_TRUE(refuses(run_ktape(arguments), 2, mistake.named)) << ::testing::PrintToString(arguments);
    EXPECT_FALSE(std::filesystem::exists(out)) << "a refused command leaves nothing behind";
  }
}

}  // namespace
}  // namespace ktape::test
