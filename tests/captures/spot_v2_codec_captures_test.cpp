// What Kraken really sent, through both paths of the codec.

#include <string>

#include <gtest/gtest.h>

#include "core/protocol/spot_v2/classify.hpp"
#include "import/archive.hpp"
#include "tests/support/both_paths.hpp"
#include "tests/support/captures.hpp"

namespace ktape::spot_v2 {
namespace {

class SpotV2CodecCaptures : public ::testing::TestWithParam<const char*> {};

TEST_P(SpotV2CodecCaptures, EveryMessageIsUnderstoodAndBothPathsAgree) {
  KTAPE_REQUIRE_CAPTURES();
  auto text = read_archive_file((*captures() / "spot-v2" / GetParam()).string());
  ASSERT_TRUE(text.has_value()) << text.error().detail;
  const auto archive = open_archive(std::move(text).value());
  ASSERT_TRUE(archive.has_value()) << archive.error().detail;

  test::BothPaths paths;
  while (true) {
    const auto frame = (*archive)->next();
    ASSERT_TRUE(frame.has_value()) << frame.error().detail;
    if (!*frame) break;
    if ((*frame)->kind != FrameKind::Text) continue;
    const auto message = (*frame)->payload;
    paths.decode(message);
    ASSERT_TRUE(paths.agree()) << message;
    EXPECT_EQ(paths.reference_events().find("unknown_message"), std::string::npos) << paths.reference_events();
    EXPECT_FALSE(classify(message).channel.empty()) << message;
  }
  EXPECT_GT(paths.stats().messages, 0U);
  EXPECT_EQ(paths.stats().unknown_messages, 0U);
  EXPECT_EQ(paths.stats().unknown_fields, 0U);
}

INSTANTIATE_TEST_SUITE_P(Files, SpotV2CodecCaptures,
                         ::testing::Values("crossbook_btcusd_book10_resubscribe.cbcap",
                                           "crossbook_btcusd_book25.cbcap.zst", "crossbook_ethusd_book25.cbcap.zst",
                                           "mdp-outbox_btc_eth_trade.jsonl",
                                           "python-kraken-sdk_btcusd_book10_reserialised.json.zst",
                                           "kraken-data-recorder_instrument_snapshot.json.zst"),
                         [](const auto& file) {
                           const std::string name = file.param;
                           std::string out;
                           for (const char c : name.substr(0, name.find('.'))) out.push_back(c == '-' ? '_' : c);
                           return out;
                         });

}  // namespace
}  // namespace ktape::spot_v2
