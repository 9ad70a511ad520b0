#include "core/protocol/spot_v2/request.hpp"

#include <algorithm>
#include <array>

#include <fmt/format.h>
#include <rapidjson/document.h>

#include "core/base/json_text.hpp"
#include "core/protocol/spot_v2/subscription_rules.hpp"

namespace ktape::spot_v2 {
namespace {

using Json = rapidjson::Value;

// Iterative: nesting costs heap that the text's length bounds, never the call stack.
constexpr unsigned kParseFlags = rapidjson::kParseIterativeFlag | rapidjson::kParseValidateEncodingFlag;

// What the public host knows besides the channels that a Subscription can name: pushed by themselves, and harmless.
constexpr std::array<std::string_view, 2> kAutomaticChannels{"heartbeat", "status"};
constexpr std::array<std::string_view, 2> kPrivateChannels{"executions", "balances"};
constexpr std::array<std::string_view, 8> kTradingMethods{"add_order",    "amend_order", "edit_order",
                                                          "cancel_order", "cancel_all",  "cancel_all_orders_after",
                                                          "batch_add",    "batch_cancel"};
constexpr std::string_view kPrivateElsewhere =
    "Private data and trading are unavailable on this endpoint. Try ws-auth.kraken.com";

template <class List>
bool contains(const List& list, std::string_view text) {
  return std::find(list.begin(), list.end(), text) != list.end();
}

std::string_view text_of(const Json& value) { return {value.GetString(), value.GetStringLength()}; }

std::optional<Channel> channel_named(std::string_view name) {
  for (const auto channel : {Channel::Book, Channel::Trade, Channel::Ticker, Channel::Ohlc, Channel::Instrument}) {
    if (to_string(channel) == name) return channel;
  }
  return std::nullopt;
}

bool is_known_param(std::string_view channel, std::string_view name) {
  if (name == "channel" || name == "snapshot") return true;
  if (name == "symbol") return channel != "instrument";
  if (name == "depth") return channel == "book" || channel == "level3";
  if (name == "interval") return channel == "ohlc";
  if (name == "event_trigger") return channel == "ticker";
  if (name == "token") return channel == "level3" || contains(kPrivateChannels, channel);
  if (name == "include_tokenized_assets" || name == "execution_venue") return channel == "instrument";
  return false;
}

class RequestReader {
 public:
  ParsedRequest read(std::string_view text) {
    // RapidJSON takes a NUL for the end of the text and would ignore what follows.
    const bool acceptable = text.size() <= kMaxRequestBytes && text.find('\0') == std::string_view::npos;
    rapidjson::Document document;
    if (acceptable) document.Parse<kParseFlags>(text.data(), text.size());
    if (!acceptable || document.HasParseError() || !document.IsObject()) {
      object_to("Malformed request");
      return std::move(request_);
    }
    read_top_level(document);
    check();
    return std::move(request_);
  }

 private:
  void object_to(std::string problem) { request_.problems.push_back(std::move(problem)); }

  void wrong_type(std::string_view field, std::string_view type) {
    std::string name(field);
    if (name.front() >= 'a' && name.front() <= 'z') name.front() = static_cast<char>(name.front() - 'a' + 'A');
    object_to(fmt::format("{} field must be {}", name, type));
  }

  void read_top_level(const Json& document) {
    const Json* params = nullptr;
    for (const auto& member : document.GetObject()) {
      const auto name = text_of(member.name);
      const auto& value = member.value;
      if (name == "method") {
        request_.method.reset();
        if (value.IsString()) request_.method = text_of(value);
      } else if (name == "req_id") {
        request_.request_id.reset();
        bad_request_id_ = !value.IsInt64();
        if (value.IsInt64()) request_.request_id = value.GetInt64();
      } else if (name == "params") {
        params = &value;
      } else {
        unsupported_.emplace_back(name);
      }
    }
    request_.reply_method = request_.method.value_or("subscribe");
    request_.has_params = params != nullptr;
    params_is_object_ = params != nullptr && params->IsObject();
    if (params_is_object_) read_params(*params);
  }

  void read_params(const Json& params) {
    for (const auto& member : params.GetObject()) {
      const auto name = text_of(member.name);
      if (name == "channel") {
        request_.channel.reset();
        if (member.value.IsString()) request_.channel = text_of(member.value);
      }
    }
    std::string_view channel;
    if (request_.channel) channel = *request_.channel;
    for (const auto& member : params.GetObject()) {
      const auto name = text_of(member.name);
      if (is_known_param(channel, name)) {
        read_param(name, member.value);
      } else if (name == "token") {
        request_.has_token = true;
      } else {
        request_.unknown_params.emplace_back(name);
      }
    }
  }

  void read_param(std::string_view name, const Json& value) {
    if (name == "symbol") {
      read_symbols(value);
    } else if (name == "depth") {
      read_integer(value, request_.depth, "Subscription book depth must be an integer");
    } else if (name == "interval") {
      read_integer(value, request_.interval_minutes, "Subscription ohlc interval must be an integer");
    } else if (name == "snapshot") {
      request_.snapshot.reset();
      if (value.IsBool()) {
        request_.snapshot = value.GetBool();
      } else {
        wrong_type(name, "a boolean");
      }
    } else if (name == "event_trigger") {
      request_.event_trigger.reset();
      if (value.IsString()) {
        request_.event_trigger = text_of(value);
      } else {
        wrong_type(name, "a string");
      }
    } else if (name == "token") {
      request_.has_token = true;
    }
  }

  void read_symbols(const Json& value) {
    request_.has_symbols = true;
    request_.symbols.clear();
    if (!value.IsArray()) return wrong_type("symbol", "an array");
    for (const auto& symbol : value.GetArray()) {
      if (!symbol.IsString()) {
        request_.symbols.clear();
        return wrong_type("symbol", "an array of strings");
      }
      request_.symbols.emplace_back(text_of(symbol));
    }
  }

  void read_integer(const Json& value, std::optional<std::int64_t>& out, std::string problem) {
    out.reset();
    if (value.IsInt64()) {
      out = value.GetInt64();
    } else {
      object_to(std::move(problem));
    }
  }

  // In the order in which Kraken's layers look at a request: its envelope, its routing, its parameters.
  void check() {
    std::vector<std::string> about_params;
    about_params.swap(request_.problems);
    check_envelope();
    if (request_.problems.empty()) check_routing();
    if (request_.problems.empty()) {
      request_.problems = std::move(about_params);
      check_params();
    }
  }

  void check_envelope() {
    if (!request_.method) return object_to("Method(s) not found");
    const auto unsupported = [this](std::string_view field) {
      object_to(fmt::format("Unsupported field: '{}' for the given msg type: {}", field, *request_.method));
    };
    if (contains(kTradingMethods, *request_.method)) return object_to(std::string(kPrivateElsewhere));
    if (*request_.method == "ping") {
      if (request_.has_params) unsupported("params");
    } else if (*request_.method != "subscribe" && *request_.method != "unsubscribe") {
      return object_to("Unsupported event");
    }
    for (const auto& field : unsupported_) unsupported(field);
    if (bad_request_id_) wrong_type("req_id", "an integer");
  }

  void check_routing() {
    if (*request_.method == "ping") return;
    if (!request_.has_params) return object_to("Params field not found");
    if (!params_is_object_) return wrong_type("params", "an object");
    if (!request_.channel) return object_to("Unsupported event");
    if (contains(kPrivateChannels, *request_.channel)) return object_to(std::string(kPrivateElsewhere));
    if (*request_.channel == "level3") {
      return object_to(request_.has_token ? std::string(kPrivateElsewhere) : "Token(s) not found");
    }
    if (!channel_named(*request_.channel) && !contains(kAutomaticChannels, *request_.channel)) {
      object_to("Unsupported event");
    }
  }

  void check_params() {
    if (*request_.method == "ping") return;
    const auto channel = channel_named(*request_.channel);
    if (!channel) return;
    if (*channel != Channel::Instrument && request_.symbols.empty() && request_.problems.empty()) {
      object_to("Symbol(s) not found");
    }
    if (request_.depth && !is_book_depth(*request_.depth)) object_to("Subscription depth not supported");
    if (request_.interval_minutes && !is_ohlc_interval(*request_.interval_minutes)) {
      object_to("Subscription ohlc interval not supported");
    }
    if (*channel == Channel::Ohlc && !request_.interval_minutes && request_.problems.empty() &&
        *request_.method == "subscribe") {
      object_to("Subscription ohlc requires interval");
    }
    if (request_.event_trigger && !is_event_trigger(*request_.event_trigger)) {
      object_to("Subscription event_trigger not supported");
    }
  }

  ParsedRequest request_;
  std::vector<std::string> unsupported_;  // at the top level
  bool bad_request_id_ = false;
  bool params_is_object_ = false;
};

void append_params(std::string& out, const Subscription& subscription, Method method) {
  out += ",\"params\":{\"channel\":";
  append_json_string(out, to_string(subscription.channel));
  if (subscription.channel != Channel::Instrument) {
    out += ",\"symbol\":[";
    for (std::size_t i = 0; i < subscription.symbols.size(); ++i) {
      if (i > 0) out.push_back(',');
      append_json_string(out, subscription.symbols[i]);
    }
    out.push_back(']');
  }
  if (subscription.channel == Channel::Book) out += fmt::format(",\"depth\":{}", subscription.depth);
  if (subscription.channel == Channel::Ohlc) out += fmt::format(",\"interval\":{}", subscription.interval_minutes);
  if (subscription.channel == Channel::Ticker) {
    out += ",\"event_trigger\":";
    append_json_string(out, subscription.event_trigger);
  }
  if (method == Method::Subscribe) out += subscription.snapshot ? ",\"snapshot\":true" : ",\"snapshot\":false";
  out.push_back('}');
}

}  // namespace

std::string encode(const Request& request) {
  std::string out = "{\"method\":";
  append_json_string(out, to_string(request.method));
  if (request.method != Method::Ping) append_params(out, request.subscription, request.method);
  out += fmt::format(",\"req_id\":{}}}", request.request_id);
  return out;
}

ParsedRequest parse_request(std::string_view text) { return RequestReader().read(text); }

std::optional<std::string> symbol_problem(std::string_view symbol) {
  if (symbol.find('/') == std::string_view::npos) {
    return fmt::format("Currency pair not in ISO 4217-A3 format {}", symbol);
  }
  if (modern_symbol(symbol) != symbol) return fmt::format("Currency pair not supported {}", symbol);
  return std::nullopt;
}

Result<Request> to_request(const ParsedRequest& parsed) {
  if (!parsed.problems.empty()) {
    return fail(parsed.well_formed() ? Errc::Protocol : Errc::Parse, parsed.problems.front());
  }
  Request request;
  request.request_id = parsed.request_id.value_or(0);
  if (*parsed.method == "ping") {
    request.method = Method::Ping;
    return request;
  }
  request.method = *parsed.method == "subscribe" ? Method::Subscribe : Method::Unsubscribe;
  const auto channel = channel_named(*parsed.channel);
  if (!channel) {
    return fail(Errc::Unsupported,
                fmt::format("channel '{}' is pushed by itself and takes no requests", *parsed.channel));
  }
  for (const auto& symbol : parsed.symbols) {
    if (auto problem = symbol_problem(symbol)) return fail(Errc::Protocol, std::move(*problem));
  }
  auto& subscription = request.subscription;
  subscription.channel = *channel;
  subscription.symbols = parsed.symbols;
  subscription.depth = static_cast<int>(parsed.depth.value_or(subscription.depth));
  subscription.interval_minutes = static_cast<int>(parsed.interval_minutes.value_or(subscription.interval_minutes));
  if (parsed.event_trigger) subscription.event_trigger = *parsed.event_trigger;
  // Kraken's documentation has false for trades and true for the rest. Unsubscribing, it says nothing.
  const bool silent_trade = *channel == Channel::Trade && request.method == Method::Subscribe;
  subscription.snapshot = parsed.snapshot.value_or(!silent_trade);
  return request;
}

}  // namespace ktape::spot_v2
