#include <array>
#include <string>

#include <gtest/gtest.h>
#include <openssl/sha.h>

#include "synth/synthetic_exchange.hpp"
#include "tests/support/exchange_driver.hpp"
#include "tests/support/synthetic_options.hpp"

namespace ktape {
namespace {

std::vector<test::ExchangeDriver::Heard> record(std::uint64_t seed) {
  constexpr std::array<std::string_view, 4> kSymbols{"BTC/USD", "ETH/USD", "SHIB/USD", "EUR/USD"};
  constexpr std::array<std::string_view, 5> kRequests{
      R"({"method":"subscribe","params":{"channel":"instrument"},"req_id":1})",
      R"({"method":"subscribe","params":{"channel":"book","symbol":["BTC/USD","ETH/USD","SHIB/USD"],"depth":100},"req_id":2})",
      R"({"method":"subscribe","params":{"channel":"trade","symbol":["BTC/USD","EUR/USD"],"snapshot":true},"req_id":3})",
      R"({"method":"subscribe","params":{"channel":"ticker","symbol":["SHIB/USD"],"event_trigger":"bbo"},"req_id":4})",
      R"({"method":"subscribe","params":{"channel":"ohlc","symbol":["BTC/USD","EUR/USD"],"interval":5},"req_id":5})"};
  const auto options = test::synthetic_options(seed, std::chrono::minutes{2}, kSymbols);
  VirtualClock clock(options.start);
  const auto exchange = synth::SyntheticExchange::create(options, clock).value();
  test::ExchangeDriver driver(clock, *exchange);
  const auto client = driver.connect();
  for (const auto request : kRequests) driver.say(client, request);
  driver.run_to(exchange->end());
  return driver.heard(client);
}

TEST(SyntheticBytes, OneSeedGivesOneRecording) {
  const auto first = record(4);
  EXPECT_EQ(first, record(4));
  EXPECT_NE(first, record(5));
}

// The same on every machine, with every compiler and build type. It changes when the generator is changed on purpose.
TEST(SyntheticBytes, TheFirstTenThousandMessagesOfSeedOneAreKnown) {
  constexpr std::size_t kMessages = 10'000;
  const auto heard = record(1);
  ASSERT_GT(heard.size(), kMessages);
  std::string bytes;
  for (std::size_t i = 0; i < kMessages; ++i) {
    bytes += std::to_string(nanoseconds(heard[i].at)) + ' ' + heard[i].payload + '\n';
  }
  std::array<unsigned char, SHA256_DIGEST_LENGTH> digest{};
  SHA256(reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size(), digest.data());
  std::string hex;
  for (const unsigned char byte : digest) {
    constexpr std::string_view kDigits = "0123456789abcdef";
    hex += kDigits[byte >> 4U];
    hex += kDigits[byte & 15U];
  }
  EXPECT_EQ(hex, "f366c6e345c56ea686dd932fe93b79e08c78d05f04f1ed131bc2dae263df2aa9");
}

}  // namespace
}  // namespace ktape
