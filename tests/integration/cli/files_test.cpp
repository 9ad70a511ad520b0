// What the program says to files that are not what they should be.
#include <bit>

#include <gmock/gmock.h>
#include <zstd.h>

#include "core/base/crc.hpp"
#include "core/session/format.hpp"
#include "tests/integration/cli/ktape_program.hpp"

namespace ktape::test {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using Words = std::vector<std::string>;

constexpr std::string_view kReaders[] = {"info", "cat", "verify", "replay", "serve"};

class Files : public ::testing::Test {
 protected:
  // Every command that reads recordings refuses this one, and names `named`.
  void expect_refused(const std::string& path, Words named) {
    named.push_back(path);
    for (const std::string_view command : kReaders) {
      EXPECT_TRUE(refuses(run_ktape({std::string(command), path}), 1, named)) << command;
    }
  }

  TemporaryFolder folder;
};

TEST_F(Files, ThatAreNoRecordings) {
  write_file(folder.file("text"), "Dear diary, nothing was traded today, and nothing was recorded either.\n");
  expect_refused(folder.file("text"), {"not a recording"});
  write_file(folder.file("empty"), "");
  expect_refused(folder.file("empty"), {"empty"});
  expect_refused(folder.file("missing"), {"No such file"});
  for (const std::string command : {"info", "cat", "verify", "serve"}) {
    EXPECT_TRUE(refuses(run_ktape({command, folder.file("")}), 1, {"not a regular file"})) << command;
  }
  EXPECT_TRUE(refuses(run_ktape({"replay", folder.file("")}), 1, {"no recording (*.ktape)"}));
}

TEST_F(Files, OfANewerMajorVersion) {
  std::string bytes = read_file(make_market(folder, "1s"));
  const auto info_bytes = format::load<std::uint32_t>(bytes.data() + 28);
  format::store<std::uint16_t>(bytes.data() + 16, format::kMajor + 1);
  const std::size_t crc_at = format::kHeaderFixedBytes + info_bytes;
  format::store(bytes.data() + crc_at, crc32c(std::string_view(bytes).substr(0, crc_at)));
  write_file(folder.file("newer"), bytes);
  expect_refused(folder.file("newer"), {"2.", "up to 1."});
}

// A recording of several chunks, cut wherever it hurts.
TEST_F(Files, ThatAreCutTellWhatIsMissing) {
  const std::string market = make_market(folder, "3m");
  const std::string bytes = read_file(market);
  const std::string whole = run_ktape({"cat", market}).output;
  const std::string cut = folder.file("cut");

  write_file(cut, std::string_view(bytes).substr(0, 100));
  expect_refused(cut, {"truncated", "100 bytes"});

  for (const std::size_t kept : {bytes.size() / 5, bytes.size() / 2, bytes.size() * 4 / 5}) {
    write_file(cut, std::string_view(bytes).substr(0, kept));
    const Ended shown = run_ktape({"cat", cut});
    EXPECT_EQ(shown.code, 3) << kept;
    EXPECT_TRUE(whole.starts_with(shown.output)) << "what stands before the cut is shown, and nothing else";
    EXPECT_LT(shown.output.size(), whole.size());
    EXPECT_THAT(shown.errors, HasSubstr("ktape: " + cut + " is cut short: ")) << kept;
    const Ended replayed = run_ktape({"replay", "--hash", cut});
    EXPECT_EQ(replayed.code, 3);
    EXPECT_THAT(replayed.errors, HasSubstr("is cut short"));
    const Ended verified = run_ktape({"verify", cut});
    EXPECT_EQ(verified.code, 3);
    EXPECT_THAT(verified.output, HasSubstr("recovered"));
    EXPECT_THAT(verified.output, HasSubstr("crash"));
  }

  // Only the footer: every frame is there.
  write_file(cut, std::string_view(bytes).substr(0, bytes.size() - 5));
  const Ended shown = run_ktape({"cat", cut});
  EXPECT_EQ(shown.code, 0) << shown.errors;
  EXPECT_TRUE(shown.output == whole);
  EXPECT_EQ(run_ktape({"verify", cut}).code, 3);
}

TEST_F(Files, WithAFlippedBitLoseOneChunkAndTellSo) {
  const std::string market = make_market(folder, "3m");
  std::string bytes = read_file(market);
  const std::string whole = run_ktape({"cat", market}).output;
  const std::string path = folder.file("flipped");
  bytes[bytes.size() / 2] = static_cast<char>(bytes[bytes.size() / 2] ^ 0x10);
  write_file(path, bytes);

  const Ended verified = run_ktape({"verify", path, "--json"});
  EXPECT_EQ(verified.code, 3);
  EXPECT_THAT(verified.output, HasSubstr(R"("state":"damaged")"));
  EXPECT_THAT(verified.output, HasSubstr(R"("cause":"damaged")"));
  EXPECT_THAT(verified.output, HasSubstr("CRC32C"));
  for (const Words& command : {Words{"cat"}, Words{"replay", "--events"}}) {
    Words arguments = command;
    arguments.push_back(path);
    const Ended run = run_ktape(arguments);
    EXPECT_EQ(run.code, 3);
    EXPECT_THAT(run.errors, HasSubstr("ktape: " + path + " is damaged"));
    EXPECT_THAT(run.output, ::testing::Not(IsEmpty())) << "the other chunks are read";
  }
  const Server server(folder, {path});
  EXPECT_THAT(server.process->errors(), HasSubstr("ktape: " + path + " is damaged"));
  // The last frame is behind the damage.
  const std::string shown = run_ktape({"cat", path}).output;
  EXPECT_LT(shown.size(), whole.size());
  EXPECT_EQ(shown.substr(shown.size() - 100), whole.substr(whole.size() - 100));
}

TEST_F(Files, ThatCannotBeWritten) {
  const std::string there = folder.file("there");
  write_file(there, "mine");
  for (const Words& command : {Words{"synth", "--duration", "1s"}, Words{"record", "--url", "ws://127.0.0.1:1/v2"}}) {
    Words arguments = command;
    arguments.insert(arguments.end(), {"-o", there});
    EXPECT_TRUE(refuses(run_ktape(arguments), 1, {there, "File exists"}));
    EXPECT_EQ(read_file(there), "mine");
    arguments.back() = folder.file("no/such/folder");
    EXPECT_TRUE(refuses(run_ktape(arguments), 1, {arguments.back(), "No such file or directory"}));
    arguments.back() = "/proc/nothing.ktape";
    EXPECT_TRUE(refuses(run_ktape(arguments), 1, {arguments.back()}));
  }
  EXPECT_FALSE(std::filesystem::exists(there + ".journal"));
}

TEST_F(Files, OfARecordingThatCouldNotBeginAreTakenAway) {
  const std::string out = folder.file("out.ktape");
  const Words record{"record", "--url", "ws://127.0.0.1:1/v2", "-o", out};
  Words with_events = record;
  with_events.insert(with_events.end(), {"--events", folder.file("no/such/log")});
  EXPECT_TRUE(refuses(run_ktape(with_events), 1, {folder.file("no/such/log")}));
  EXPECT_FALSE(std::filesystem::exists(out));
  EXPECT_FALSE(std::filesystem::exists(out + ".journal"));

  // What a crash has left is not overwritten.
  write_file(out + ".journal", "all that is left");
  EXPECT_TRUE(refuses(run_ktape(record), 1, {out + ".journal", "File exists"}));
  EXPECT_FALSE(std::filesystem::exists(out));
  EXPECT_EQ(read_file(out + ".journal"), "all that is left");
}

TEST_F(Files, AreNotBegunBeyondTheirEnd) {
  const std::string market = make_market(folder, "20s");
  for (const char* command : {"cat", "replay", "serve"}) {
    EXPECT_TRUE(refuses(run_ktape({command, market, "--start-offset", "5m"}), 2, {"--start-offset 5m", market, "20s"}));
  }
}

TEST_F(Files, OfSpotV1AreVerifiedAndReplayed) {
  // Spot-v1 section 5.6: the published sum of a short book, after an update.
  write_file(folder.file("v1.jsonl"),
             R"({"channelID":7,"channelName":"book-10","event":"subscriptionStatus","pair":"XBT/USD",)"
             R"("status":"subscribed","subscription":{"depth":10,"name":"book"}})"
             "\n"
             R"([7,{"as":[["0.05005","0.00000500","1693415330.1"]],"bs":[]},"book-10","XBT/USD"])"
             "\n"
             R"([7,{"a":[["0.05010","0.00000500","1693415330.2"]]},{"b":[["0.05000","0.00000500","1693415330.2"]],)"
             R"("c":"1725113685"},"book-10","XBT/USD"])"
             "\n");
  EXPECT_EQ(run_ktape({"import", folder.file("v1.jsonl"), "-o", folder.file("v1")}).code, 0);
  const Ended verified = run_ktape({"verify", folder.file("v1"), "--json"});
  EXPECT_EQ(verified.code, 0) << verified.errors;
  EXPECT_THAT(verified.output, HasSubstr(R"("messages_unknown":0)"));
  EXPECT_THAT(verified.output, HasSubstr(R"("checksums_checked":1,"checksums_failed":0)"));
  EXPECT_THAT(run_ktape({"replay", folder.file("v1")}).output, HasSubstr("book BTC/USD depth 10: live"));
  EXPECT_THAT(run_ktape({"info", folder.file("v1")}).output, HasSubstr("XBT/USD"));
}

TEST_F(Files, OnAFullDiskEndTheProgramWithAnError) {
  const std::string market = make_market(folder, "1s");
  const Ended run = run_ktape({"cat", market}, {.output_to = "/dev/full"});
  EXPECT_TRUE(refuses(run, 1, {"stdout", "No space left on device"}));

  const Ended synth = run_ktape({"synth", "--duration", "1m", "-o", folder.file("big")}, {.file_size = 8192});
  EXPECT_TRUE(refuses(synth, 1, {folder.file("big"), "File too large"}));
}

TEST_F(Files, GoToWhoeverReadsAndNobodyElseIsNoError) {
  const std::string market = make_market(folder, "1m");
  Process process(ktape({"cat", market}));
  ASSERT_TRUE(process.says("\n"));
  process.stop_reading_output();
  EXPECT_EQ(process.exit_code(), 0);
  EXPECT_THAT(process.errors(), IsEmpty());
}

std::string packed(const std::string& text) {
  std::string out(ZSTD_compressBound(text.size()), '\0');
  const std::size_t size = ZSTD_compress(out.data(), out.size(), text.data(), text.size(), 3);
  EXPECT_EQ(ZSTD_isError(size), 0U);
  out.resize(size);
  return out;
}

class Import : public Files {
 protected:
  static std::string archive() {
    std::string text = "CBCAP1 kraken BTC-USD 1788249600000000000\n";
    for (int i = 0; i < 200; ++i) {
      const std::string message = R"({"channel":"heartbeat"})" + std::string(static_cast<std::size_t>(i % 7), ' ');
      text += std::to_string(1'788'249'600'000'000'000 + i * 1'000'000) + " " + std::to_string(message.size()) + "\n" +
              message + "\n";
    }
    return text;
  }
  Ended import(const std::string& bytes, Words more = {}) {
    write_file(in, bytes);
    std::filesystem::remove(out);
    Words arguments{"import", in, "-o", out};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return run_ktape(arguments);
  }
  std::ptrdiff_t imported() const {
    const Ended run = run_ktape({"cat", out, "--format", "payload"});
    EXPECT_EQ(run.code, 0) << run.errors;
    return std::count(run.output.begin(), run.output.end(), '\n');
  }

  std::string in = folder.file("archive");
  std::string out = folder.file("imported.ktape");
};

TEST_F(Import, TakesACapture) {
  EXPECT_EQ(import(archive()).code, 0);
  EXPECT_EQ(imported(), 200);
  EXPECT_EQ(import(packed(archive())).code, 0);
  EXPECT_EQ(imported(), 200);
}

TEST_F(Import, KeepsWhatStandsBeforeACut) {
  const std::string text = archive();
  const Ended run = import(text.substr(0, text.size() / 2));
  EXPECT_EQ(run.code, 3) << run.errors;
  EXPECT_THAT(run.errors, HasSubstr("ktape: " + in + ": cbcap: at byte "));
  EXPECT_GE(imported(), 95);
  EXPECT_LE(imported(), 105);
}

TEST_F(Import, RefusesWhatIsNoArchive) {
  EXPECT_TRUE(refuses(import("Dear diary\n"), 1, {in, "Dear diary"}));
  EXPECT_TRUE(refuses(import(""), 1, {in}));
  const std::string zstd = packed(archive());
  EXPECT_TRUE(refuses(import(zstd.substr(0, zstd.size() / 2)), 1, {in, "zstd"}));
  EXPECT_TRUE(refuses(import("CBCAP1 kraken BTC-USD yesterday\n"), 1, {in, "yesterday"}));
  EXPECT_FALSE(std::filesystem::exists(out));
  EXPECT_TRUE(refuses(run_ktape({"import", folder.file("missing"), "-o", out}), 1, {folder.file("missing")}));
  EXPECT_TRUE(refuses(run_ktape({"import", folder.file(""), "-o", out}), 1, {folder.file("")}));
}

}  // namespace
}  // namespace ktape::test
