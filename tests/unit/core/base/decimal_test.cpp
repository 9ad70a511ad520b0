#include "core/base/decimal.hpp"

#include <array>

#include <gtest/gtest.h>

namespace ktape {
namespace {

Decimal decimal(std::string_view text) {
  const auto parsed = Decimal::parse(text);
  EXPECT_TRUE(parsed.has_value()) << text;
  return parsed.value_or(Decimal{});
}

std::string digits(std::string_view text) {
  std::array<char, Decimal::kMaxDigits + 1> buffer{};
  return {buffer.data(), decimal(text).write_digits(buffer.data())};
}

TEST(Decimal, KeepsTheTextOfEveryPlainNumber) {
  for (const char* text : {"0", "0.00000000", "0.10000000", "45285.2", "-19.77", "0.00005100", "123456789012.12345678",
                           "1234567890123456789012345.123456789012", "-0.63", "10", "100000000000000000000"}) {
    EXPECT_EQ(decimal(text).text(), text);
  }
}

TEST(Decimal, ReadsExponentsAsPlainNumbers) {
  EXPECT_EQ(decimal("1e-08").text(), "0.00000001");
  EXPECT_EQ(decimal("1E-5").text(), "0.00001");
  EXPECT_EQ(decimal("3.216424e-12").text(), "0.000000000003216424");
  EXPECT_EQ(decimal("1.5e3").text(), "1500");
  EXPECT_EQ(decimal("2.50e1").text(), "25.0");
  EXPECT_EQ(decimal("0e90").text(), "0");
}

TEST(Decimal, RefusesWhatIsNotAJsonNumber) {
  for (const char* text : {"", "-", ".5", "5.", "01", "1,5", "1.2.3", "abc", "1e", "1e+", "+1", " 1", "1 ", "0x10",
                           "NaN", "--1", "1e101", "1e-31", "12345678901234567890123456789012345678"}) {
    const auto parsed = Decimal::parse(text);
    ASSERT_FALSE(parsed.has_value()) << text;
    EXPECT_EQ(parsed.error().code, Errc::Parse);
    EXPECT_NE(parsed.error().detail.find(std::string("'") + text + "'"), std::string::npos) << parsed.error().detail;
  }
}

TEST(Decimal, ComparesByValueWhateverThePlaces) {
  EXPECT_EQ(decimal("1.10"), decimal("1.1"));
  EXPECT_FALSE(identical(decimal("1.10"), decimal("1.1")));
  EXPECT_LT(decimal("9.99"), decimal("10"));
  EXPECT_LT(decimal("-2"), decimal("-1.9999"));
  EXPECT_LT(decimal("-0.5"), decimal("0.25"));
  EXPECT_GT(decimal("1234567890123456789012345678901234567"), decimal("0.000000000000000000000000000001"));
}

TEST(Decimal, RescalesOnlyWithoutLoss) {
  EXPECT_EQ(decimal("4.0").rescaled(8)->text(), "4.00000000");
  EXPECT_EQ(decimal("4.10").rescaled(1)->text(), "4.1");
  EXPECT_FALSE(decimal("4.11").rescaled(1).has_value());
  EXPECT_FALSE(decimal("1234567890123456789012345678901234567").rescaled(1).has_value());
}

TEST(Decimal, WritesChecksumDigitsWithoutPointAndLeadingZeros) {
  EXPECT_EQ(digits("45285.2"), "452852");
  EXPECT_EQ(digits("0.00100000"), "100000");
  EXPECT_EQ(digits("0.00000000"), "");
  EXPECT_EQ(digits("1234567890123456789.012"), "1234567890123456789012");
}

}  // namespace
}  // namespace ktape
