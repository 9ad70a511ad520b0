#include <string>

#include <gtest/gtest.h>

#include "core/base/base64.hpp"
#include "core/base/hmac.hpp"
#include "core/base/sha256.hpp"

namespace ktape {
namespace {

// RFC 4648 section 10.
TEST(Base64, KnowsThePublishedVectorsBothWays) {
  for (const auto& [bytes, text] : {std::pair{"", ""},
                                    {"f", "Zg=="},
                                    {"fo", "Zm8="},
                                    {"foo", "Zm9v"},
                                    {"foob", "Zm9vYg=="},
                                    {"fooba", "Zm9vYmE="},
                                    {"foobar", "Zm9vYmFy"}}) {
    EXPECT_EQ(base64_encode(bytes), text);
    EXPECT_EQ(base64_decode(text).value(), bytes);
  }
  std::string all;
  for (int byte = 0; byte < 256; ++byte) all.push_back(static_cast<char>(byte));
  EXPECT_EQ(base64_decode(base64_encode(all)).value(), all);
}

TEST(Base64, RefusesWhatItWouldNotWriteAndDoesNotShowIt) {
  for (const char* const text : {"A", "Zm9", "Zm 9", "Zm9\n", "=m9v", "Zg==Zg==", "Z===", "====", "Zh==", "Zm9-"}) {
    const auto refused = base64_decode(text);
    ASSERT_FALSE(refused.has_value()) << text;
    EXPECT_EQ(refused.error().code, Errc::Parse);
    EXPECT_EQ(refused.error().detail.find("Zm"), std::string::npos) << refused.error().detail;
  }
}

// RFC 4231 section 4.3.
TEST(HmacSha512, KnowsThePublishedVector) {
  EXPECT_EQ(base64_encode(hmac_sha512("Jefe", "what do ya want for nothing?")),
            "Fkt6e/z4GeLjlfvnO1bgo4e9ZCIugx/WECcM1+olBVSXWL91wFqZSm0DT2X48Ob9yuqxo01Ka0tjbgcKOLznNw==");
}

TEST(Sha256, GivesItsBytesToo) {
  EXPECT_EQ(base64_encode(sha256("abc")), "ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0=");
}

}  // namespace
}  // namespace ktape
