#include "rest/credentials.hpp"

#include <fstream>
#include <sstream>
#include <type_traits>

#include <gmock/gmock.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/support/scripted_rest.hpp"
#include "tests/support/temporary_folder.hpp"

namespace ktape::rest {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

static_assert(!std::is_copy_constructible_v<Credentials> && !std::is_copy_assignable_v<Credentials>);
static_assert(!std::is_copy_constructible_v<SecretText> && !std::is_copy_assignable_v<SecretText>);

class CredentialsTest : public ::testing::Test {
 protected:
  CredentialsTest() { clear(); }
  ~CredentialsTest() override { clear(); }
  static void clear() {
    for (const char* name :
         {"KRAKEN_API_KEY", "KRAKEN_API_SECRET", "KRAKEN_FUTURES_API_KEY", "KRAKEN_FUTURES_API_SECRET"}) {
      ::unsetenv(name);
    }
  }
  std::string write(const std::string& text, ::mode_t mode = 0600) {
    const std::string path = folder.file("keys");
    ::unlink(path.c_str());
    std::ofstream(path, std::ios::binary) << text;
    EXPECT_EQ(::chmod(path.c_str(), mode), 0);
    return path;
  }
  TemporaryFolder folder;
};

TEST_F(CredentialsTest, PrintAsAWordOnly) {
  std::ostringstream out;
  out << test::example_credentials();
  EXPECT_EQ(out.str(), "(credentials)");
}

TEST_F(CredentialsTest, LeaveNothingBehindWhenTheyAreMoved) {
  auto one = test::example_credentials();
  const auto other = std::move(one);
  EXPECT_EQ(other.api_key(), test::kExampleKey);
  EXPECT_EQ(other.api_secret(), test::kExampleSecret);
  EXPECT_TRUE(one.api_key().empty());  // NOLINT(bugprone-use-after-move): that is what is tested
  EXPECT_TRUE(one.api_secret().empty());
}

TEST_F(CredentialsTest, WipeOverwritesTheText) {
  std::string text(100, 'x');
  const char* const at = text.data();
  wipe(text);
  EXPECT_TRUE(text.empty());
  text.resize(100, '\0');
  ASSERT_EQ(text.data(), at);
  EXPECT_EQ(text, std::string(100, '\0'));
}

TEST_F(CredentialsTest, RefuseWhatIsNoKeyWithoutShowingIt) {
  for (const auto& [key, secret] : std::vector<std::pair<std::string, std::string>>{{"", "QUJD"},
                                                                                    {"canary\r\nX-Evil: 1", "QUJD"},
                                                                                    {"key", ""},
                                                                                    {"key", "canary!!"},
                                                                                    {"key", "canary"},
                                                                                    {std::string(300, 'c'), "QUJD"},
                                                                                    {"key", std::string(300, 'c')}}) {
    const auto refused = Credentials::create(key, secret);
    ASSERT_FALSE(refused.has_value());
    EXPECT_EQ(refused.error().code, Errc::InvalidArgument);
    EXPECT_THAT(refused.error().detail, AllOf(Not(HasSubstr("canary")), Not(HasSubstr("cccc"))));
  }
}

TEST_F(CredentialsTest, AreHiddenInForeignWords) {
  const auto credentials = test::example_credentials();
  EXPECT_EQ(credentials.hidden_in(std::string("key ") + test::kExampleKey + ", " + test::kExampleSecret + '.'),
            "key (credentials), (credentials).");
}

TEST_F(CredentialsTest, ComeFromTheEnvironmentOfTheirVenue) {
  EXPECT_FALSE(Credentials::from_environment(Venue::Spot).value().has_value());
  ::setenv("KRAKEN_API_KEY", "spot-key", 1);
  ::setenv("KRAKEN_API_SECRET", "QUJD", 1);
  ::setenv("KRAKEN_FUTURES_API_KEY", "futures-key", 1);
  const auto spot = Credentials::from_environment(Venue::Spot).value();
  ASSERT_TRUE(spot.has_value());
  EXPECT_EQ(spot->api_key(), "spot-key");
  EXPECT_EQ(spot->api_secret(), "QUJD");
  const auto futures = Credentials::from_environment(Venue::Futures);
  ASSERT_FALSE(futures.has_value());
  EXPECT_EQ(futures.error().detail, "the environment has KRAKEN_FUTURES_API_KEY and no KRAKEN_FUTURES_API_SECRET");
  ::setenv("KRAKEN_FUTURES_API_SECRET", "canary", 1);
  const auto wrong = Credentials::from_environment(Venue::Futures);
  ASSERT_FALSE(wrong.has_value());
  EXPECT_THAT(wrong.error().detail, AllOf(HasSubstr("KRAKEN_FUTURES_API_SECRET"), Not(HasSubstr("canary"))));
}

TEST_F(CredentialsTest, ComeFromAPrivateFile) {
  const auto path = write(
      "# keys\r\n\n KRAKEN_API_KEY = spot-key\r\nKRAKEN_API_SECRET=QUI=\nKRAKEN_FUTURES_API_KEY=f\n"
      "KRAKEN_FUTURES_API_SECRET=QUJD");
  const auto spot = Credentials::from_file(path, Venue::Spot);
  ASSERT_TRUE(spot.has_value()) << spot.error().detail;
  EXPECT_EQ(spot->api_key(), "spot-key");
  EXPECT_EQ(spot->api_secret(), "QUI=");
  EXPECT_EQ(Credentials::from_file(path, Venue::Futures).value().api_secret(), "QUJD");
}

TEST_F(CredentialsTest, RefuseAFileThatOthersMayRead) {
  for (const ::mode_t mode : {0644U, 0640U, 0604U, 0700U, 0620U, 0400U}) {
    const auto path = write("KRAKEN_API_KEY=canary\nKRAKEN_API_SECRET=QUJD\n", mode);
    const auto refused = Credentials::from_file(path, Venue::Spot);
    if (!refused && refused.error().code == Errc::Io) continue;  // not even we may read it
    ASSERT_FALSE(refused.has_value());
    char octal[8];
    static_cast<void>(std::snprintf(octal, sizeof octal, "%04o", static_cast<unsigned>(mode)));
    EXPECT_THAT(refused.error().detail, AllOf(HasSubstr(path), HasSubstr(octal), Not(HasSubstr("canary"))));
  }
}

TEST_F(CredentialsTest, RefuseWhatIsNotTheUsersOwnFile) {
  EXPECT_TRUE(check_private("keys", {.regular = true, .mode = 0600, .owner = 1000}, 1000).has_value());
  const auto foreign = check_private("keys", {.regular = true, .mode = 0600, .owner = 7}, 1000);
  ASSERT_FALSE(foreign.has_value());
  EXPECT_EQ(foreign.error().detail,
            "keys: owned by user 7, mode 0600, and a file with secrets must be the user's own (1000)");
  const auto folder_of_it = Credentials::from_file(folder.file("."), Venue::Spot);
  ASSERT_FALSE(folder_of_it.has_value());
  EXPECT_THAT(folder_of_it.error().detail, HasSubstr("not a regular file"));
  const auto absent = Credentials::from_file(folder.file("absent"), Venue::Spot);
  ASSERT_FALSE(absent.has_value());
  EXPECT_EQ(absent.error().code, Errc::Io);
}

TEST_F(CredentialsTest, SayWhatIsWrongInAFileWithoutItsValues) {
  const struct {
    std::string text;
    const char* why;
  } cases[] = {{"canary\n", "line 1: NAME=VALUE expected"},
               {"KRAKEN_API_KEY=canary\n", "no KRAKEN_API_SECRET"},
               {"KRAKEN_API_SECRET=QUJD\n", "no KRAKEN_API_KEY"},
               {"KRAKEN_API_KEY=k\nKRAKEN_API_SECRET=canary!\n", "not base64"},
               {std::string(5000, '#'), "more than 4096 bytes"}};
  for (const auto& [text, why] : cases) {
    const auto refused = Credentials::from_file(write(text), Venue::Spot);
    ASSERT_FALSE(refused.has_value());
    EXPECT_THAT(refused.error().detail, AllOf(HasSubstr("/keys"), HasSubstr(why), Not(HasSubstr("canary"))));
  }
}

}  // namespace
}  // namespace ktape::rest
