#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/clock.hpp"
#include "hosts/accounts.hpp"
#include "net/http_message.hpp"
#include "rest/call_counter.hpp"

namespace ktape::hosts {

// The parameters of a request: of the query, and of a body in a form or in JSON, whatever Content-Type says or does not
// say. The last of two equal names counts.
class CallParameters {
 public:
  static CallParameters of(const net::HttpRequest& request);
  // The members of a JSON object.
  static CallParameters in_json(std::string_view object);

  std::string_view get(std::string_view name) const;  // empty if it is not there
  bool has(std::string_view name) const { return values_.contains(name); }
  // All that were given that name, in their order.
  std::vector<std::string> all(std::string_view name) const;

 private:
  void add_form(std::string_view text);
  void add_json(std::string_view text);
  std::map<std::string, std::vector<std::string>, std::less<>> values_;  // none of them empty
};

// Who calls; or why the call is refused, in Kraken's words.
struct Caller {
  std::string error;
  AccountId account{};
  const ApiKey* key = nullptr;
};

// Checks private REST calls of Spot as Kraken does (rest sections 2 and 12): the key is known, the signature covers
// path, nonce and body, the nonce is a number (of keys that want it so, a greater one than the last), and the key has
// not called too often. With the very function that clients sign with.
class KeyRing {
 public:
  // Both outlive it. Account n has the AccountId n + 1.
  KeyRing(const Clock& clock, const std::vector<Account>& accounts);

  // `cost` is what the call adds to the key's counter: 1, history calls 4, orders 0.
  Caller check(const net::HttpRequest& request, const CallParameters& parameters, int cost);

 private:
  struct Entry {
    const ApiKey* key = nullptr;
    AccountId account{};
    std::optional<std::uint64_t> last_nonce;
    rest::CallCounter calls;
  };

  const Clock& clock_;
  std::map<std::string, Entry, std::less<>> keys_;
};

}  // namespace ktape::hosts
