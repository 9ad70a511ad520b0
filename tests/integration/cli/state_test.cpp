// `ktape state`, and `ktape diff` on the event logs that the program writes.
#include <gmock/gmock.h>

#include "tests/integration/cli/ktape_program.hpp"
#include "tests/support/places.hpp"

namespace ktape::test {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

const std::string kDecimals = in_source_tree("datasets/decimals.ktape");

TEST(State, IsPrintedAtAnInstant) {
  const Ended text = run_ktape({"state", kDecimals, "--at", "+20s", "--levels", "2"});
  EXPECT_EQ(text.code, 0) << text.errors;
  EXPECT_THAT(text.output, HasSubstr("connection 1: up since"));
  EXPECT_THAT(text.output, HasSubstr("subscription book"));
  EXPECT_THAT(text.output, HasSubstr("last trade: "));
  EXPECT_THAT(text.output, HasSubstr("checksum "));
  const Ended json = run_ktape({"state", kDecimals, "--at", "+20s", "--format", "json"});
  EXPECT_EQ(json.code, 0) << json.errors;
  EXPECT_THAT(json.output, HasSubstr(R"("subscriptions":[{"channel":"book")"));
  EXPECT_EQ(json.output.back(), '\n');
}

// The books at the end are those that a replay shows, digit by digit.
TEST(State, HasTheBooksOfAReplay) {
  const std::string replayed = run_ktape({"replay", kDecimals, "--duration", "20s", "--levels", "3"}).output;
  // The last frame that a replay of so long a span plays is before its end.
  const std::string state = run_ktape({"state", kDecimals, "--at", "+19.999999999s", "--levels", "3"}).output;
  const auto prices = [](const std::string& text) {
    std::vector<std::string> found;
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);) {
      std::istringstream words(line);
      std::string side, price, quantity;
      if (words >> side >> price >> quantity && (side == "ask" || side == "bid")) {
        found.push_back(side + " " + price + " " + quantity);
      }
    }
    return found;
  };
  EXPECT_GE(prices(state).size(), 6U);
  EXPECT_EQ(prices(state), prices(replayed));
}

TEST(State, ShowsOneSymbol) {
  const TemporaryFolder folder;
  const std::string market = make_market(folder);
  const Ended one = run_ktape({"state", market, "--at", "+10s", "--symbol", "ETH/USD"});
  EXPECT_EQ(one.code, 0) << one.errors;
  EXPECT_THAT(one.output, HasSubstr("\n  ETH/USD\n"));
  EXPECT_THAT(one.output, Not(HasSubstr("BTC/USD")));
  EXPECT_TRUE(refuses(run_ktape({"state", market, "--at", "+10s", "--symbol", "NO/SUCH"}), 1, {"NO/SUCH", market}));
}

TEST(State, RefusesInstantsOutsideOfTheRecording) {
  EXPECT_TRUE(refuses(run_ktape({"state", kDecimals, "--at", "+100h"}), 2, {"--at +100h", "has frames from"}));
  EXPECT_TRUE(refuses(run_ktape({"state", kDecimals, "--at", "2020-01-01T00:00:00Z"}), 2, {"has frames from"}));
  EXPECT_TRUE(refuses(run_ktape({"state", kDecimals, "--at", "yesterday"}), 2, {"--at", "yesterday"}));
}

// One number in the middle of an event log: `diff` names it, and what led to it.
TEST(DiffOfEventLogs, NamesTheFirstDifferenceAndWhatLedToIt) {
  const TemporaryFolder folder;
  const std::string market = make_market(folder);
  const std::string log = run_ktape({"replay", market, "--events", "--candles", "1"}).output;
  write_file(folder.file("a.log"), log);
  EXPECT_EQ(run_ktape({"diff", folder.file("a.log"), folder.file("a.log")}).code, 0);
  // A trade in the middle, and the line before it.
  const std::size_t line = log.find('\n', log.find(R"("event":"trade")", log.size() / 2)) + 1;
  const std::size_t changed = log.find(R"("event":"trade")", line);
  ASSERT_NE(changed, std::string::npos);
  const std::size_t digit = log.find(R"("price":")", changed) + 9;
  std::string other = log;
  other[digit] = other[digit] == '9' ? '8' : '9';
  write_file(folder.file("b.log"), other);
  const Ended differ = run_ktape({"diff", folder.file("a.log"), folder.file("b.log"), "--context", "2"});
  EXPECT_EQ(differ.code, 1);
  EXPECT_THAT(differ.output, HasSubstr("price: A "));
  EXPECT_THAT(differ.output, HasSubstr("before it:"));
  const auto number =
      static_cast<std::size_t>(std::count(log.begin(), log.begin() + static_cast<std::ptrdiff_t>(digit), '\n'));
  std::string grouped = std::to_string(number);
  for (std::size_t at = grouped.size(); at > 3;) grouped.insert(at -= 3, ",");
  EXPECT_THAT(differ.output, HasSubstr(grouped + " lines are equal"));
  // A log that ends early, and a recording beside its own log.
  write_file(folder.file("c.log"), log.substr(0, line));
  EXPECT_THAT(run_ktape({"diff", folder.file("a.log"), folder.file("c.log")}).output, HasSubstr("ends and A goes on"));
  write_file(folder.file("d.log"), run_ktape({"replay", market, "--events"}).output);
  EXPECT_EQ(run_ktape({"diff", "--events", market, folder.file("d.log")}).code, 0);
}

}  // namespace
}  // namespace ktape::test
