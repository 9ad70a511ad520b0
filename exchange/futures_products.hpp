#pragma once

#include <map>
#include <string>
#include <string_view>

#include "core/market/event.hpp"

namespace ktape {

// What a Futures product is, as far as its name (futures-v1 section 2) and what the market has told of it say.
struct FuturesProduct {
  std::string id{};      // PF_XBTUSD
  Decimal price_step{};  // the greatest one that all prices fit which books have told; zero: none was told
  int quantity_places = 0;
  Decimal leverage{};    // 50 of "50x", as the last ticker told it; zero: none did
  std::string ticker{};  // the last message of the feed ticker, as it was told, or of ticker_lite; empty: none
  bool suspended = false, post_only = false;  // as the last ticker that told it did

  bool is_perpetual() const { return id.starts_with("PF_") || id.starts_with("PI_"); }
  bool is_inverse() const { return id.starts_with("PI_") || id.starts_with("FI_"); }
  std::string_view type() const;        // as REST calls it: futures_inverse, flexible_futures, options
  std::string_view underlying() const;  // XBTUSD
  // When it is settled, by its name; empty for perpetuals: 2026-02-27T16:00:00.000Z.
  std::string last_trading_time() const;
};

// The products of a Futures market.
class FuturesProducts {
 public:
  using All = std::map<std::string, FuturesProduct, std::less<>>;

  void list(std::string_view product) { of(product); }
  void take(const BookSnapshot& book);
  // `text`: the message that told the ticker.
  void take(const Ticker& ticker, std::string_view text);

  const FuturesProduct* find(std::string_view product) const;
  const All& all() const { return all_; }

 private:
  FuturesProduct& of(std::string_view product);

  All all_;
};

}  // namespace ktape
