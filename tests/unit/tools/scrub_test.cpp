#include "tools/scrub.hpp"

#include <gtest/gtest.h>

#include "tests/support/synthetic_recording.hpp"

namespace ktape::test {
namespace {

OwnedFrame frame(std::string payload) {
  OwnedFrame out;
  out.at = test_info().created_at;
  out.connection = ConnectionId{3};
  out.payload = std::move(payload);
  return out;
}

ScrubReport search(const std::string& bytes, const std::vector<std::string>& values = {}) {
  const auto reader = opened(bytes);
  MemorySource raw(bytes);
  auto report = search_secrets(*reader, {&raw}, values);
  EXPECT_TRUE(report.has_value());
  return std::move(*report);
}

TEST(Scrub, FindsNothingWhereNothingIs) {
  const auto report = search(recording_of({frame(R"({"channel":"heartbeat"})")}), {"canary"});
  EXPECT_EQ(report.found, 0U);
  EXPECT_EQ(report.frames, 1U);
  EXPECT_EQ(report.values, 1U);
  EXPECT_GT(report.raw_bytes, 100U);
}

TEST(Scrub, FindsMembersWhoseNamesMeanASecretAndNeverTellsTheValue) {
  const auto report = search(recording_of({frame(R"({"params":{"token":"canary-value"}})")}));
  ASSERT_EQ(report.found, 1U);
  EXPECT_EQ(report.findings[0].place, "payload, member 'token'");
  EXPECT_EQ(report.findings[0].at, test_info().created_at);
  EXPECT_EQ(report.findings[0].connection, ConnectionId{3});
}

TEST(Scrub, CountsPseudonymsAsWhatTheyAre) {
  const auto report = search(recording_of({frame(R"({"token":"ktape-redacted-0123456789ab"})")}));
  EXPECT_EQ(report.found, 0U);
  EXPECT_EQ(report.pseudonyms, 1U);
}

TEST(Scrub, FindsGivenValuesInEverySpelling) {
  const std::string value = "a/b\"c+d";
  for (const char* const spelled : {R"({"x":"a/b\"c+d"})", R"({"x":"a\/b\"c+d"})", "?x=a%2Fb%22c%2Bd"}) {
    const auto report = search(recording_of({frame(spelled)}), {"other", value});
    ASSERT_EQ(report.found, 1U) << spelled;
    EXPECT_EQ(report.findings[0].place, "payload, given value 2");
  }
}

TEST(Scrub, FindsGivenValuesInTheBytesAsStored) {
  // After the footer nothing is read, but it is in the file.
  auto bytes = recording_of({frame("{}")});
  const auto at = bytes.size();
  bytes += "canary-value";
  const auto report = search(bytes, {"canary-value"});
  ASSERT_EQ(report.found, 1U);
  EXPECT_EQ(report.findings[0].place, "memory, bytes at offset " + std::to_string(at) + ", given value 1");
}

TEST(Scrub, ReadsValuesLineByLine) {
  EXPECT_EQ(read_secret_values("first\r\n\nsecond").value(), (std::vector<std::string>{"first", "second"}));
  EXPECT_EQ(read_secret_values("first\nabc\n").error().detail,
            "line 2: a value to search for has 4 bytes or more, not 3");
  EXPECT_FALSE(read_secret_values("\n").has_value());
}

TEST(Scrub, LeavesNothingOfWhatItFinds) {
  const auto bytes = recording_of({frame(R"({"params":{"token":"canary-one"},"note":"canary-two canary-two"})"),
                                   frame(R"({"token":"ktape-redacted-0123456789ab"})"), frame("{}")});
  RedactionKey key{};
  key.fill(7);
  const std::vector<std::string> values{"canary-two"};
  ValueRedactor redactor(values, key);
  NewRecordingInMemory made;
  const auto reader = opened(bytes);
  const auto changed = scrub_recording(*reader, *made.writer, redactor);
  ASSERT_TRUE(changed.has_value());
  EXPECT_EQ(*changed, 1U);
  const auto& clean = made.finish();
  EXPECT_EQ(search(clean, {"canary-one", "canary-two"}).found, 0U);
  const auto frames = read_all(*opened(clean));
  ASSERT_EQ(frames.size(), 3U);
  EXPECT_EQ(frames[1].payload, R"({"token":"ktape-redacted-0123456789ab"})");
  EXPECT_EQ(frames[2].payload, "{}");
}

}  // namespace
}  // namespace ktape::test
