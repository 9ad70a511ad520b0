#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "core/protocol/codec.hpp"

namespace ktape::spot_v1 {

// Kraken's Spot websocket dialect of version 1, the client's side, public and private. A message gives all its events
// or, if one of its fields is missing or makes no sense, a single UnknownMessage that names the field: never half of
// them. Events borrow from the text and from the codec, until the handler returns.
//
// In requests and events symbols have their modern names, BTC/USD; v1's XBT and XDG are on the wire only. Public trades
// have no id, so trade_id is 0. A ticker has no change over the day, so both its forms are zero.
//
// It remembers of the connection which number means which channel, so that it can tell the first ticker and candle of a
// subscription as a snapshot, and read messages without names; and of the requests sent() what answers leave out.
class SpotV1Codec final : public Codec {
 public:
  SpotV1Codec();
  ~SpotV1Codec() override;
  SpotV1Codec(const SpotV1Codec&) = delete;
  SpotV1Codec& operator=(const SpotV1Codec&) = delete;

  Result<void> check(const Request& request) const override;
  std::string encode(const Request& request) const override;
  void decode(std::string_view text, EventSink& out) override;
  Result<Request> decode_request(std::string_view text) const override;
  void sent(const Request& request) override;
  const CodecStats& stats() const override { return stats_; }
  void reset() override;

 private:
  struct Memory;

  Result<void> read_json(std::string_view text);

  CodecStats stats_;
  std::unique_ptr<Memory> memory_;
};

}  // namespace ktape::spot_v1
