#include <array>
#include <cstdlib>
#include <fstream>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "core/base/random.hpp"
#include "core/protocol/spot_v2/codec.hpp"
#include "core/protocol/spot_v2/request.hpp"
#include "core/protocol/spot_v2/trading_rules.hpp"
#include "tests/support/places.hpp"
#include "tests/support/private_facts.hpp"

namespace ktape::spot_v2 {
namespace {

// KTAPE_SEED=n runs another series than the usual one.
std::uint64_t base_seed() {
  const char* const chosen = std::getenv("KTAPE_SEED");
  return chosen == nullptr ? 20'260'902 : std::strtoull(chosen, nullptr, 10);
}

// Requests that obey all rules, with every parameter present now and then.
class Requests {
 public:
  explicit Requests(Random& random) : random_(random) {}

  Request any() {
    Request request{.method = Method::Trade,
                    .request_id = static_cast<std::int64_t>(random_.next()),
                    .authorisation = {.token = "tok\"en" + digits(4)}};
    switch (random_.below(10)) {
      case 0:
        request.trading = amend();
        break;
      case 1:
        request.trading = edit();
        break;
      case 2:
        request.trading = CancelOrder{ids(random_.below(3)), client_ids(1 + random_.below(3)), {-1, 7}};
        break;
      case 3:
        request.trading = CancelAllOrdersAfter{static_cast<std::int64_t>(random_.below(86'400))};
        break;
      case 4:
        request.trading = batch();
        break;
      case 5:
        request.trading = BatchCancel{ids(2 + random_.below(20)), client_ids(random_.below(20))};
        break;
      case 6:
        request.trading = CancelAll{};
        break;
      case 7:
        subscribe(request);
        break;
      default:
        request.trading = AddOrder{order(true), deadline(), flag()};
    }
    return request;
  }

 private:
  bool now_and_then() { return random_.below(3) == 0; }
  std::string digits(std::uint64_t count) {
    std::string out;
    for (std::uint64_t i = 0; i < count; ++i) out.push_back(static_cast<char>('0' + random_.below(10)));
    return out;
  }
  Decimal positive() {
    return Decimal::from_units(static_cast<Int128>(1 + random_.next() % 1'000'000'000'000),
                               static_cast<int>(random_.below(11)));
  }
  std::optional<Decimal> maybe_positive() { return now_and_then() ? std::optional(positive()) : std::nullopt; }
  std::optional<bool> flag() { return now_and_then() ? std::optional(random_.below(2) == 0) : std::nullopt; }
  std::string deadline() { return now_and_then() ? "2026-09-01T08:01:06." + digits(3) + "Z" : ""; }
  template <class List>
  std::string maybe(const List& words) {
    return now_and_then() ? std::string(words[random_.below(words.size())]) : "";
  }
  std::string client_id() { return random_.below(2) == 0 ? "my " + digits(6) : digits(32); }
  std::vector<std::string> ids(std::uint64_t count) {
    std::vector<std::string> out;
    for (; count > 0; --count) out.push_back("O" + digits(5));
    return out;
  }
  std::vector<std::string> client_ids(std::uint64_t count) {
    std::vector<std::string> out;
    for (; count > 0; --count) out.push_back(client_id());
    return out;
  }

  OrderTrigger trigger() {
    return {.price = positive(),
            .reference = maybe(std::array{"last", "index"}),
            .price_type = maybe(std::array{"static", "pct", "quote"})};
  }

  NewOrder order(bool with_symbol) {
    NewOrder order{.order_type = std::string(kOrderTypes[random_.below(kOrderTypes.size())]),
                   .side = random_.below(2) == 0 ? Side::Buy : Side::Sell,
                   .symbol = with_symbol ? fmt::format("A{}/B", random_.below(100)) : "",
                   .quantity = positive()};
    const std::string& type = order.order_type;
    const bool triggered = type.find("stop") != std::string::npos || type.find("profit") != std::string::npos;
    const bool limited = type.ends_with("limit") || type == "iceberg";
    if (limited) order.limit_price = positive();
    if (type == "trailing-stop-limit") order.limit_price_type = maybe(std::array{"static", "pct", "quote"});
    if (triggered) order.trigger = trigger();
    if (limited) order.post_only = flag();
    order.margin = flag();
    if (order.margin.value_or(false)) order.reduce_only = flag();
    order.time_in_force = maybe(std::array{"gtc", "ioc", "gtd"});
    if (order.time_in_force == "gtd") order.expire_time = "2026-09-02T08:01:06Z";
    if (now_and_then()) order.effective_time = "2026-09-01T08:01:06Z";
    if (type == "iceberg" && now_and_then()) order.display_quantity = order.quantity;
    if (type == "market" && order.side == Side::Buy && !order.margin.value_or(false) && now_and_then()) {
      order.cash_quantity = positive();
      order.quantity.reset();
    }
    if (now_and_then()) {
      order.client_order_id = client_id();
    } else if (now_and_then()) {
      order.user_reference = static_cast<std::int64_t>(random_.next());
    }
    if (now_and_then()) {
      order.conditional = ConditionalClose{.order_type = "stop-loss-limit",
                                           .limit_price = positive(),
                                           .limit_price_type = maybe(std::array{"static", "pct"}),
                                           .trigger_price = positive(),
                                           .trigger_price_type = maybe(std::array{"static", "pct"})};
    }
    order.fee_preference = maybe(std::array{"base", "quote"});
    order.self_trade_prevention = maybe(std::array{"cancel_newest", "cancel_both"});
    if (now_and_then()) order.sender_sub_id = client_id();
    return order;
  }

  AmendOrder amend() {
    AmendOrder amend{.quantity = positive(), .limit_price = maybe_positive(), .trigger_price = maybe_positive()};
    (random_.below(2) == 0 ? amend.order_id : amend.client_order_id) = "O1";
    if (amend.limit_price) amend.limit_price_type = maybe(std::array{"static", "pct"});
    if (amend.trigger_price) amend.trigger_price_type = maybe(std::array{"static", "pct"});
    if (now_and_then()) amend.display_quantity = amend.quantity;
    if (now_and_then()) amend.symbol = "A/B";
    amend.post_only = flag();
    amend.deadline = deadline();
    return amend;
  }

  EditOrder edit() {
    EditOrder edit{.order_id = "O1", .symbol = "A/B", .quantity = maybe_positive(), .limit_price = maybe_positive()};
    if (now_and_then()) edit.user_reference = static_cast<std::int64_t>(random_.next());
    if (now_and_then()) edit.trigger = trigger();
    edit.post_only = flag();
    edit.reduce_only = flag();
    edit.deadline = deadline();
    edit.validate = flag();
    edit.fee_preference = maybe(std::array{"base", "quote"});
    return edit;
  }

  BatchAdd batch() {
    BatchAdd batch{.symbol = "A/B", .orders = {}, .deadline = deadline(), .validate = flag()};
    for (auto count = 2 + random_.below(5); count > 0; --count) batch.orders.push_back(order(false));
    return batch;
  }

  void subscribe(Request& request) {
    request.method = random_.below(3) == 0 ? Method::Unsubscribe : Method::Subscribe;
    auto& subscription = request.subscription;
    subscription.channel = std::array{Channel::Executions, Channel::Balances, Channel::Level3}[random_.below(3)];
    if (subscription.channel == Channel::Level3) {
      subscription.symbols = {"A/B", "C/D"};
      subscription.depth = std::array{10, 100, 1000}[random_.below(3)];
    }
    if (request.method == Method::Unsubscribe) return;
    if (subscription.channel == Channel::Executions) {
      subscription.snapshot_orders = random_.below(2) == 0;
      subscription.snapshot_trades = random_.below(2) == 0;
      subscription.order_status = random_.below(2) == 0;
      subscription.rate_counter = random_.below(2) == 0;
    } else {
      subscription.snapshot = random_.below(2) == 0;
    }
    if (subscription.channel != Channel::Level3) {
      subscription.rebased = random_.below(2) == 0;
      subscription.all_users = random_.below(2) == 0;
    }
  }

  Random& random_;
};

TEST(SpotV2TradingProperty, RequestsAreReadBackAsTheyWereWritten) {
  const SpotV2Codec codec;
  for (std::uint64_t seed = base_seed(); seed < base_seed() + 3'000; ++seed) {
    Random random(seed);
    const Request request = Requests(random).any();
    const auto checked = codec.check(request);
    ASSERT_TRUE(checked.has_value()) << "KTAPE_SEED=" << seed << ": " << checked.error().detail;
    const std::string written = codec.encode(request);
    const auto read = codec.decode_request(written);
    ASSERT_TRUE(read.has_value()) << "KTAPE_SEED=" << seed << ": " << read.error().detail << "\n" << written;
    EXPECT_EQ(read->method, request.method);
    EXPECT_EQ(read->request_id, request.request_id);
    EXPECT_EQ(read->authorisation, request.authorisation);
    EXPECT_EQ(read->subscription, request.subscription) << "KTAPE_SEED=" << seed << "\n" << written;
    EXPECT_EQ(read->trading.index(), request.trading.index());
    // Every parameter is written in a way that says it, so equal texts are equal requests.
    EXPECT_EQ(codec.encode(*read), written) << "KTAPE_SEED=" << seed;
    if (HasFailure()) return;
  }
}

std::vector<std::string> golden_messages() {
  std::vector<std::string> lines;
  for (const char* const name :
       {"level3", "level3_odd", "executions", "balances", "balances_odd", "trading", "trading_odd"}) {
    std::ifstream in(test::in_source_tree("tests/golden/spot_v2/") + name + ".json", std::ios::binary);
    for (std::string line; std::getline(in, line);) lines.push_back(line);
  }
  return lines;
}

// Cuts, doubles and swaps bytes, so that members vanish, repeat and change their kind.
std::string mutated(std::string text, Random& random) {
  constexpr std::string_view kBytes = "\"{}[]:,.-e0123456789 \\abntrue";
  for (auto count = random.below(3); count > 0 && !text.empty(); --count) {
    const auto at = random.below(text.size());
    switch (random.below(3)) {
      case 0:
        text[at] = kBytes[random.below(kBytes.size())];
        break;
      case 1:
        text.erase(at, 1 + random.below(12));
        break;
      default:
        text.insert(at, text.substr(at, 1 + random.below(20)));
    }
  }
  return text;
}

TEST(SpotV2TradingProperty, TheCodecTellsWhatADomFindsInThePrivateMessages) {
  const auto messages = golden_messages();
  ASSERT_GT(messages.size(), 50U);
  std::uint64_t compared = 0;
  for (std::uint64_t seed = base_seed(); seed < base_seed() + 6'000; ++seed) {
    Random random(seed);
    const std::string text = mutated(messages[random.below(messages.size())], random);
    SpotV2Codec codec;
    test::FactsOfEvents told;
    codec.decode(text, told);
    if (!told.understood()) continue;
    const auto expected = test::facts_of_json(text);
    if (!expected) continue;
    ASSERT_EQ(told.facts(), *expected) << "KTAPE_SEED=" << seed << "\ntext: " << text;
    ++compared;
  }
  EXPECT_GT(compared, 1'500U);
}

TEST(SpotV2TradingProperty, NoMutationOfARequestHurtsItsReaders) {
  Random random(base_seed());
  std::uint64_t refused = 0;
  for (int i = 0; i < 4'000; ++i) {
    const Request request = Requests(random).any();
    const std::string text = mutated(encode(request), random);
    const SpotV2Codec codec;
    const auto read = codec.decode_request(text);
    if (!read) {
      ++refused;
      EXPECT_FALSE(read.error().detail.empty());
      continue;
    }
    const std::string written = codec.encode(*read);
    const auto again = codec.decode_request(written);
    ASSERT_TRUE(again.has_value()) << text << "\n" << written << "\n" << again.error().detail;
    EXPECT_EQ(codec.encode(*again), written);
  }
  EXPECT_GT(refused, 500U);
}

}  // namespace
}  // namespace ktape::spot_v2
