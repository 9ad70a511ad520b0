#include "core/protocol/spot_v1/request.hpp"

#include <fmt/format.h>

#include "core/base/json_text.hpp"
#include "core/protocol/json_fields.hpp"
#include "core/protocol/spot_v1/subscription_rules.hpp"
#include "core/protocol/spot_v1/symbol_names.hpp"
#include "core/protocol/spot_v1/trading_request.hpp"
#include "core/protocol/spot_v2/subscription_rules.hpp"

namespace ktape::spot_v1 {
namespace {

constexpr std::string_view kPrivateElsewhere =
    "Private data and trading are unavailable on this endpoint. Try ws-auth.kraken.com";
constexpr std::string_view kPublicElsewhere =
    "Public market data subscriptions are unavailable on this endpoint. Try ws.kraken.com";
constexpr std::string_view kEverything = "*";

class RequestReader {
 public:
  explicit RequestReader(Host host) : host_(host) {}

  ParsedRequest read(std::string_view text) {
    JsonTape tape({.max_bytes = kMaxRequestBytes});
    if (!tape.parse(text) || tape.root().kind != JsonKind::Object) {
      object_to("Malformed request");
    } else {
      read_message(tape.root());
    }
    return std::move(request_);
  }

 private:
  void object_to(std::string_view problem) { request_.problems.emplace_back(problem); }

  void read_message(const JsonNode& message) {
    const JsonNode* const event = find_member(message, "event");
    if (event != nullptr && event->kind == JsonKind::String) request_.event = event->text();
    if (const JsonNode* const id = find_member(message, "reqid")) {
      std::int64_t value = 0;
      if (convert(*id, value) != nullptr) {
        object_to("Reqid field must be an integer");
      } else {
        request_.request_id = value;
      }
    }
    if (!request_.event) return object_to("Event(s) not found");
    if (*request_.event == "ping") return;
    if (*request_.event == "subscribe" || *request_.event == "unsubscribe") return read_subscription(message);
    if (!is_trading_method(*request_.event)) return object_to("Unsupported event");
    read_trading(message);
  }

  void read_trading(const JsonNode& message) {
    if (host_ == Host::Public) return object_to(kPrivateElsewhere);
    read_token(message);
    if (request_.token.empty()) object_to("EGeneral:Invalid arguments:token");
    request_.trading = spot_v1::read_trading(*request_.event, message);
    if (!*request_.trading && request_.trading->error().code != Errc::Unsupported) {
      object_to(request_.trading->error().detail);
    }
  }

  void read_token(const JsonNode& object) {
    const JsonNode* const token = find_member(object, "token");
    if (token != nullptr && token->kind == JsonKind::String) request_.token = token->text();
  }

  void read_subscription(const JsonNode& message) {
    const JsonNode* const subscription = find_member(message, "subscription");
    const JsonNode* const number = find_member(message, "channelID");
    if (subscription == nullptr && number != nullptr && *request_.event == "unsubscribe") return read_number(*number);
    if (subscription == nullptr || subscription->kind != JsonKind::Object) {
      return object_to("Subscription field must be an object");
    }
    request_.subscription = subscription->text();
    const JsonNode* const name = find_member(*subscription, "name");
    if (name != nullptr && name->kind == JsonKind::String) request_.name = name->text();
    read_token(*subscription);
    check_routing();
    if (!request_.problems.empty()) return;
    read_members(*subscription);
    const JsonNode* const pairs = find_member(message, "pair");
    if (pairs != nullptr) read_pairs(*pairs);
    check_values(pairs != nullptr);
  }

  void read_number(const JsonNode& number) {
    std::int64_t value = 0;
    if (convert(number, value) != nullptr || value < 0) return object_to("ChannelID field must be an integer");
    if (host_ == Host::Private) return object_to(kPublicElsewhere);  // only public channels have numbers
    request_.channel_id = static_cast<std::uint64_t>(value);
  }

  bool is_private_name() const {
    const auto channel = channel_named(*request_.name);
    return channel && is_private(*channel);
  }

  void check_routing() {
    const bool everything = request_.name == kEverything;
    const bool known = request_.name && (everything || channel_named(*request_.name));
    if (!known) return object_to(host_ == Host::Private ? kPublicElsewhere : "Subscription name invalid");
    if (everything) return;
    if (host_ == Host::Public && is_private_name()) return object_to(kPrivateElsewhere);
    if (host_ == Host::Private && !is_private_name()) object_to(kPublicElsewhere);
  }

  void read_members(const JsonNode& subscription) {
    for_each_member(subscription, [&](std::string_view name, const JsonNode& value) {
      if (name == "depth") {
        read_integer(value, request_.depth, "Subscription book depth must be an integer");
      } else if (name == "interval") {
        read_integer(value, request_.interval_minutes, "Subscription ohlc interval must be an integer");
      } else if (name == "snapshot") {
        read_flag(value, request_.snapshot, "Subscription snapshot must be a boolean");
      } else if (name == "consolidate_taker") {
        read_flag(value, request_.consolidate_taker, "Subscription consolidate_taker must be a boolean");
      } else if (name == "ratecounter") {
        read_flag(value, request_.rate_counter, "Subscription ratecounter must be a boolean");
      } else if (name != "name" && name != "token" && name != "rebased") {
        object_to("Subscription object unsupported field");
      }
    });
  }

  void read_integer(const JsonNode& value, std::optional<std::int64_t>& out, std::string_view problem) {
    std::int64_t number = 0;
    if (convert(value, number) != nullptr) return object_to(problem);
    out = number;
  }

  // Documents show some of them in quotes.
  void read_flag(const JsonNode& value, std::optional<bool>& out, std::string_view problem) {
    const bool quoted = value.kind == JsonKind::String;
    if (value.kind == JsonKind::True || (quoted && value.text() == "true")) {
      out = true;
    } else if (value.kind == JsonKind::False || (quoted && value.text() == "false")) {
      out = false;
    } else {
      object_to(problem);
    }
  }

  void read_pairs(const JsonNode& pairs) {
    const bool texts = pairs.kind == JsonKind::Array && for_each_element(pairs, [&](const JsonNode& pair) {
                         request_.pairs.emplace_back(pair.text());
                         return pair.kind == JsonKind::String;
                       });
    if (texts) return;
    request_.pairs.clear();
    object_to("Pair field must be an array");
  }

  void check_values(bool has_pairs) {
    const bool everything = request_.name == kEverything;
    if (!everything && is_private_name()) {
      if (has_pairs) object_to("Pair field unsupported for this subscription type");
      if (request_.token.empty()) object_to("Token(s) not found");
    } else if (request_.pairs.empty() && request_.problems.empty() && !(everything && host_ == Host::Private)) {
      object_to("Pair(s) not found");
    }
    if (request_.depth && request_.name != "book" && !everything) {
      object_to(fmt::format("Subscription {} doesn't require depth", *request_.name));
    } else if (request_.depth && !is_book_depth(*request_.depth)) {
      object_to("Subscription depth not supported");
    }
    if (request_.interval_minutes && request_.name != "ohlc" && !everything) {
      object_to(fmt::format("Subscription {} doesn't require interval", *request_.name));
    } else if (request_.interval_minutes && !is_ohlc_interval(*request_.interval_minutes)) {
      object_to("Subscription ohlc interval not supported");
    }
  }

  Host host_;
  ParsedRequest request_;
};

void append_flag(std::string& out, std::string_view name, bool value) { out += fmt::format(",\"{}\":{}", name, value); }

void append_subscription(std::string& out, const Request& request) {
  const Subscription& subscription = request.subscription;
  if (!subscription.symbols.empty()) {
    out += ",\"pair\":[";
    for (const std::string& symbol : subscription.symbols) {
      if (&symbol != subscription.symbols.data()) out.push_back(',');
      append_json_string(out, wire_symbol(symbol));
    }
    out.push_back(']');
  }
  out += ",\"subscription\":{\"name\":";
  append_json_string(out, to_string(subscription.channel));
  if (subscription.channel == Channel::Book) out += fmt::format(",\"depth\":{}", subscription.depth);
  if (subscription.channel == Channel::Ohlc) out += fmt::format(",\"interval\":{}", subscription.interval_minutes);
  if (request.method == Method::Subscribe && subscription.channel == Channel::OwnTrades) {
    append_flag(out, "snapshot", subscription.snapshot_trades);
    append_flag(out, "consolidate_taker", subscription.consolidate_taker);
  }
  if (request.method == Method::Subscribe && subscription.channel == Channel::OpenOrders) {
    append_flag(out, "ratecounter", subscription.rate_counter);
  }
  if (is_private(subscription.channel)) {
    out += ",\"token\":";
    append_json_string(out, request.authorisation.token);
  }
  out.push_back('}');
}

}  // namespace

Result<void> check(const Request& request) {
  const auto needs_token = [&]() -> Result<void> {
    if (!request.authorisation.token.empty()) return {};
    return fail(Errc::InvalidArgument, fmt::format("{} needs a token", request.method == Method::Trade
                                                                           ? name_of(request)
                                                                           : to_string(request.subscription.channel)));
  };
  switch (request.method) {
    case Method::Ping:
      return {};
    case Method::Subscribe:
    case Method::Unsubscribe:
      if (auto valid = validate(request.subscription); !valid) return valid;
      return is_private(request.subscription.channel) ? needs_token() : Result<void>{};
    case Method::Trade:
      if (auto valid = check_trading(request.trading); !valid) return valid;
      return needs_token();
    case Method::Challenge:
      break;
  }
  return fail(Errc::Unsupported, fmt::format("Spot v1 cannot say '{}'", name_of(request)));
}

std::string encode(const Request& request) {
  const bool trades = request.method == Method::Trade;
  std::string out = "{\"event\":";
  append_json_string(out, trades ? event_of(request.trading).value_or("") : to_string(request.method));
  if (trades) {
    out += ",\"token\":";
    append_json_string(out, request.authorisation.token);
  }
  if (request.request_id != 0) out += fmt::format(",\"reqid\":{}", request.request_id);
  if (trades) {
    append_trading(out, request.trading);
  } else if (request.method != Method::Ping) {
    append_subscription(out, request);
  }
  out.push_back('}');
  return out;
}

ParsedRequest parse_request(std::string_view text, Host host) { return RequestReader(host).read(text); }

std::optional<std::string> pair_problem(std::string_view pair) {
  if (pair.find('/') == std::string_view::npos) {
    return fmt::format("Currency pair not in ISO 4217-A3 format {}", pair);
  }
  if (wire_symbol(pair) != pair) return fmt::format("Currency pair not supported {}", pair);
  return std::nullopt;
}

Result<Request> to_request(const ParsedRequest& parsed) {
  if (!parsed.problems.empty()) {
    return fail(parsed.event ? Errc::Protocol : Errc::Parse, parsed.problems.front());
  }
  Request request;
  request.request_id = parsed.request_id.value_or(0);
  request.authorisation.token = parsed.token;
  if (parsed.trading) {
    if (!*parsed.trading) return tl::unexpected<Error>(parsed.trading->error());
    request.method = Method::Trade;
    request.trading = **parsed.trading;
    return request;
  }
  if (*parsed.event == "ping") {
    request.method = Method::Ping;
    return request;
  }
  request.method = *parsed.event == "subscribe" ? Method::Subscribe : Method::Unsubscribe;
  if (parsed.channel_id) return fail(Errc::Unsupported, "an unsubscription by the number of a channel");
  const auto channel = channel_named(*parsed.name);
  if (!channel) return fail(Errc::Unsupported, "a subscription to all channels at once");
  auto& subscription = request.subscription;
  subscription.channel = *channel;
  for (const std::string& pair : parsed.pairs) {
    if (auto problem = pair_problem(pair)) return fail(Errc::Protocol, std::move(*problem));
    subscription.symbols.push_back(spot_v2::modern_symbol(pair));
  }
  subscription.depth = static_cast<int>(parsed.depth.value_or(subscription.depth));
  subscription.interval_minutes = static_cast<int>(parsed.interval_minutes.value_or(subscription.interval_minutes));
  subscription.snapshot_trades = *channel == Channel::OwnTrades && parsed.snapshot.value_or(true);
  subscription.consolidate_taker = parsed.consolidate_taker.value_or(true);
  subscription.rate_counter = parsed.rate_counter.value_or(false);
  return request;
}

}  // namespace ktape::spot_v1
