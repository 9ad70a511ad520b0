#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/client_fixture.hpp"

namespace ktape::test {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;

TEST_F(ClientTest, DoesNotTradeUnlessItIsAllowedTo) {
  Tokens tokens;
  build({.authoriser = &tokens});
  open();
  const auto refused = client->trade(CancelAll{});
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().detail, HasSubstr("allow_trading is off"));
  build({.allow_trading = true});
  open();
  const auto without_credentials = client->trade(CancelAll{});
  ASSERT_FALSE(without_credentials);
  EXPECT_THAT(without_credentials.error().detail, HasSubstr("needs credentials"));
  EXPECT_THAT(transport.sent, IsEmpty());
}

TEST_F(ClientTest, RefusesPrivateChannelsWithoutCredentials) {
  build();
  const auto refused = client->subscribe({.channel = Channel::Executions});
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().detail, HasSubstr("executions needs credentials"));
}

}  // namespace
}  // namespace ktape::test
