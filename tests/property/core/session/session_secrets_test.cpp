#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "core/base/assert.hpp"
#include "core/session/chunk_decoder.hpp"
#include "core/session/compression.hpp"
#include "core/session/redactor.hpp"
#include "core/session/session_directory.hpp"
#include "replay/file_source.hpp"
#include "tests/support/places.hpp"
#include "tests/support/session_fixture.hpp"

// No secret reaches the disk: canaries are put wherever a message can hold one, and every byte that was ever written is
// searched for them, compressed or not.
namespace ktape {
namespace {

namespace fs = std::filesystem;

// Shapes that Kraken's secrets have: a websocket token, a base64 signature, a UUID, an API key, digits.
constexpr std::string_view kCanaries[] = {"WW91ciBhdXRoZW50aWNhdGlvbiB0b2tlbiBnb2VzIGhlcmUu",
                                          "4/dpxb3iT4tp/ZCVEwSnEsLxx0bqyhLpdfOpc6fn7OR8+UClSV5n9E6aSS8MPtnRfp32bAb0==",
                                          "c094497e-9b5f-40da-a122-3751c39b107f", "q8EGvCgL3k2mHJ0zWb6tCYrT",
                                          "8451279903"};

// Where a secret may stand; % is its place. JSON as it is written, the escapes included.
constexpr std::string_view kPlaces[] = {
    // Spot v2
    R"({"method":"subscribe","params":{"channel":"executions","snap_orders":true,"token":"%"},"req_id":7})",
    R"({"method":"add_order","params":{"order_type":"limit","side":"buy","symbol":"BTC/USD","token":"%"}})",
    R"({"method":"batch_add","params":{"orders":[{"side":"buy"},{"side":"sell","token":"%"}],"token":"%"}})",
    R"({"error":"EAPI:Invalid request","method":"subscribe","success":false,"params":{"token":"%"}})",
    R"({"error":"Malformed: {\"method\":\"subscribe\",\"params\":{\"token\":\"%\"}}","success":false})",
    R"(Malformed request {"method":"subscribe","params":{"token":"%"}})",
    // Spot v1
    R"({"event":"subscribe","subscription":{"name":"ownTrades","token":"%"}})",
    R"({"event":"addOrder","ordertype":"limit","pair":"XBT/USD","token":"%","type":"buy"})",
    R"({"errorMessage":"EGeneral","event":"subscriptionStatus","subscription":{"token":"%"}})",
    // Futures
    R"({"event":"challenge","api_key":"%"})", R"({"event":"challenge","message":"%"})",
    R"({"message":"%","event":"challenge"})",
    R"({"event":"subscribe","feed":"fills","api_key":"%","original_challenge":"%","signed_challenge":"%"})",
    R"({"event":"error","message":"{\"api_key\":\"%\",\"signed_challenge\":\"%\"}"})",
    // REST, as text and as JSON
    R"({"error":[],"result":{"token":"%","expires":900}})", R"({"nonce":"%","otp":"%","pair":"XBTUSD"})",
    R"({"otp": % ,"nonce": %})", R"({"headers":{"API-Key":"%","API-Sign":"%","Authent":"%","Nonce":"%"}})",
    "POST /0/private/GetWebSocketsToken HTTP/1.1\r\nAPI-Key: %\r\nAPI-Sign: %\r\n\r\nnonce=%&otp=%",
    "GET /derivatives/api/v3/accounts HTTP/1.1\r\nAPIKey: %\r\nAuthent: %\r\nNonce: %\r\n\r\n",
    "authorization: Bearer %\r\nHost: api.kraken.com", "nonce=%&ordertype=limit&otp=%&password=%",
    // Addresses and reasons
    "wss://ws-auth.kraken.com/v2?token=%", "wss://ws.kraken.com/v2?a=1&api_key=%&b=2#f",
    "wss://ws.kraken.com/v2?a=1&to%6ben=%", "1008 policy violation: token=%", R"(4001 {"token":"%"})",
    R"({"url":"wss:\/\/ws.kraken.com\/v2?token=%","n":1})",
    // Spellings
    R"({"tok\u0065n":"%"})", R"({"\u0074\u006F\u006b\u0065\u006E":"%"})", R"({"TOKEN" : "%"})", R"({"apiKey":"%"})",
    R"({"Api_Secret":"%","passphrase":"%","private_key":"%","secret":"%"})", R"({"token":["%",{"x":"%"}]})",
    // JSON in JSON in JSON
    R"({"a":"{\"b\":\"{\\\"token\\\":\\\"%\\\"}\"}"})",
    R"({"a":"{\"b\":\"{\\\"c\\\":\\\"{\\\\\\\"otp\\\\\\\":\\\\\\\"%\\\\\\\"}\\\"}\"}"})",
    // Cut, and with other bytes around it
    R"({"token":"%)", "\x01\xff{\"token\":\"%\"}\xfe"};

std::string put(std::string_view place, std::string_view secret) {
  std::string out;
  for (std::size_t i = 0; i < place.size(); ++i) {
    // In the address "to%6ben" the sign is an escape.
    if (place[i] == '%' && place.substr(i, 3) != "%6b") {
      out += secret;
    } else {
      out += place[i];
    }
  }
  return out;
}

std::string escaped(std::string_view text, std::size_t every) {
  constexpr std::string_view kHex = "0123456789abcdef";
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (i % every == 0) {
      out += "\\u00";
      out += kHex[static_cast<unsigned char>(text[i]) >> 4];
      out += kHex[static_cast<unsigned char>(text[i]) & 15];
    } else {
      out += text[i];
    }
  }
  return out;
}

// A journal that keeps all that was ever written to it.
class WholeLife final : public JournalSink {
 public:
  explicit WholeLife(std::string& all) : all_(all) {}
  Result<void> write_at(std::uint64_t, std::string_view bytes) override {
    all_ += bytes;
    return {};
  }
  Result<void> sync() override { return {}; }
  Result<void> remove() override { return {}; }

 private:
  std::string& all_;
};

// The file, and everything in it that is compressed.
std::string unpacked(const std::string& file) {
  std::string out = file;
  MemorySource source(file);
  const auto done = SessionDirectory::load(
      source, SessionDirectory::Way::Hop,
      [&](std::uint64_t offset, const format::RecordHeader& header) -> Result<void> {
        if (header.type == format::RecordType::Chunk) {
          std::string raw(header.raw_length, '\0');
          const auto body = std::string_view(file).substr(static_cast<std::size_t>(offset) + format::kRecordHeaderBytes,
                                                          header.stored_length);
          if (auto fine = Decompressor().decompress(body, raw.data(), raw.size()); !fine) return fine;
          out += raw;
          return {};
        }
        return read_message_record(source, offset, header).map([&](const std::string& message) { out += message; });
      });
  KTAPE_ASSERT(done.has_value(), "the file is undamaged");
  return out;
}

// All bytes that a recording of these frames has ever had on the disk.
std::string written(const std::vector<OwnedFrame>& frames, const Gap& gap, std::string description) {
  std::string journal;
  const MemoryFile file = memory_file();
  SessionWriterOptions options = plain_options(2'000);
  options.redaction = Redaction::Secrets;
  options.redaction_key.fill(3);
  SessionInfo info = test_info();
  info.description = std::move(description);
  auto writer =
      SessionWriter::create(std::make_unique<MemorySink>(file), std::make_unique<WholeLife>(journal), info, options)
          .value();
  for (const OwnedFrame& frame : frames) {
    writer->on_frame(frame.frame());
    KTAPE_ASSERT(writer->commit().has_value(), "memory never fails");
  }
  writer->note_gap(gap);
  KTAPE_ASSERT(writer->finish().has_value(), "memory never fails");
  return journal + unpacked(*file);
}

TEST(SessionSecrets, NeverReachTheDiskWhereverAMessageHoldsThem) {
  for (const std::string_view canary : kCanaries) {
    for (const std::string_view place : kPlaces) {
      const bool number = place.find("% ,") != std::string_view::npos;
      if (number && canary.find_first_not_of("0123456789") != std::string_view::npos) continue;
      const std::string payload = put(place, canary);
      std::vector<OwnedFrame> frames;
      for (const FrameKind kind : {FrameKind::Opened, FrameKind::Text, FrameKind::Binary, FrameKind::Ping,
                                   FrameKind::Pong, FrameKind::Closed, FrameKind::Opened}) {
        frames.emplace_back().at = test_info().created_at + std::chrono::seconds{frames.size()};
        frames.back().kind = kind;
        frames.back().payload = payload;
      }
      const Gap gap{test_info().created_at, test_info().created_at, GapCause::Other,
                    std::nullopt,           std::nullopt,           "cannot connect: " + payload};
      const std::string bytes = written(frames, gap, payload);
      EXPECT_EQ(bytes.find(canary), std::string::npos) << payload;
      EXPECT_NE(bytes.find("ktape-redacted-"), std::string::npos) << payload;
    }
  }
}

TEST(SessionSecrets, AreKnownInEverySpellingOfTheirValue) {
  Redactor redactor(RedactionKey{3});
  for (const std::string_view canary : kCanaries) {
    const std::string expected = R"({"token":")" + redactor.pseudonym(canary) + R"("})";
    for (const std::size_t every : {1U, 2U, 5U}) {
      EXPECT_EQ(redactor.redact(R"({"token":")" + escaped(canary, every) + R"("})"), expected);
    }
    std::string slashes;
    for (const char c : canary) slashes += c == '/' ? "\\/" : std::string(1, c);
    EXPECT_EQ(redactor.redact(R"({"token":")" + slashes + R"("})"), expected);
  }
}

// An answer that quotes a secret without its name: it is known from the request.
TEST(SessionSecrets, AreReplacedWhereTheyAreRepeatedWithoutAName) {
  Redactor redactor(RedactionKey{3});
  for (const std::string_view canary : kCanaries) {
    if (canary.size() < 16) continue;  // six digits may be a price
    const std::string name = redactor.pseudonym(canary);
    EXPECT_EQ(redactor.redact("1008 " + std::string(canary)), "1008 " + std::string(canary));
    redactor.redact(put(R"({"method":"subscribe","params":{"token":"%"}})", canary));
    EXPECT_EQ(redactor.redact("1008 " + std::string(canary) + " is unknown"), "1008 " + name + " is unknown");
    EXPECT_EQ(redactor.redact(put(R"({"error":"bad % and %","ok":false})", canary)),
              put(R"({"error":"bad % and %","ok":false})", name));
    EXPECT_EQ(redactor.redact(put(R"({"error":"bad %","token":"%"})", canary)),
              put(R"({"error":"bad %","token":"%"})", name));
  }
}

TEST(SessionSecrets, AreNotSeenInMarketData) {
  std::size_t payloads = 0;
  Redactor redactor(RedactionKey{3});
  for (const auto& entry : fs::directory_iterator(test::in_source_tree("datasets"))) {
    if (entry.path().extension() != ".ktape") continue;
    auto reader = SessionReader::open(FileSource::open(entry.path()).value()).value();
    for (const OwnedFrame& frame : read_all(*reader)) {
      ++payloads;
      ASSERT_EQ(redactor.redact(frame.payload), frame.payload) << entry.path();
    }
  }
  for (const auto& entry : fs::recursive_directory_iterator(test::in_source_tree("tests/golden"))) {
    if (entry.path().extension() != ".json") continue;
    std::ifstream in(entry.path(), std::ios::binary);
    for (std::string line; std::getline(in, line); ++payloads) {
      // A private request, or the challenge that precedes those of Futures.
      if (line.find("token") != std::string::npos || line.find("challenge") != std::string::npos) continue;
      ASSERT_EQ(redactor.redact(line), line) << entry.path();
    }
  }
  EXPECT_GT(payloads, 1'000U);
}

}  // namespace
}  // namespace ktape
