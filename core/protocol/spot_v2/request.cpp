#include "core/protocol/spot_v2/request.hpp"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "core/protocol/json_tape.hpp"
#include "core/protocol/spot_v2/subscription_rules.hpp"
#include "core/protocol/spot_v2/trading_request_reader.hpp"
#include "core/protocol/spot_v2/trading_rules.hpp"

namespace ktape::spot_v2 {
namespace {

// What the public host knows besides the channels that a Subscription can name: pushed by themselves, and harmless.
constexpr std::array<std::string_view, 2> kAutomaticChannels{"heartbeat", "status"};
constexpr std::string_view kPrivateElsewhere =
    "Private data and trading are unavailable on this endpoint. Try ws-auth.kraken.com";
constexpr std::string_view kPublicElsewhere =
    "Public market data subscriptions are unavailable on this endpoint. Try ws.kraken.com";
constexpr std::string_view kNoToken = "Token(s) not found";
constexpr std::string_view kInvalidSession = "ESession:Invalid session";

template <class List>
bool contains(const List& list, std::string_view text) {
  return std::find(list.begin(), list.end(), text) != list.end();
}

std::optional<Channel> channel_named(std::string_view name) {
  for (const auto channel : {Channel::Book, Channel::Trade, Channel::Ticker, Channel::Ohlc, Channel::Instrument,
                             Channel::Level3, Channel::Executions, Channel::Balances}) {
    if (to_string(channel) == name) return channel;
  }
  return std::nullopt;
}

bool has_symbols(Channel channel) { return channel != Channel::Instrument && !is_private(channel); }

bool is_known_param(std::optional<Channel> channel, std::string_view name) {
  if (name == "channel" || name == "snapshot") return true;
  if (name == "symbol") return !channel || has_symbols(*channel);
  if (!channel) return false;
  if (name == "depth") return channel == Channel::Book || channel == Channel::Level3;
  if (name == "interval") return channel == Channel::Ohlc;
  if (name == "event_trigger") return channel == Channel::Ticker;
  if (name == "token") return needs_token(*channel);
  if (name == "include_tokenized_assets" || name == "execution_venue") return channel == Channel::Instrument;
  if (name == "rebased" || name == "users") return is_private(*channel);
  return channel == Channel::Executions && (name == "snap_orders" || name == "snap_trades" || name == "order_status" ||
                                            name == "ratecounter" || name == "snapshot_trades");
}

class RequestReader {
 public:
  explicit RequestReader(Host host) : host_(host) {}

  ParsedRequest read(std::string_view text) {
    JsonTape tape;
    if (text.size() > kMaxRequestBytes || !tape.parse(text) || tape.root().kind != JsonKind::Object) {
      object_to("Malformed request");
      return std::move(request_);
    }
    read_top_level(tape.root());
    check();
    return std::move(request_);
  }

 private:
  void object_to(std::string_view problem) { request_.problems.emplace_back(problem); }
  void wrong_type(std::string_view field, std::string_view type) { object_to(wrong_type_problem(field, type)); }

  void read_top_level(const JsonNode& root) {
    const JsonNode* params = nullptr;
    for_each_member(root, [&](std::string_view name, const JsonNode& value) {
      if (name == "method") {
        request_.method.reset();
        if (value.kind == JsonKind::String) request_.method = value.text();
      } else if (name == "req_id") {
        std::int64_t id = 0;
        bad_request_id_ = !read_integer(value, id);
        request_.request_id.reset();
        if (!bad_request_id_) request_.request_id = id;
      } else if (name == "params") {
        params = &value;
      } else {
        unsupported_.emplace_back(name);
      }
    });
    request_.reply_method = request_.method.value_or("subscribe");
    request_.has_params = params != nullptr;
    params_is_object_ = params != nullptr && params->kind == JsonKind::Object;
    if (!params_is_object_) return;
    if (const JsonNode* const token = find_member(*params, "token"); token != nullptr) read_token(*token);
    trades_ = is_trading_method(request_.reply_method);
    if (trades_) {
      request_.trading = read_trading_params(request_.reply_method, *params, request_.problems);
    } else {
      read_params(*params);
    }
  }

  void read_token(const JsonNode& value) {
    request_.has_token = true;
    if (value.kind == JsonKind::String) {
      request_.token = value.text();
    } else {
      wrong_type("token", "a string");
    }
  }

  void read_params(const JsonNode& params) {
    const JsonNode* const named = find_member(params, "channel");
    if (named != nullptr && named->kind == JsonKind::String) {
      request_.channel = named->text();
      channel_ = channel_named(*request_.channel);
    }
    for_each_member(params, [&](std::string_view name, const JsonNode& value) {
      if (is_known_param(channel_, name)) {
        read_param(name, value);
      } else if (name != "token") {
        request_.unknown_params.emplace_back(name);
      }
    });
  }

  void read_param(std::string_view name, const JsonNode& value) {
    if (name == "symbol") {
      read_symbols(value);
    } else if (name == "depth") {
      read_number(value, request_.depth, "Subscription book depth must be an integer");
    } else if (name == "interval") {
      read_number(value, request_.interval_minutes, "Subscription ohlc interval must be an integer");
    } else if (name == "snapshot") {
      read_flag(name, value, request_.snapshot);
    } else if (name == "snap_orders") {
      read_flag(name, value, request_.snapshot_orders);
    } else if (name == "snap_trades" || name == "snapshot_trades") {
      read_flag(name, value, request_.snapshot_trades);
    } else if (name == "order_status") {
      read_flag(name, value, request_.order_status);
    } else if (name == "ratecounter") {
      read_flag(name, value, request_.rate_counter);
    } else if (name == "rebased") {
      read_flag(name, value, request_.rebased);
    } else if (name == "users") {
      request_.all_users = value.kind == JsonKind::String && value.text() == "all";
      if (!request_.all_users) wrong_type(name, "all");
    } else if (name == "event_trigger") {
      request_.event_trigger.reset();
      if (value.kind == JsonKind::String) {
        request_.event_trigger = value.text();
      } else {
        wrong_type(name, "a string");
      }
    }
  }

  void read_symbols(const JsonNode& value) {
    request_.has_symbols = true;
    request_.symbols.clear();
    if (value.kind != JsonKind::Array) return wrong_type("symbol", "an array");
    const bool all_text = for_each_element(value, [&](const JsonNode& symbol) {
      request_.symbols.emplace_back(symbol.text());
      return symbol.kind == JsonKind::String;
    });
    if (all_text) return;
    request_.symbols.clear();
    wrong_type("symbol", "an array of strings");
  }

  void read_number(const JsonNode& value, std::optional<std::int64_t>& out, std::string_view problem) {
    std::int64_t number = 0;
    out.reset();
    if (read_integer(value, number)) {
      out = number;
    } else {
      object_to(problem);
    }
  }

  void read_flag(std::string_view name, const JsonNode& value, std::optional<bool>& out) {
    out.reset();
    if (value.kind == JsonKind::True || value.kind == JsonKind::False) {
      out = value.kind == JsonKind::True;
    } else {
      wrong_type(name, "a boolean");
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
      if (trades_) {
        check_trading();
      } else {
        check_params();
      }
    }
  }

  void check_envelope() {
    if (!request_.method) return object_to("Method(s) not found");
    const std::string& method = *request_.method;
    const bool trading = is_trading_method(method);
    if (trading && (host_ == Host::Public || host_ == Host::Level3)) return object_to(kPrivateElsewhere);
    if (method == "ping") {
      if (request_.has_params) object_to(unsupported_field_problem("params", method));
    } else if (method != "subscribe" && method != "unsubscribe" && !trading) {
      return object_to("Unsupported event");
    }
    for (const auto& field : unsupported_) object_to(unsupported_field_problem(field, method));
    if (bad_request_id_) wrong_type("req_id", "an integer");
  }

  void check_routing() {
    if (*request_.method == "ping") return;
    if (!request_.has_params) return object_to("Params field not found");
    if (!params_is_object_) return wrong_type("params", "an object");
    if (trades_) return;
    if (!request_.channel) return object_to("Unsupported event");
    if (!channel_) {
      if (!contains(kAutomaticChannels, *request_.channel)) object_to("Unsupported event");
      return;
    }
    if (*channel_ == Channel::Level3 && !request_.has_token) return object_to(kNoToken);
    if (is_served_elsewhere(*channel_)) {
      return object_to(needs_token(*channel_) ? kPrivateElsewhere : kPublicElsewhere);
    }
    if (!needs_token(*channel_) || !request_.token.empty()) return;
    request_.from_backend = is_private(*channel_);
    object_to(request_.from_backend ? kInvalidSession : kNoToken);
  }

  bool is_served_elsewhere(Channel channel) const {
    switch (host_) {
      case Host::Any:
        return false;
      case Host::Public:
        return needs_token(channel);
      case Host::Private:
        return !needs_token(channel);
      case Host::Level3:
        return channel != Channel::Level3;
    }
    return false;
  }

  void check_params() {
    if (*request_.method == "ping" || !channel_) return;
    if (has_symbols(*channel_) && request_.symbols.empty() && request_.problems.empty()) {
      object_to("Symbol(s) not found");
    }
    const bool depth_fits = !request_.depth || (channel_ == Channel::Level3 ? is_level3_depth(*request_.depth)
                                                                            : is_book_depth(*request_.depth));
    if (!depth_fits) object_to("Subscription depth not supported");
    if (request_.interval_minutes && !is_ohlc_interval(*request_.interval_minutes)) {
      object_to("Subscription ohlc interval not supported");
    }
    if (*channel_ == Channel::Ohlc && !request_.interval_minutes && request_.problems.empty() &&
        *request_.method == "subscribe") {
      object_to("Subscription ohlc requires interval");
    }
    if (request_.event_trigger && !is_event_trigger(*request_.event_trigger)) {
      object_to("Subscription event_trigger not supported");
    }
  }

  // The layer of types and fields comes before the one that knows sessions, and the rules of orders come last.
  void check_trading() {
    if (request_.problems.empty() && request_.token.empty()) object_to(kNoToken);
    if (!request_.trading) return;
    if (const auto violation = find_violation(*request_.trading)) {
      object_to(fmt::format("EGeneral:Invalid arguments:{}", violation->parameter));
    }
  }

  Host host_;
  ParsedRequest request_;
  std::vector<std::string> unsupported_;  // at the top level
  bool bad_request_id_ = false;
  bool params_is_object_ = false;
  bool trades_ = false;
  std::optional<Channel> channel_;
};

}  // namespace

ParsedRequest parse_request(std::string_view text, Host host) { return RequestReader(host).read(text); }

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
  request.authorisation.token = parsed.token;
  if (parsed.trading) {
    request.method = Method::Trade;
    request.trading = *parsed.trading;
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
  subscription.rebased = parsed.rebased.value_or(true);
  subscription.all_users = parsed.all_users;
  if (*channel == Channel::Executions) {
    // `snapshot` is the old name of snap_orders.
    subscription.snapshot = true;
    subscription.snapshot_orders = parsed.snapshot_orders.value_or(parsed.snapshot.value_or(true));
    subscription.snapshot_trades = parsed.snapshot_trades.value_or(false);
    subscription.order_status = parsed.order_status.value_or(true);
    subscription.rate_counter = parsed.rate_counter.value_or(false);
  }
  return request;
}

}  // namespace ktape::spot_v2
