#include "scenario/entry_pattern.hpp"

#include <algorithm>
#include <string_view>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace ktape::scenario {

bool EntryPattern::matches(const JournalEntry& entry) const {
  const auto equal = [](const std::string& wanted, const std::string& is) { return wanted.empty() || wanted == is; };
  if (event != entry.event) return false;
  if (connection && *connection != entry.connection) return false;
  if (code && code != entry.code) return false;
  if (success && success != entry.success) return false;
  if (!equal(host, entry.host) || !equal(path, entry.path) || !equal(method, entry.method) ||
      !equal(channel, entry.channel) || !equal(by, entry.by) || !equal(name, entry.name)) {
    return false;
  }
  if (!symbol.empty() && std::find(entry.symbols.begin(), entry.symbols.end(), symbol) == entry.symbols.end()) {
    return false;
  }
  return text.empty() || entry.text.find(text) != std::string::npos;
}

std::string describe(const EntryPattern& pattern) {
  std::vector<std::string> conditions;
  const auto add = [&](std::string_view name, const std::string& value) {
    if (!value.empty()) conditions.push_back(fmt::format("{} {}", name, value));
  };
  if (pattern.connection) add("connection", fmt::format("{}", *pattern.connection));
  add("by", pattern.by);
  add("name", pattern.name);
  add("host", pattern.host);
  add("path", pattern.path);
  add("method", pattern.method);
  add("channel", pattern.channel);
  add("symbol", pattern.symbol);
  if (pattern.code) add("code", fmt::format("{}", *pattern.code));
  if (pattern.success) add("success", *pattern.success ? "true" : "false");
  if (!pattern.text.empty()) conditions.push_back(fmt::format("text '{}'", pattern.text));
  if (conditions.empty()) return std::string(to_string(pattern.event));
  return fmt::format("{} ({})", to_string(pattern.event), fmt::join(conditions, ", "));
}

}  // namespace ktape::scenario
