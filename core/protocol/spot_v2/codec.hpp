#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "core/protocol/codec.hpp"

namespace ktape::spot_v2 {

enum class DecodePath : std::uint8_t {
  FastFirst,      // Kraken's own layout of the hot messages by a scanner made for it, all else by RapidJSON
  RapidJsonOnly,  // the reference: both give the same events for every text
};

// Kraken's Spot websocket dialect of version 2, the client's side. It remembers nothing from message to message but
// counts. A message gives all its events or, if one of its fields is missing or makes no sense, a single UnknownMessage
// that names the field: never half of them. Events borrow from the text and from the codec, until the handler returns.
class SpotV2Codec final : public Codec {
 public:
  explicit SpotV2Codec(DecodePath path = DecodePath::FastFirst);
  ~SpotV2Codec() override;
  SpotV2Codec(const SpotV2Codec&) = delete;
  SpotV2Codec& operator=(const SpotV2Codec&) = delete;

  Result<void> check(const Request& request) const override;
  std::string encode(const Request& request) const override;
  void decode(std::string_view text, EventSink& out) override;
  Result<Request> decode_request(std::string_view text) const override;
  const CodecStats& stats() const override { return stats_; }
  void reset() override {}

 private:
  struct Memory;

  Result<void> read_json(std::string_view text);

  DecodePath path_;
  CodecStats stats_;
  std::unique_ptr<Memory> memory_;
};

}  // namespace ktape::spot_v2
