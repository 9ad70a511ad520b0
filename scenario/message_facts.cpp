#include "scenario/message_facts.hpp"

#include <algorithm>
#include <array>

namespace ktape::scenario {
namespace {

constexpr std::size_t kMaxSymbols = 1000;   // of one message; Kraken takes fewer
constexpr std::size_t kMaxWordBytes = 100;  // a client may say anything

void take_text(const JsonNode* node, std::string& out) {
  if (out.empty() && node != nullptr && node->kind == JsonKind::String) out = node->text().substr(0, kMaxWordBytes);
}

void add_symbol(const JsonNode& node, std::vector<std::string>& out) {
  if (node.kind != JsonKind::String || out.size() >= kMaxSymbols) return;
  const std::string_view symbol = node.text().substr(0, kMaxWordBytes);
  if (std::find(out.begin(), out.end(), symbol) == out.end()) out.emplace_back(symbol);
}

// A symbol, or several.
void take_symbols(const JsonNode& object, std::vector<std::string>& out) {
  constexpr std::array<std::string_view, 4> kNames{"symbol", "pair", "product_id", "product_ids"};
  for (const std::string_view name : kNames) {
    const JsonNode* const node = find_member(object, name);
    if (node == nullptr) continue;
    if (node->kind == JsonKind::Array) {
      for_each_element(*node, [&](const JsonNode& one) {
        add_symbol(one, out);
        return true;
      });
    } else {
      add_symbol(*node, out);
    }
  }
}

const JsonNode* find_object(const JsonNode& object, std::string_view name) {
  const JsonNode* const node = find_member(object, name);
  return node != nullptr && node->kind == JsonKind::Object ? node : nullptr;
}

std::string without_parameter(std::string_view channel) { return std::string(channel.substr(0, channel.find('-'))); }

// [336,{...},"book-10","XBT/USD"], [[...],"ownTrades",{"sequence":1}]
void read_array(const JsonNode& array, MessageFacts& out) {
  for_each_element(array, [&](const JsonNode& element) {
    if (element.kind != JsonKind::String) return true;
    if (out.channel.empty()) {
      out.channel = without_parameter(element.text().substr(0, kMaxWordBytes));
    } else {
      add_symbol(element, out.symbols);
    }
    return true;
  });
}

std::optional<bool> success_of(const JsonNode& object, std::string_view method) {
  if (const JsonNode* const told = find_member(object, "success")) {
    if (told->kind == JsonKind::True) return true;
    if (told->kind == JsonKind::False) return false;
  }
  if (method == "subscribed" || method == "unsubscribed") return true;
  if (method == "error" || method == "alert") return false;
  if (const JsonNode* const status = find_member(object, "status"); status != nullptr && method.ends_with("Status")) {
    if (status->text() == "error") return false;
    if (status->text() == "ok" || status->text() == "subscribed" || status->text() == "unsubscribed") return true;
  }
  return std::nullopt;
}

void read_object(const JsonNode& object, MessageFacts& out) {
  take_text(find_member(object, "method"), out.method);
  take_text(find_member(object, "event"), out.method);
  take_text(find_member(object, "channel"), out.channel);
  take_text(find_member(object, "feed"), out.channel);
  take_symbols(object, out.symbols);
  for (const char* const part : {"params", "result", "subscription"}) {
    const JsonNode* const inner = find_object(object, part);
    if (inner == nullptr) continue;
    take_text(find_member(*inner, "channel"), out.channel);
    take_text(find_member(*inner, "name"), out.channel);
    take_symbols(*inner, out.symbols);
  }
  if (const JsonNode* const data = find_member(object, "data"); data != nullptr && data->kind == JsonKind::Array) {
    for_each_element(*data, [&](const JsonNode& entry) {
      if (entry.kind == JsonKind::Object) take_symbols(entry, out.symbols);
      return true;
    });
  }
  out.success = success_of(object, out.method);
}

}  // namespace

MessageFacts MessageReader::read(std::string_view text) {
  MessageFacts facts;
  if (!tape_.parse(text)) return facts;
  if (tape_.root().kind == JsonKind::Object) read_object(tape_.root(), facts);
  if (tape_.root().kind == JsonKind::Array) read_array(tape_.root(), facts);
  return facts;
}

bool may_change_subscriptions(std::string_view text) {
  constexpr std::size_t kEnough = 200;  // an answer says what it is in its first members
  return text.substr(0, kEnough).find("ubscri") != text.npos;
}

}  // namespace ktape::scenario
