#include "core/protocol/spot_v1/symbol_names.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "core/protocol/spot_v2/subscription_rules.hpp"

namespace ktape::spot_v1 {
namespace {

std::string_view wire_name(std::string_view asset) {
  if (asset == "BTC") return "XBT";
  if (asset == "DOGE") return "XDG";
  return asset;
}

}  // namespace

std::string wire_symbol(std::string_view symbol) {
  const auto slash = symbol.find('/');
  if (slash == std::string_view::npos) return std::string(symbol);
  const auto suffix = std::min(symbol.find(':', slash), symbol.size());
  return fmt::format("{}/{}{}", wire_name(symbol.substr(0, slash)),
                     wire_name(symbol.substr(slash + 1, suffix - slash - 1)), symbol.substr(suffix));
}

std::string_view SymbolNames::modern(std::string_view wire) {
  if (wire.find("XBT") == std::string_view::npos && wire.find("XDG") == std::string_view::npos) return wire;
  auto known = names_.find(wire);
  if (known == names_.end()) known = names_.emplace(wire, spot_v2::modern_symbol(wire)).first;
  return known->second;
}

void SymbolNames::trim() {
  if (names_.size() > kMaxNames) names_.clear();
}

}  // namespace ktape::spot_v1
