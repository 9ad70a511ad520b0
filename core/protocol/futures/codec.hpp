#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "core/protocol/codec.hpp"
#include "core/protocol/futures/account_reader.hpp"

namespace ktape::futures {

struct CodecOptions {
  OrderQuantity order_quantity = OrderQuantity::Remaining;
};

// Kraken Futures' websocket dialect of version 1, the client's side. It remembers what was asked, since answers do not
// say it: sent() has to be called for each request. A message gives all its events or, if one of its fields is missing
// or makes no sense, a single UnknownMessage that names the field: never half of them. Events borrow from the text and
// from the codec, until the handler returns.
//
// Replies name feeds in `channel` and products in `symbol`; that to a book subscription has depth 0, the whole book. An
// alert or error is a Reply that failed, to the request it is about, or with method "error" if nothing was asked.
class FuturesCodec final : public Codec {
 public:
  explicit FuturesCodec(CodecOptions options = {});
  ~FuturesCodec() override;
  FuturesCodec(const FuturesCodec&) = delete;
  FuturesCodec& operator=(const FuturesCodec&) = delete;

  Result<void> check(const Request& request) const override;
  std::string encode(const Request& request) const override;
  void decode(std::string_view text, EventSink& out) override;
  Result<Request> decode_request(std::string_view text) const override;
  void sent(const Request& request) override;
  bool signs_challenges() const override { return true; }
  bool answers_in_order() const override { return true; }
  bool keeps_talking(std::string_view channel) const override { return channel == "heartbeat"; }
  const CodecStats& stats() const override { return stats_; }
  void reset() override;

 private:
  struct Memory;

  Result<void> read(std::string_view text);

  CodecOptions options_;
  CodecStats stats_;
  std::unique_ptr<Memory> memory_;
};

}  // namespace ktape::futures
