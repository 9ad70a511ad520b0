#include <fstream>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "core/protocol/spot_v2/codec.hpp"
#include "core/protocol/spot_v2/server_account.hpp"
#include "core/protocol/spot_v2/server_encode.hpp"
#include "tests/support/places.hpp"

namespace ktape::spot_v2 {
namespace {

std::vector<std::string> lines_of(const std::string& name) {
  std::ifstream in(test::in_source_tree("tests/golden/") + name, std::ios::binary);
  EXPECT_TRUE(in) << name;
  std::vector<std::string> lines;
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  EXPECT_FALSE(lines.empty()) << name;
  return lines;
}

// Says again what an event means.
struct Speaker {
  std::string operator()(const Level3Snapshot& book) const {
    return say([&](auto& out) { append_level3(out, book); });
  }
  std::string operator()(const Level3Update& book) const {
    return say([&](auto& out) { append_level3(out, book); });
  }
  std::string operator()(const TradingReply& reply) const {
    return say([&](auto& out) { append_trading_reply(out, reply); });
  }
  std::string operator()(const Reply& reply) const {
    return say([&](auto& out) {
      if (reply.channel == "executions" && !reply.warnings.empty()) {
        append_executions_acknowledgement(out, reply, {.snapshot_trades = true});
      } else {
        append_reply(out, reply);
      }
    });
  }
  std::string operator()(const BalanceReports& balances) const {
    return say([&](auto& out) {
      if (balances.snapshot) {
        append_balances(out, balances);
      } else {
        append_ledger_entry(out, {.balance = balances.balances.front(), .category = "trade"}, *balances.sequence);
      }
    });
  }
  template <class Other>
  std::string operator()(const Other&) const {
    return "an event of another kind";
  }

  template <class Write>
  static std::string say(Write write) {
    std::string out;
    write(out);
    return out;
  }
};

class Repeater final : public EventSink {
 public:
  void on_event(const Event& event) override { said += std::visit(Speaker{}, event); }
  std::string said;
};

TEST(SpotV2EncodeGolden, TheServerSaysEveryMessageAsItWasHeard) {
  for (const char* const name :
       {"level3", "balances", "trading", "trading_errors", "subscription_errors", "private_acknowledgements"}) {
    for (const std::string& line : lines_of(std::string("spot_v2/") + name + ".json")) {
      SpotV2Codec codec;
      Repeater repeater;
      codec.decode(line, repeater);
      EXPECT_EQ(repeater.said, line);
      EXPECT_EQ(codec.stats().unknown_fields, 0U) << line;
    }
  }
}

TEST(SpotV2EncodeGolden, EveryAuthenticatedRequestIsReadAndWrittenAgain) {
  const SpotV2Codec codec;
  for (const std::string& line : lines_of("spot_v2_requests/authenticated.json")) {
    const auto request = codec.decode_request(line);
    ASSERT_TRUE(request.has_value()) << line << "\n" << request.error().detail;
    EXPECT_EQ(request->authorisation.token, "TOKEN");
    const auto checked = codec.check(*request);
    EXPECT_TRUE(checked.has_value()) << checked.error().detail;
    EXPECT_EQ(codec.encode(*request), line);
  }
}

}  // namespace
}  // namespace ktape::spot_v2
