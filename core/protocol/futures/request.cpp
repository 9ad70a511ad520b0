#include "core/protocol/futures/request.hpp"

#include <utility>

#include "core/base/json_text.hpp"
#include "core/protocol/futures/feeds.hpp"
#include "core/protocol/json_tape.hpp"

namespace ktape::futures {
namespace {

void append_member(std::string& out, std::string_view name, std::string_view text) {
  if (out.size() > 1) out.push_back(',');
  append_json_string(out, name);
  out.push_back(':');
  append_json_string(out, text);
}

void append_products(std::string& out, const std::vector<std::string>& products) {
  out += ",\"product_ids\":[";
  for (const auto& product : products) {
    if (&product != products.data()) out.push_back(',');
    append_json_string(out, product);
  }
  out.push_back(']');
}

// False if `value` is not what such a member has to be.
bool read_text(const JsonNode& value, std::string& out) {
  if (value.kind != JsonKind::String) return false;
  out = value.text();
  return true;
}

bool read_products(const JsonNode& value, std::vector<std::string>& out) {
  out.clear();
  if (value.kind != JsonKind::Array) return false;
  return for_each_element(value, [&](const JsonNode& product) { return read_text(product, out.emplace_back()); });
}

bool read_members(const JsonNode& root, ParsedRequest& out) {
  bool good = true;
  const auto read = [&good](bool done) { good = good && done; };
  for_each_member(root, [&](std::string_view name, const JsonNode& value) {
    if (name == "event") {
      read(read_text(value, out.event));
    } else if (name == "feed") {
      read(read_text(value, out.feed));
    } else if (name == "product_ids") {
      read(read_products(value, out.products));
    } else if (name == "api_key") {
      read(read_text(value, out.authorisation.api_key));
    } else if (name == "original_challenge") {
      read(read_text(value, out.authorisation.original_challenge));
    } else if (name == "signed_challenge") {
      read(read_text(value, out.authorisation.signed_challenge));
    } else {
      out.unknown_members.emplace_back(name);
    }
  });
  return good;
}

std::optional<Problem> find_problem(const ParsedRequest& request) {
  if (request.event == "ping") return std::nullopt;
  if (request.event == "challenge") {
    return request.authorisation.api_key.empty() ? std::optional(Problem::BadChallenge) : std::nullopt;
  }
  if (request.event != "subscribe" && request.event != "unsubscribe") return Problem::Malformed;
  const Feed* const feed = find_feed(request.feed);
  if (feed == nullptr) return Problem::InvalidFeed;
  if (feed->products == Products::Required && request.products.empty()) return Problem::Malformed;
  const Authorisation& proof = request.authorisation;
  if (is_private(feed->channel) &&
      (proof.api_key.empty() || proof.original_challenge.empty() || proof.signed_challenge.empty())) {
    return Problem::NotAuthenticated;
  }
  return std::nullopt;
}

}  // namespace

std::string encode(const Request& request) {
  std::string out = "{";
  append_member(out, "event", to_string(request.method));
  if (request.method == Method::Challenge) append_member(out, "api_key", request.authorisation.api_key);
  if (request.method == Method::Subscribe || request.method == Method::Unsubscribe) {
    const Subscription& subscription = request.subscription;
    const Feed* const feed = find_feed(subscription.channel);
    append_member(out, "feed", feed == nullptr ? to_string(subscription.channel) : feed->name);
    if (!subscription.symbols.empty()) append_products(out, subscription.symbols);
    if (is_private(subscription.channel)) {
      append_member(out, "api_key", request.authorisation.api_key);
      append_member(out, "original_challenge", request.authorisation.original_challenge);
      append_member(out, "signed_challenge", request.authorisation.signed_challenge);
    }
  }
  out.push_back('}');
  return out;
}

ParsedRequest parse_request(std::string_view text) {
  ParsedRequest request;
  JsonTape tape({.max_bytes = kMaxRequestBytes});
  if (!tape.parse(text) || tape.root().kind != JsonKind::Object) {
    request.problem = Problem::Malformed;
    return request;
  }
  const bool good = read_members(tape.root(), request);
  request.problem = good ? find_problem(request) : Problem::Malformed;
  return request;
}

std::optional<Problem> product_problem(std::string_view product) {
  return has_product_form(product) ? std::nullopt : std::optional(Problem::InvalidProduct);
}

Result<Request> to_request(const ParsedRequest& parsed) {
  if (parsed.problem) {
    return fail(*parsed.problem == Problem::Malformed ? Errc::Parse : Errc::Protocol,
                refusal_of(*parsed.problem).message);
  }
  Request request;
  request.authorisation = parsed.authorisation;
  if (parsed.event == "ping" || parsed.event == "challenge") {
    request.method = parsed.event == "ping" ? Method::Ping : Method::Challenge;
    return request;
  }
  request.method = parsed.event == "subscribe" ? Method::Subscribe : Method::Unsubscribe;
  const Feed& feed = *find_feed(parsed.feed);
  request.subscription.channel = feed.channel;
  // Where products have no meaning they are not looked at.
  if (feed.products == Products::None) return request;
  for (const auto& product : parsed.products) {
    if (const auto problem = product_problem(product)) {
      return fail(Errc::Protocol, refusal_of(*problem, excerpt(product)).message);
    }
    request.subscription.symbols.push_back(canonical_product(product));
  }
  return request;
}

}  // namespace ktape::futures
