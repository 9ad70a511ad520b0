#include <array>
#include <cstdlib>
#include <iterator>
#include <string>
#include <string_view>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "core/base/random.hpp"
#include "core/protocol/spot_v2/codec.hpp"
#include "core/protocol/spot_v2/event_batch.hpp"
#include "core/protocol/spot_v2/fast_reader.hpp"
#include "core/protocol/spot_v2/request.hpp"
#include "tests/support/both_paths.hpp"

namespace ktape::spot_v2 {
namespace {

// Messages in Kraken's layout. With `oddities`, now and then something in them is as no message of Kraken's ever was.
class MessageGenerator {
 public:
  MessageGenerator(Random& random, bool oddities) : random_(random), oddities_(oddities) {}

  std::string message() {
    switch (random_.below(8)) {
      case 0:
        return R"({"channel":"heartbeat"})";
      case 1:
      case 2:
        return trades();
      case 3:
        return ticker();
      default:
        return book();
    }
  }

 private:
  bool odd(std::uint64_t one_in) { return oddities_ && random_.below(one_in) == 0; }

  template <std::size_t size>
  std::string one_of(const std::array<const char*, size>& choices) {
    return choices[random_.below(size)];
  }

  std::string digits(std::uint64_t count) {
    std::string out;
    for (std::uint64_t i = 0; i < count; ++i) out.push_back(static_cast<char>('0' + random_.below(10)));
    return out;
  }

  std::string number() {
    if (odd(40)) {
      return one_of(std::array{"0",
                               "-0",
                               "-0.0",
                               "1e-08",
                               "1E+3",
                               "00",
                               "01.5",
                               "1.",
                               ".5",
                               "-",
                               "",
                               "\"1.5\"",
                               "null",
                               "123456789012345678",
                               "1234567890123456789",
                               "12345678.1234567890",
                               "0.000000000000000001",
                               "0.0000000000000000001",
                               "99999999999999999999999999999999999999",
                               "1e400",
                               "true"});
    }
    std::string whole = digits(1 + random_.below(odd(10) ? 20 : 8));
    while (whole.size() > 1 && whole.front() == '0') whole.erase(0, 1);
    const std::uint64_t places = random_.below(odd(10) ? 20 : 9);
    return (random_.below(9) == 0 ? "-" : "") + whole + (places == 0 ? "" : '.' + digits(places));
  }

  std::string timestamp() {
    // Few seconds, so that the remembered one is met as often as it is missed.
    const Timestamp second = from_nanoseconds(1'788'249'607'000'000'000) + std::chrono::seconds{random_.below(3)};
    std::string text = format_rfc3339(second + std::chrono::microseconds{random_.below(1'000'000)}, 6);
    if (odd(40)) {
      return one_of(std::array{"2026-09-01T08:00:07Z", "2026-09-01T08:00:07.1Z", "2026-09-01T08:00:07.123456789Z",
                               "2026-09-01t08:00:07.123456z", "2026-02-30T08:00:07.123456Z",
                               "1970-01-01T00:00:00.000001Z", "2026-09-01T24:00:07.123456Z",
                               "0000-00-00T00:00:00.000000Z", "2026-09-01T08:00:07.123456",
                               "2262-09-01T08:00:07.123456Z", "", "2026-09-01T08:00:07.12345aZ"});
    }
    return text;
  }

  std::string symbol() {
    if (odd(40)) return one_of(std::array{"BTC\\u002fUSD", "", "\xc3\xa9/USD", "\xff/USD", "A\\\"B", "A\tB", "A\x7f"});
    return one_of(std::array{"BTC/USD", "ETH/EUR", "BTC/USD:BTNL", "X/Y"});
  }

  std::string type() { return random_.below(3) == 0 ? "snapshot" : "update"; }

  std::string level() { return fmt::format(R"({{"price":{},"qty":{}}})", number(), number()); }

  template <class Item>
  std::string list(std::uint64_t count, Item item) {
    std::string out;
    for (std::uint64_t i = 0; i < count; ++i) out += (i == 0 ? "" : ",") + item();
    return out;
  }

  std::string time_member(const char* separator) {
    return odd(20) ? "" : fmt::format(R"({}"timestamp":"{}")", separator, timestamp());
  }

  std::string book() {
    const auto checksum = odd(20) ? number() : std::to_string(random_.next() >> 32U);
    const auto element = [&] {
      return fmt::format(R"({{"symbol":"{}","bids":[{}],"asks":[{}],"checksum":{}{}}})", symbol(),
                         list(random_.below(4), [&] { return level(); }),
                         list(random_.below(4), [&] { return level(); }), checksum, time_member(","));
    };
    return fmt::format(R"({{"channel":"book","type":"{}","data":[{}]}})", type(),
                       list(odd(20) ? random_.below(3) : 1, element));
  }

  std::string trades() {
    const auto trade = [&] {
      return fmt::format(R"({{"symbol":"{}","side":"{}","price":{},"qty":{},"ord_type":"{}","trade_id":{}{}}})",
                         symbol(), odd(30) ? "hold" : (random_.below(2) == 0 ? "buy" : "sell"), number(), number(),
                         odd(30) ? "stop" : (random_.below(2) == 0 ? "limit" : "market"),
                         odd(20) ? number() : std::to_string(random_.below(1'000'000'000)), time_member(","));
    };
    return fmt::format(R"({{"channel":"trade","type":"{}","data":[{}]}})", type(), list(random_.below(4), trade));
  }

  std::string ticker() {
    std::string members = fmt::format(R"("symbol":"{}")", symbol());
    for (const char* name :
         {"bid", "bid_qty", "ask", "ask_qty", "last", "volume", "vwap", "low", "high", "change", "change_pct"}) {
      if (!odd(60)) members += fmt::format(R"(,"{}":{})", name, number());
    }
    if (random_.below(2) == 0) {
      members += fmt::format(R"(,"trades":{})", odd(10) ? number() : std::to_string(random_.below(100'000)));
    }
    if (odd(8)) members += fmt::format(R"(,"volume_usd":{})", number());
    return fmt::format(R"({{"channel":"ticker","type":"{}","data":[{{{}{}}}]}})", type(), members, time_member(","));
  }

  Random& random_;
  bool oddities_;
};

std::string mutated(std::string text, Random& random) {
  using namespace std::string_view_literals;
  constexpr auto kBytes = "\"{}[]:,.-+eE0123456789 \n\\/abtZ\x7f\xff\0"sv;
  for (auto count = random.below(4); count > 0 && !text.empty(); --count) {
    const auto at = random.below(text.size());
    const auto length = 1 + random.below(8);
    switch (random.below(5)) {
      case 0:
        text[at] = kBytes[random.below(kBytes.size())];
        break;
      case 1:
        text.insert(at, 1, kBytes[random.below(kBytes.size())]);
        break;
      case 2:
        text.erase(at, length);
        break;
      case 3:
        text.insert(at, text.substr(at, length));
        break;
      default:
        text.resize(at);
        break;
    }
  }
  return text;
}

// KTAPE_SEED=n runs another series than the usual one.
std::uint64_t base_seed() {
  const char* const chosen = std::getenv("KTAPE_SEED");
  return chosen == nullptr ? 20'260'901 : std::strtoull(chosen, nullptr, 10);
}

TEST(SpotV2CodecProperty, BothPathsTellTheSameOfEveryText) {
  test::BothPaths paths;
  for (std::uint64_t seed = base_seed(); seed < base_seed() + 12'000; ++seed) {
    Random random(seed);
    const std::string message = MessageGenerator(random, random.below(2) == 0).message();
    const std::string text = random.below(2) == 0 ? message : mutated(message, random);
    paths.decode(text);
    ASSERT_TRUE(paths.agree()) << "KTAPE_SEED=" << seed << "\ntext: " << text << "\nfast:\n"
                               << paths.fast_events() << "RapidJSON:\n"
                               << paths.reference_events();
  }
  // The texts are neither all understood nor all nonsense.
  EXPECT_GT(paths.stats().unknown_messages, 1'000U);
  EXPECT_LT(paths.stats().unknown_messages, 9'000U);
}

TEST(SpotV2CodecProperty, KrakensOwnLayoutTakesTheFastPath) {
  FastReader reader;
  EventBatch batch;
  std::uint64_t taken = 0;
  for (std::uint64_t seed = base_seed(); seed < base_seed() + 2'000; ++seed) {
    Random random(seed);
    const std::string message = MessageGenerator(random, false).message();
    const bool empty = message.find("\"data\":[]") != std::string::npos;
    batch.clear();
    EXPECT_EQ(reader.read(message, batch), !empty) << "KTAPE_SEED=" << seed << ": " << message;
    taken += empty ? 0 : 1;
  }
  EXPECT_GT(taken, 1'500U);
}

TEST(SpotV2CodecProperty, RequestsAreReadBackAsTheyWereWritten) {
  for (std::uint64_t seed = base_seed(); seed < base_seed() + 2'000; ++seed) {
    Random random(seed);
    constexpr std::array kChannels{Channel::Book, Channel::Trade, Channel::Ticker, Channel::Ohlc, Channel::Instrument};
    Request request{
        .method = Method::Subscribe, .request_id = static_cast<std::int64_t>(random.next()), .subscription = {}};
    auto& subscription = request.subscription;
    subscription.channel = kChannels[random.below(kChannels.size())];
    subscription.snapshot = random.below(2) == 0;
    if (subscription.channel != Channel::Instrument) {
      for (auto count = 1 + random.below(5); count > 0; --count) {
        subscription.symbols.push_back(fmt::format("A{}/B{}", random.below(1000), random.below(1000)));
      }
    }
    if (subscription.channel == Channel::Book) subscription.depth = std::array{10, 25, 100, 500, 1000}[random.below(5)];
    if (subscription.channel == Channel::Ohlc)
      subscription.interval_minutes = std::array{1, 60, 21600}[random.below(3)];
    if (subscription.channel == Channel::Ticker) subscription.event_trigger = random.below(2) == 0 ? "bbo" : "trades";

    const auto read = SpotV2Codec().decode_request(encode(request));
    ASSERT_TRUE(read.has_value()) << "KTAPE_SEED=" << seed << ": " << read.error().detail;
    EXPECT_EQ(read->method, request.method);
    EXPECT_EQ(read->request_id, request.request_id);
    EXPECT_EQ(read->subscription, subscription) << "KTAPE_SEED=" << seed;
  }
}

}  // namespace
}  // namespace ktape::spot_v2
