#include "exchange/connection_limit.hpp"

#include <gtest/gtest.h>

#include "core/base/virtual_clock.hpp"

namespace ktape {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;

struct ConnectionLimitTest : ::testing::Test {
  // So many in a row, a second apart, that were let through.
  int passed(int attempts, std::string_view client = "127.0.0.1", std::string_view host = "ws.kraken.com") {
    int count = 0;
    for (int i = 0; i < attempts; ++i) {
      clock.advance_to(clock.now() + seconds(1));
      count += limit.refuses(client, host) ? 0 : 1;
    }
    return count;
  }
  VirtualClock clock{Timestamp{}};
  ConnectionLimit limit{clock, {}};
};

TEST_F(ConnectionLimitTest, AHundredAndFiftyInTenMinutesAndThenNoneForTenMinutes) {
  EXPECT_EQ(passed(150), 150);
  EXPECT_EQ(limit.refuses("127.0.0.1", "ws.kraken.com"), minutes(10));
  clock.advance_to(clock.now() + minutes(4));
  EXPECT_EQ(limit.refuses("127.0.0.1", "ws.kraken.com"), minutes(6))
      << "who hammers at the door is not banned for longer";
  clock.advance_to(clock.now() + minutes(6) - std::chrono::nanoseconds(1));
  EXPECT_TRUE(limit.refuses("127.0.0.1", "ws.kraken.com"));
  clock.advance_to(clock.now() + std::chrono::nanoseconds(1));
  EXPECT_EQ(passed(151), 150) << "and counted anew";
}

TEST_F(ConnectionLimitTest, AttemptsCountForTenMinutesEach) {
  EXPECT_EQ(passed(100), 100);
  clock.advance_to(clock.now() + minutes(9));
  EXPECT_EQ(passed(100), 100) << "by then the first ones are forgotten, one each second";
}

TEST_F(ConnectionLimitTest, EachAddressAndHostIsCountedByItself) {
  EXPECT_EQ(passed(200), 150);
  EXPECT_EQ(passed(10, "127.0.0.2"), 10);
  EXPECT_EQ(passed(10, "127.0.0.1", "ws-auth.kraken.com"), 10);
}

TEST_F(ConnectionLimitTest, ForgetsWhoHasBeenAwayForLongestWhereThereAreTooMany) {
  ConnectionLimit one(clock, {.attempts = 1});
  EXPECT_FALSE(one.refuses("first", "host"));
  for (std::size_t i = 1; i < ConnectionLimit::kMaxClients; ++i) {
    clock.advance_to(clock.now() + std::chrono::milliseconds(1));
    EXPECT_FALSE(one.refuses(std::to_string(i), "host"));
  }
  EXPECT_TRUE(one.refuses("first", "host")) << "all are known, and this one was here just now";
  EXPECT_FALSE(one.refuses("another", "host"));
  EXPECT_FALSE(one.refuses("1", "host")) << "it was the one that had to go";
  EXPECT_TRUE(one.refuses("first", "host"));
}

}  // namespace
}  // namespace ktape
