#include "faults/message_facts.hpp"

#include <algorithm>

#include "faults/channels.hpp"
#include "faults/wire_text.hpp"

namespace ktape::faults {
namespace {

std::string_view text_member(std::string_view object, std::string_view name) {
  return unquoted(member(object, name).value_or(std::string_view()));
}

void add_symbol(std::vector<std::string_view>& symbols, std::string_view symbol) {
  if (!symbol.empty() && std::find(symbols.begin(), symbols.end(), symbol) == symbols.end()) symbols.push_back(symbol);
}

// A text, or a list of texts.
void add_symbols(std::vector<std::string_view>& symbols, std::optional<std::string_view> value) {
  if (!value) return;
  if (is_text(*value)) return add_symbol(symbols, unquoted(*value));
  for (const std::string_view one : elements(*value)) add_symbol(symbols, unquoted(one));
}

// ---- what the exchange says

void read_v2(std::string_view text, MessageFacts& facts) {
  if (member(text, "method")) return;  // an answer, even if it names a channel
  facts.channel = text_member(text, "channel");
  facts.data = !facts.channel.empty();
  facts.snapshot = text_member(text, "type") == "snapshot";
  if (const auto data = member(text, "data")) {
    for (const std::string_view item : elements(*data)) add_symbol(facts.symbols, text_member(item, "symbol"));
  }
}

void read_v1(std::string_view text, MessageFacts& facts) {
  if (is_object(text)) {
    const std::string_view event = text_member(text, "event");
    facts.channel = event == "heartbeat" ? "heartbeat" : event == "systemStatus" ? "status" : "";
    facts.data = !facts.channel.empty();
    return;
  }
  const auto parts = elements(text);
  if (parts.size() < 3) return;
  const std::string_view last = parts.back();
  facts.data = true;
  if (is_object(last)) {  // private
    facts.channel = unquoted(parts[parts.size() - 2]);
    facts.snapshot = member(last, "sequence") == "1";
    return;
  }
  facts.channel = unquoted(parts[parts.size() - 2]);
  facts.channel = facts.channel.substr(0, facts.channel.find('-'));
  add_symbol(facts.symbols, unquoted(last));
  facts.snapshot = facts.channel == "book" && (member(parts[1], "as") || member(parts[1], "bs"));
}

void read_futures(std::string_view text, MessageFacts& facts) {
  if (member(text, "event")) return;  // "subscribed" names a feed, too
  facts.channel = text_member(text, "feed");
  facts.data = !facts.channel.empty();
  constexpr std::string_view kSnapshot = "_snapshot";
  if (facts.channel.ends_with(kSnapshot)) {
    facts.channel.remove_suffix(kSnapshot.size());
    facts.snapshot = true;
  }
  add_symbol(facts.symbols, text_member(text, "product_id"));
}

// ---- what the client says

void read_v2_request(std::string_view text, MessageFacts& facts) {
  facts.method = text_member(text, "method");
  facts.request_id = member(text, "req_id").value_or(std::string_view());
  const auto params = member(text, "params");
  if (!params) return;
  facts.channel = text_member(*params, "channel");
  add_symbols(facts.symbols, member(*params, "symbol"));
  facts.has_token = member(*params, "token").has_value();
}

void read_v1_request(std::string_view text, MessageFacts& facts) {
  facts.method = text_member(text, "event");
  facts.request_id = member(text, "reqid").value_or(std::string_view());
  add_symbols(facts.symbols, member(text, "pair"));
  facts.has_token = member(text, "token").has_value();
  if (const auto subscription = member(text, "subscription")) {
    facts.subscription = *subscription;
    facts.channel = text_member(*subscription, "name");
    facts.has_token = facts.has_token || member(*subscription, "token");
  }
}

void read_futures_request(std::string_view text, MessageFacts& facts) {
  facts.method = text_member(text, "event");
  facts.channel = text_member(text, "feed");
  add_symbols(facts.symbols, member(text, "product_ids"));
  facts.has_token = member(text, "signed_challenge").has_value();
}

}  // namespace

MessageFacts facts_of(Dialect dialect, Direction direction, std::string_view text) {
  MessageFacts facts;
  facts.request = direction == Direction::ToExchange;
  switch (dialect) {
    case Dialect::SpotV2:
      facts.request ? read_v2_request(text, facts) : read_v2(text, facts);
      break;
    case Dialect::SpotV1:
      facts.request ? read_v1_request(text, facts) : read_v1(text, facts);
      break;
    case Dialect::FuturesV1:
      facts.request ? read_futures_request(text, facts) : read_futures(text, facts);
      break;
  }
  facts.numbered = facts.data && is_numbered(dialect, facts.channel);
  return facts;
}

bool fits(const FaultWhere& where, const MessageFacts& facts, std::string_view text) {
  if (!where.channel.empty() && where.channel != facts.channel) return false;
  if (!where.symbol.empty() &&
      std::find(facts.symbols.begin(), facts.symbols.end(), where.symbol) == facts.symbols.end()) {
    return false;
  }
  return where.contains.empty() || text.find(where.contains) != std::string_view::npos;
}

}  // namespace ktape::faults
