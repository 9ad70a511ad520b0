#include "hosts/accounts.hpp"

#include <algorithm>
#include <array>
#include <set>

#include <fmt/format.h>

#include "yaml/reader.hpp"

namespace ktape::hosts {
namespace {

constexpr std::size_t kMaxFileBytes = std::size_t{1} << 20U;
constexpr std::size_t kMaxAccounts = 1000;

struct PermissionName {
  std::string_view name;
  bool Permissions::*member;
};
constexpr std::array<PermissionName, 6> kPermissions{{{"query-funds", &Permissions::query_funds},
                                                      {"query-open-trades", &Permissions::query_open_trades},
                                                      {"query-closed-trades", &Permissions::query_closed_trades},
                                                      {"modify-trades", &Permissions::modify_trades},
                                                      {"close-trades", &Permissions::close_trades},
                                                      {"create-ws-token", &Permissions::create_ws_token}}};

using yaml::kind_of;

class AccountReader : private yaml::Reader {
 public:
  using yaml::Reader::Reader;

  Result<std::vector<Account>> read(const YAML::Node& root) {
    std::vector<Account> accounts;
    if (!root.IsMap())
      return wrong(root, "", fmt::format("'accounts:' with a sequence expected, not {}", kind_of(root)));
    for (const auto& entry : root) {
      if (!entry.first.IsScalar() || entry.first.Scalar() != "accounts") {
        return wrong(entry.first, "", "the only key of the file is 'accounts'");
      }
      if (!entry.second.IsSequence()) {
        return wrong(entry.second, "accounts", fmt::format("a sequence expected, not {}", kind_of(entry.second)));
      }
      if (entry.second.size() > kMaxAccounts) {
        return wrong(entry.second, "accounts",
                     fmt::format("{} accounts, at most {} are taken", entry.second.size(), kMaxAccounts));
      }
      for (const YAML::Node& node : entry.second) {
        accounts.emplace_back();
        if (auto done = read_account(node, accounts.back()); !done) return tl::unexpected<Error>(done.error());
      }
    }
    if (accounts.empty()) return wrong(root, "accounts", "no account");
    return accounts;
  }

 private:
  Result<void> read_account(const YAML::Node& node, Account& out) {
    auto read = each_member(node, "an account", [&](const std::string& name, const YAML::Node& value) -> Result<void> {
      if (name == "name") {
        auto text = word(value, name);
        if (!text) return tl::unexpected<Error>(text.error());
        if (!names_.insert(*text).second)
          return wrong(value, name, fmt::format("another account is called '{}'", *text));
        out.terms.name = std::move(*text);
        return {};
      }
      if (name == "tier") return read_tier(value, out.terms.tier);
      if (name == "fees") return read_fees(value, name, out.terms.maker_percent, out.terms.taker_percent);
      if (name == "futures_fees") {
        return read_fees(value, name, out.futures.maker_percent, out.futures.taker_percent);
      }
      if (name == "balances") return read_balances(value, out.terms.balances);
      if (name == "futures_cash") return read_balances(value, out.futures.wallets.cash);
      if (name == "futures_balances") return read_futures_balances(value, out.futures.wallets);
      if (name == "keys") return read_keys(value, name, out.keys);
      if (name == "futures_keys") return read_keys(value, name, out.futures_keys);
      return wrong(value, "",
                   fmt::format("unknown key '{}': an account has name, tier, fees, balances, keys, "
                               "futures_keys, futures_fees, futures_balances and futures_cash",
                               name.substr(0, 64)));
    });
    if (!read) return read;
    if (out.terms.name.empty()) return wrong(node, "name", "missing: every account has a name");
    return {};
  }

  Result<void> read_tier(const YAML::Node& node, AccountTier& out) {
    const auto text = word(node, "tier");
    if (!text) return tl::unexpected<Error>(text.error());
    if (*text == "starter") {
      out = AccountTier::Starter;
    } else if (*text == "intermediate") {
      out = AccountTier::Intermediate;
    } else if (*text == "pro") {
      out = AccountTier::Pro;
    } else {
      return wrong(node, "tier", fmt::format("'{}' is not one of starter, intermediate, pro", text->substr(0, 64)));
    }
    return {};
  }

  Result<void> read_fees(const YAML::Node& node, const std::string& what, Decimal& maker, Decimal& taker) {
    return each_member(node, what, [&](const std::string& name, const YAML::Node& value) -> Result<void> {
      if (name != "maker" && name != "taker") {
        return wrong(value, what, fmt::format("unknown key '{}': maker and taker expected", name.substr(0, 64)));
      }
      const auto percent = number(value, name);
      if (!percent) return tl::unexpected<Error>(percent.error());
      const auto hundred = Decimal::from_units(100, 0);
      if (percent->scale() > 4 || *percent > hundred || *percent < Decimal::from_units(-100, 0)) {
        return wrong(value, name, fmt::format("{} is no percentage with at most 4 places", percent->text()));
      }
      (name == "maker" ? maker : taker) = *percent;
      return {};
    });
  }

  Result<void> read_balances(const YAML::Node& node, std::map<std::string, Decimal, std::less<>>& out) {
    return each_member(node, "balances", [&](const std::string& asset, const YAML::Node& value) -> Result<void> {
      const auto balance = number(value, asset);
      if (!balance) return tl::unexpected<Error>(balance.error());
      if (*balance < Decimal() || balance->coefficient() >= power_of_ten(28) || balance->scale() > 12) {
        return wrong(value, asset,
                     fmt::format("{} is no balance: zero or more, and at most 12 places", balance->text()));
      }
      out.emplace(asset, *balance);
      return {};
    });
  }

  Result<void> read_futures_balances(const YAML::Node& node, FuturesWallets& out) {
    FuturesWallets::Amounts all;
    if (auto done = read_balances(node, all); !done) return done;
    for (auto& [name, amount] : all) {
      // F-XBT:USD
      const bool is_wallet = name.starts_with("F-");
      const auto colon = name.find(':');
      if (is_wallet && (colon == std::string::npos || colon < 3 || colon + 1 == name.size())) {
        return wrong(node, name, "wallets of inverse products are named as F-XBT:USD");
      }
      (is_wallet ? out.margin : out.flex).emplace(name, amount);
    }
    return {};
  }

  Result<void> read_keys(const YAML::Node& node, std::string_view what, std::vector<ApiKey>& out) {
    if (!node.IsSequence()) return wrong(node, what, fmt::format("a sequence expected, not {}", kind_of(node)));
    for (const YAML::Node& key : node) {
      if (auto done = read_key(key, what, out); !done) return done;
    }
    return {};
  }

  Result<void> read_key(const YAML::Node& node, std::string_view what, std::vector<ApiKey>& out) {
    std::string key;
    std::string secret;
    Permissions permissions;
    bool nonces_rise = false;
    auto read = each_member(node, what, [&](const std::string& name, const YAML::Node& value) -> Result<void> {
      if (name == "permissions") return read_permissions(value, permissions);
      auto text = word(value, name);
      if (!text) return tl::unexpected<Error>(text.error());
      if (name == "key") {
        key = std::move(*text);
      } else if (name == "secret") {
        secret = std::move(*text);
      } else if (name == "nonces") {
        if (*text != "rising" && *text != "any") return wrong(value, name, "neither rising nor any");
        nonces_rise = *text == "rising";
      } else {
        return wrong(value, what,
                     fmt::format("unknown key '{}': key, secret, permissions and nonces expected", name.substr(0, 64)));
      }
      return {};
    });
    if (!read) return read;
    if (key.empty() || secret.empty()) return wrong(node, what, key.empty() ? "no key" : "no secret");
    auto credentials = rest::Credentials::create(key, secret);
    rest::wipe(secret);
    if (!credentials) return wrong(node, what, credentials.error().detail);
    // Spot and Futures have separate keys, and so they may be alike.
    if (!keys_.insert(fmt::format("{} {}", what, key)).second) {
      return wrong(node, what, "this key was there before: a key belongs to one account");
    }
    out.push_back({std::move(*credentials), permissions, nonces_rise});
    return {};
  }

  Result<void> read_permissions(const YAML::Node& node, Permissions& out) {
    if (!node.IsSequence()) {
      return wrong(node, "permissions", fmt::format("a sequence expected, not {}", kind_of(node)));
    }
    for (const PermissionName& permission : kPermissions) out.*permission.member = false;
    for (const YAML::Node& item : node) {
      const auto text = word(item, "permissions");
      if (!text) return tl::unexpected<Error>(text.error());
      const auto known = std::find_if(kPermissions.begin(), kPermissions.end(),
                                      [&](const PermissionName& permission) { return permission.name == *text; });
      if (known == kPermissions.end()) {
        return wrong(item, "permissions",
                     fmt::format("'{}' is not one of query-funds, query-open-trades, query-closed-trades, "
                                 "modify-trades, close-trades, create-ws-token",
                                 text->substr(0, 64)));
      }
      out.*known->member = true;
    }
    return {};
  }

  std::set<std::string> names_, keys_;
};

}  // namespace

Result<std::vector<Account>> parse_accounts(std::string_view text, const std::string& path) {
  const auto root = yaml::parse(text, path);
  if (!root) return tl::unexpected<Error>(root.error());
  return AccountReader(path).read(*root);
}

Result<std::vector<Account>> read_accounts(const std::string& path) {
  auto text = yaml::read_text(path, kMaxFileBytes);
  if (!text) return tl::unexpected<Error>(text.error());
  auto accounts = parse_accounts(*text, path);
  rest::wipe(*text);
  return accounts;
}

}  // namespace ktape::hosts
