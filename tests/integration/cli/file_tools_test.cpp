// The commands that make new recordings out of old ones, as their user meets them.

#include <filesystem>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "tests/integration/cli/ktape_program.hpp"

namespace ktape::test {
namespace {

namespace fs = std::filesystem;

TEST(CutCommand, MakesAPartThatIsSoundAndSaysWhatWasMade) {
  const TemporaryFolder folder;
  const auto market = make_market(folder);
  const auto part = folder.file("part.ktape");
  const Ended cut = run_ktape({"cut", market, "-o", part, "--from", "+5s", "--to", "+12s", "--json"});
  ASSERT_EQ(cut.code, 0) << cut.errors;
  EXPECT_NE(cut.output.find(R"("keyframe_frames":)"), std::string::npos);
  const Ended verified = run_ktape({"verify", part});
  EXPECT_EQ(verified.code, 0) << verified.output << verified.errors;
  EXPECT_NE(verified.output.find(" made for the state at the beginning"), std::string::npos) << verified.output;
  EXPECT_NE(run_ktape({"info", part}).output.find("keyframe"), std::string::npos);
  const Ended shown = run_ktape({"cat", part, "--limit", "1"});
  EXPECT_NE(shown.output.find("2026-09-01T08:00:05.000000000Z 1 < (keyframe) [opened] "), std::string::npos)
      << shown.output;
}

TEST(CutCommand, IsCalledFilterToo) {
  const TemporaryFolder folder;
  const auto market = make_market(folder);
  const auto books = folder.file("books.ktape");
  const Ended cut = run_ktape({"filter", market, "-o", books, "--channels", "book", "--symbols", "BTC/USD"});
  ASSERT_EQ(cut.code, 0) << cut.errors;
  const Ended info = run_ktape({"info", books, "--json"});
  EXPECT_NE(info.output.find(R"("channel":"book","symbol":"BTC/USD")"), std::string::npos);
  EXPECT_EQ(info.output.find(R"("channel":"trade")"), std::string::npos);
  EXPECT_EQ(info.output.find(R"("channel":"book","symbol":"ETH/USD")"), std::string::npos);
  EXPECT_EQ(run_ktape({"verify", books}).code, 0);
}

TEST(CutCommand, RefusesWhatMakesNoSenseAndLeavesNothingBehind) {
  const TemporaryFolder folder;
  const auto market = make_market(folder);
  const auto part = folder.file("part.ktape");
  EXPECT_TRUE(refuses(run_ktape({"cut", market, "-o", part, "--from", "+1h"}), 2, {"--from", "+1h", market}));
  EXPECT_TRUE(refuses(run_ktape({"cut", market, "-o", part, "--from", "+9s", "--to", "+3s"}), 2, {"--from", "--to"}));
  EXPECT_TRUE(refuses(run_ktape({"cut", market, "-o", part, "--from", "noon"}), 2, {"--from", "noon"}));
  EXPECT_TRUE(refuses(run_ktape({"cut", market, "-o", part, "--connections", "x"}), 2, {"--connections", "x"}));
  EXPECT_TRUE(refuses(run_ktape({"cut", market, "-o", part, "--connections", "77"}), 1, {"77"}));
  EXPECT_FALSE(fs::exists(part));
  EXPECT_TRUE(refuses(run_ktape({"cut", market, "-o", market}), 1, {market}));
  EXPECT_EQ(run_ktape({"verify", market}).code, 0);
}

TEST(SplitCommand, MakesPartsThatAreSoundEachAlone) {
  const TemporaryFolder folder;
  const auto market = make_market(folder);
  const Ended split = run_ktape({"split", market, "-o", folder.file("part-{n}.ktape"), "--every", "6s"});
  ASSERT_EQ(split.code, 0) << split.errors;
  for (const char* const part : {"part-0000.ktape", "part-0001.ktape", "part-0003.ktape"}) {
    EXPECT_EQ(run_ktape({"verify", folder.file(part)}).code, 0) << part;
  }
  ASSERT_EQ(run_ktape({"split", market, "-o", folder.file("of-{key}.ktape"), "--by", "symbol"}).code, 0);
  EXPECT_EQ(run_ktape({"verify", folder.file("of-BTC-USD.ktape")}).code, 0);
  EXPECT_EQ(run_ktape({"verify", folder.file("of-ETH-USD.ktape")}).code, 0);
}

TEST(SplitCommand, TakesAwayAllPartsIfOneCannotBeMade) {
  const TemporaryFolder folder;
  const auto market = make_market(folder);
  write_file(folder.file("part-0002.ktape"), "in the way");
  const Ended split = run_ktape({"split", market, "-o", folder.file("part-{n}.ktape"), "--every", "5s"});
  EXPECT_TRUE(refuses(split, 1, {"part-0002.ktape"}));
  EXPECT_FALSE(fs::exists(folder.file("part-0000.ktape")));
  EXPECT_EQ(read_file(folder.file("part-0002.ktape")), "in the way");
  EXPECT_TRUE(refuses(run_ktape({"split", market, "-o", folder.file("x.ktape"), "--every", "5s"}), 2, {"{n}"}));
  EXPECT_TRUE(refuses(run_ktape({"split", market, "-o", folder.file("{n}")}), 2, {"--every", "--size", "--by"}));
}

TEST(MergeCommand, MakesOneOfThePartsAgain) {
  const TemporaryFolder folder;
  const auto market = make_market(folder);
  ASSERT_EQ(run_ktape({"cut", market, "-o", folder.file("a.ktape"), "--to", "+12s"}).code, 0);
  ASSERT_EQ(run_ktape({"cut", market, "-o", folder.file("b.ktape"), "--from", "+8s"}).code, 0);
  const auto whole = folder.file("whole.ktape");
  const Ended merged =
      run_ktape({"merge", "--dedupe", folder.file("a.ktape"), folder.file("b.ktape"), "-o", whole, "--json"});
  ASSERT_EQ(merged.code, 0) << merged.errors;
  EXPECT_NE(merged.output.find(R"("disagreements":0)"), std::string::npos) << merged.output;
  const Ended verified = run_ktape({"verify", whole});
  EXPECT_EQ(verified.code, 0) << verified.output;
  EXPECT_NE(verified.output.find("provenance"), std::string::npos) << verified.output;

  const auto both = folder.file("both.ktape");
  const Ended beside = run_ktape({"merge", folder.file("a.ktape"), folder.file("b.ktape"), "-o", both});
  ASSERT_EQ(beside.code, 0) << beside.errors;
  EXPECT_NE(beside.errors.find("connection 2 is 1 of"), std::string::npos) << beside.errors;
  EXPECT_EQ(run_ktape({"verify", both}).code, 0);
  EXPECT_TRUE(refuses(run_ktape({"merge", "--dedupe", market, market, market, "-o", folder.file("c")}), 2, {"3"}));
}

TEST(CompactCommand, KeepsEveryFrame) {
  const TemporaryFolder folder;
  const auto market = make_market(folder);
  const auto small = folder.file("small.ktape");
  const Ended compacted = run_ktape({"compact", market, "-o", small, "--json"});
  ASSERT_EQ(compacted.code, 0) << compacted.errors;
  EXPECT_LT(fs::file_size(small), fs::file_size(market));
  EXPECT_EQ(run_ktape({"cat", market, "--format", "json"}).output,
            run_ktape({"cat", small, "--format", "json"}).output);
  EXPECT_EQ(run_ktape({"verify", small}).code, 0);
}

TEST(RecoverCommand, RescuesWhatIsThereAndSaysWhatIsLost) {
  const TemporaryFolder folder;
  const auto market = make_market(folder);
  auto bytes = read_file(market);
  bytes.resize(bytes.size() * 2 / 3);
  bytes[bytes.size() / 2] ^= 1;
  const auto broken = folder.file("broken.ktape");
  write_file(broken, bytes);
  const auto rescued = folder.file("rescued.ktape");
  const Ended recovered = run_ktape({"recover", broken, "-o", rescued, "--json"});
  EXPECT_EQ(recovered.code, 3) << recovered.errors;
  EXPECT_NE(recovered.output.find(R"("frames_lost":)"), std::string::npos);
  EXPECT_EQ(run_ktape({"recover", market, "-o", folder.file("whole.ktape")}).code, 0);
  const Ended info = run_ktape({"info", rescued});
  EXPECT_NE(info.output.find("sealed"), std::string::npos) << info.output;
  EXPECT_TRUE(refuses(run_ktape({"recover", folder.file("nothing"), "-o", folder.file("x")}), 1, {"nothing"}));
}

TEST(ScrubCommand, FindsAndTakesOutSecretsWithoutTellingThem) {
  const TemporaryFolder folder;
  const auto market = make_market(folder);
  EXPECT_EQ(run_ktape({"scrub", market}).code, 0);
  // What stands in every recording of this market serves as a secret.
  write_file(folder.file("secrets"), "nobody-knows-this\nBTC/USD\n");
  const Ended found = run_ktape({"scrub", market, "--secrets-from", folder.file("secrets"), "--json"});
  EXPECT_EQ(found.code, 1);
  EXPECT_NE(found.errors.find("given value 2"), std::string::npos);
  EXPECT_EQ(found.errors.find("given value 1"), std::string::npos);
  EXPECT_EQ((found.output + found.errors).find("BTC/USD"), std::string::npos);
  EXPECT_TRUE(refuses(run_ktape({"scrub", market, "--secrets-from", folder.file("none")}), 1, {"none"}));
  const auto clean = folder.file("clean.ktape");
  write_file(folder.file("other"), "nobody-knows-this\n");
  EXPECT_EQ(run_ktape({"scrub", market, "--secrets-from", folder.file("other"), "-o", clean}).code, 0);
  EXPECT_EQ(run_ktape({"verify", clean}).code, 0);
}

}  // namespace
}  // namespace ktape::test
