#include "core/protocol/futures/challenge.hpp"

#include <gtest/gtest.h>

namespace ktape::futures {
namespace {

TEST(FuturesChallenge, SignsAsTheDocumentationDoes) {
  EXPECT_EQ(sign_challenge("c100b894-1729-464d-ace1-52dbce11db42",
                           "7zxMEF5p/Z8l2p2U7Ghv6x14Af+Fx+92tPgUdVQ748FOIrEoT9bgT+bTRfXc5pz8na+hL/QdrCVG7bh9KpT0eMTm")
                .value(),
            "4JEpF3ix66GA2B+ooK128Ift4XQVtc137N9yeg4Kqsn9PI0Kpzbysl9M1IeCEdjg0zl00wkVqcsnG4bmnlMb3A==");
  EXPECT_EQ(sign_challenge("00112233-4455-6677-8899-aabbccddeeff",
                           "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8gISIjJCUmJygpKissLS4vMDEyMzQ1Njc4OTo7PD0+Pw==")
                .value(),
            "3Ka62Q+2LnU8su1ahiOqIAKWUOQUbC4rJYPT1GtPyeKSsQN5pWU2VYPzY/TncXx3xWSGW8bKAq1EKWo1AclUWw==");
  EXPECT_EQ(
      sign_challenge("226aee50-88fc-4618-a42a-34f7709570b2", "cmVwbGF5LXNpbS10ZXN0LXNlY3JldC0wMTIzNDU2Nzg5").value(),
      "yCfBkJP0oBlWMlZ3TZlZlGofYkdbaOQOfbVKt8Z67en0TSPEu8GyeF2aXjHPA6R8kIzhkpeBCxY0HeUjaT/R3A==");
}

TEST(FuturesChallenge, DoesNotShowTheSecretInAnError) {
  const auto refused = sign_challenge("c", "my secret secret");
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().detail, "the API secret is not base64: character 3 is none of its alphabet");
  EXPECT_EQ(sign_challenge("c", "").error().detail, "the API secret is empty");
}

}  // namespace
}  // namespace ktape::futures
