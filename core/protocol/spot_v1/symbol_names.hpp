#pragma once

#include <map>
#include <string>
#include <string_view>

namespace ktape::spot_v1 {

// On v1's wire Bitcoin is XBT and Dogecoin is XDG (spot-v1 section 5.1); everywhere else in this program they are BTC
// and DOGE, as in v2. All other names are the same on both sides.

// BTC/USD is XBT/USD on the wire.
std::string wire_symbol(std::string_view symbol);

// From the wire's names to ours, without making a text for each message anew.
class SymbolNames {
 public:
  // `wire` itself if the names are the same; otherwise a text that lives until the next trim().
  std::string_view modern(std::string_view wire);

  // Forgets all if there are implausibly many: whoever is at the other end decides what names there are.
  void trim();

 private:
  static constexpr std::size_t kMaxNames = 4096;
  std::map<std::string, std::string, std::less<>> names_;
};

}  // namespace ktape::spot_v1
