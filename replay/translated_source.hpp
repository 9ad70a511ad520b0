#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.hpp"
#include "core/market/order_book.hpp"
#include "core/protocol/dialect.hpp"
#include "core/wire/frame.hpp"
#include "core/wire/web_requests.hpp"
#include "exchange/feed.hpp"

namespace ktape {

// A recording of one Spot dialect, told in the other as far as its facts allow. What came from the exchange is said
// again, message by message and at the same stamps; what clients said, and answers that are no subscriptions, are left
// out.
//
// v2 in v1: status, heartbeats, books with their checksums and times, spreads from the books, trades (v1 has no history
// of them), running candles. No ticker, since v2 does not tell the current day. Numbers keep v2's digits: Kraken's v1
// pads some to more places, but a checksum covers the digits as they are sent.
//
// v1 in v2: status, heartbeats, books with a checksum over v1's digits, running candles. No trades, since v1 has no
// ids; no ticker, since it tells no change; no instruments.
class TranslatedSource final : public FrameSource {
 public:
  // Whether there is a translation.
  static bool knows(Dialect from, Dialect to);
  // The feeds that it tells of a recording that has `feeds`. knows(from, to).
  static std::vector<Feed> told_feeds(const std::vector<Feed>& feeds, Dialect from, Dialect to);

  // knows(from, to).
  TranslatedSource(std::unique_ptr<FrameSource> inner, Dialect from, Dialect to);
  ~TranslatedSource() override;

  Result<std::optional<Frame>> next() override;

 private:
  class Speaker;
  struct Connection;
  struct Said {
    Timestamp at;
    ConnectionId connection{};
    Direction direction = Direction::FromExchange;
    FrameKind kind = FrameKind::Text;
    std::string payload;
  };

  void take(const Frame& frame);

  std::unique_ptr<FrameSource> inner_;
  Dialect from_;
  Dialect to_;
  WebRequests web_requests_;
  std::map<ConnectionId, std::unique_ptr<Connection>> connections_;
  std::deque<Said> said_;
  Said current_;
};

}  // namespace ktape
