#include "cli/record/config.hpp"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "cli/record/setting_values.hpp"
#include "core/base/decimal.hpp"
#include "core/client/exchange_hosts.hpp"
#include "core/protocol/futures/feeds.hpp"
#include "core/protocol/spot_v2/subscription_rules.hpp"
#include "live/http_client.hpp"
#include "relay/destination.hpp"

namespace ktape::cli {
namespace {

constexpr std::array kTriggers{TriggerKind::Checksum, TriggerKind::Sequence, TriggerKind::TradeGap,
                               TriggerKind::Disconnect};
constexpr std::array kDialects{Dialect::SpotV2, Dialect::SpotV1, Dialect::FuturesV1};
constexpr std::string_view kKrakenRest = "https://api.kraken.com";
constexpr std::string_view kKrakenFuturesRest = "https://futures.kraken.com";

template <class Enums>
std::vector<std::string_view> names_of(const Enums& all) {
  std::vector<std::string_view> names;
  for (const auto one : all) names.push_back(to_string(one));
  return names;
}

std::vector<Channel> channels_of(Dialect dialect) {
  switch (dialect) {
    case Dialect::SpotV2:
      break;
    case Dialect::SpotV1:
      return {Channel::Ticker, Channel::Book,      Channel::Trade,     Channel::Spread,
              Channel::Ohlc,   Channel::OwnTrades, Channel::OpenOrders};
    case Dialect::FuturesV1:
      return {Channel::Ticker,
              Channel::Book,
              Channel::Trade,
              Channel::TickerLite,
              Channel::Heartbeat,
              Channel::Fills,
              Channel::OpenOrders,
              Channel::OpenOrdersVerbose,
              Channel::OpenPositions,
              Channel::Balances,
              Channel::AccountLog,
              Channel::Notifications,
              Channel::AccountBalancesAndMargins,
              Channel::DepositsWithdrawals};
  }
  return {Channel::Instrument, Channel::Ticker, Channel::Book,       Channel::Trade,
          Channel::Ohlc,       Channel::Level3, Channel::Executions, Channel::Balances};
}

// Where another host than the public one is: Kraken's own beside Kraken's, else the same server, by path.
Endpoint beside(const Endpoint& url, Dialect dialect, HostKind host) {
  Endpoint asked = url;
  asked.host = "127.0.0.1";
  const std::string_view version = dialect == Dialect::SpotV1 ? "/v1" : "/v2";
  asked.target = fmt::format("{}/{}", version, host == HostKind::Level3 ? "l3" : "auth");
  return destination_of(asked, url).endpoint;
}

// Each host has connections of its own.
std::vector<FeedConfig> by_host(const FeedConfig& feed) {
  std::vector<FeedConfig> out;
  for (const HostKind host : {HostKind::Public, HostKind::Level3, HostKind::Private}) {
    FeedConfig part = feed;
    std::erase_if(part.channels, [&](Channel channel) { return host_of(feed.dialect, channel) != host; });
    if (part.channels.empty()) continue;
    part.authorised = host != HostKind::Public || std::any_of(part.channels.begin(), part.channels.end(), is_private);
    if (host != HostKind::Public) part.endpoint = beside(feed.endpoint, feed.dialect, host);
    if (host == HostKind::Private) {
      part.symbols.clear();
      part.all_symbols = false;
    }
    out.push_back(std::move(part));
  }
  return out;
}

std::string symbol_in_events(Dialect dialect, const std::string& symbol) {
  if (dialect == Dialect::SpotV1) return spot_v2::modern_symbol(symbol);
  return dialect == Dialect::FuturesV1 ? futures::canonical_product(symbol) : symbol;
}

// Settings that have no meaning in the dialect.
void refuse_strangers(Values& values, Dialect dialect) {
  const auto refuse = [&](std::string_view name) {
    if (values.find(name) == nullptr) return;
    values.refuse(name, fmt::format("has no meaning in {}", to_string(dialect)));
  };
  if (dialect == Dialect::SpotV2) return;
  refuse("ticker-trigger");
  if (values.flag("all-symbols")) {
    values.refuse("all-symbols", fmt::format("{} has no channel that lists them", to_string(dialect)));
  }
  if (dialect == Dialect::SpotV1) return;
  refuse("depth");
  refuse("interval");
}

// What every feed has.
FeedConfig read_place(Values& values) {
  FeedConfig feed;
  feed.dialect =
      values
          .read<Dialect>("dialect",
                         [](const std::string& text) -> Result<Dialect> {
                           if (const auto dialect = parse_dialect(text)) return *dialect;
                           return fail(Errc::InvalidArgument,
                                       fmt::format("'{}': {} expected", text, fmt::join(names_of(kDialects), ", ")));
                         })
          .value_or(Dialect::SpotV2);
  if (auto endpoint = values.read<Endpoint>("url", [](const std::string& text) { return Endpoint::parse(text); })) {
    feed.endpoint = std::move(*endpoint);
  }
  return feed;
}

// Of a relay, which asks for nothing.
Result<FeedConfig> make_relayed_feed(const Settings& settings) {
  Values values(settings);
  FeedConfig feed = read_place(values);
  for (const SettingKey& key : setting_keys()) {
    if (key.scope == SettingScope::Feed && key.use == SettingUse::Asking && values.find(key.name) != nullptr) {
      values.refuse(key.name, "has no meaning with --listen, where others ask for what is recorded");
    }
  }
  if (!values.status()) return tl::unexpected<Error>(values.status().error());
  return feed;
}

Result<FeedConfig> make_feed(const Settings& settings) {
  Values values(settings);
  FeedConfig feed = read_place(values);
  const bool futures = feed.dialect == Dialect::FuturesV1;
  refuse_strangers(values, feed.dialect);
  const auto channels = channels_of(feed.dialect);
  for (const std::size_t chosen : values.choices("channels", names_of(channels))) {
    feed.channels.push_back(channels[chosen]);
  }
  if (feed.channels.empty()) values.refuse("channels", "names no channel");
  const bool of_symbols = std::any_of(feed.channels.begin(), feed.channels.end(), [](Channel channel) {
    return channel != Channel::Instrument && channel != Channel::Heartbeat && !is_private(channel);
  });
  const bool level3 = std::find(feed.channels.begin(), feed.channels.end(), Channel::Level3) != feed.channels.end();
  const bool all = values.flag("all-symbols");
  if (!all && values.find("quote") != nullptr)
    values.refuse("quote", "chooses among all symbols, so it needs --all-symbols");
  if (all && level3) values.refuse("all-symbols", "level3 is for symbols that are named");
  feed.all_symbols = all;
  feed.quotes = values.list("quote");
  if (!all) {
    for (const auto& symbol : values.list("symbols")) feed.symbols.push_back(symbol_in_events(feed.dialect, symbol));
    if (feed.symbols.empty() && of_symbols) values.refuse("symbols", "at least one is needed");
  } else if (values.find("symbols") != nullptr) {
    values.refuse("all-symbols", "symbols are named as well");
  }
  for (const std::string& symbol : feed.symbols) {
    if (std::count(feed.symbols.begin(), feed.symbols.end(), symbol) > 1) {
      values.refuse("symbols", fmt::format("'{}' is there twice", symbol));
      break;
    }
  }
  feed.symbols_per_connection = static_cast<std::size_t>(values.number("symbols-per-connection", 1, 2000));

  // What Kraken would refuse is refused here, by the rules for subscriptions.
  const auto codec = make_codec(feed.dialect);
  const auto check = [&](std::string_view name, const Subscription& subscription) {
    // A token will be there when it is needed.
    const auto valid = codec->check(
        {.method = Method::Subscribe, .subscription = subscription, .authorisation = {.token = "to be had"}});
    if (!valid) values.refuse(name, valid.error().detail);
  };
  if (values.status() && !all && of_symbols) check("symbols", {.channel = Channel::Trade, .symbols = feed.symbols});
  if (!futures) feed.depth = static_cast<int>(values.number("depth", 0, 1'000'000));
  if (values.status() && !futures)
    check("depth", {.channel = Channel::Book, .symbols = {"BTC/USD"}, .depth = feed.depth});
  if (values.status() && level3)
    check("depth", {.channel = Channel::Level3, .symbols = {"BTC/USD"}, .depth = feed.depth});
  for (const std::string& text : values.list("interval")) {
    const auto minutes = Values::whole(text, 0, 1'000'000);
    if (!minutes) {
      values.refuse("interval", minutes.error().detail);
    } else {
      const int interval = static_cast<int>(*minutes);
      if (std::find(feed.ohlc_minutes.begin(), feed.ohlc_minutes.end(), interval) != feed.ohlc_minutes.end()) {
        values.refuse("interval", fmt::format("'{}' is there twice", text));
      }
      feed.ohlc_minutes.push_back(interval);
      check("interval", {.channel = Channel::Ohlc, .symbols = {"BTC/USD"}, .interval_minutes = interval});
    }
  }
  if (feed.ohlc_minutes.empty() && !futures) values.refuse("interval", "names no interval");
  if (feed.dialect == Dialect::SpotV2) {
    feed.ticker_trigger = spot_v2::kEventTriggers[values.choice(
        "ticker-trigger", {spot_v2::kEventTriggers.begin(), spot_v2::kEventTriggers.end()})];
  }
  if (!values.status()) return tl::unexpected<Error>(values.status().error());
  return feed;
}

Result<ListenConfig> parse_listen(const std::string& text) {
  ListenConfig listen{.host = "127.0.0.1", .port = 0};
  std::string port = text;
  if (const std::size_t colon = text.rfind(':'); colon != std::string::npos) {
    listen.host = text.substr(0, colon);
    port = text.substr(colon + 1);
    if (listen.host.starts_with('[') && listen.host.ends_with(']')) {
      listen.host = listen.host.substr(1, listen.host.size() - 2);
    }
  }
  const auto number = Values::whole(port, 0, 65535);
  if (!number || listen.host.empty()) {
    return fail(Errc::InvalidArgument, fmt::format("'{}' is no address with a port such as 127.0.0.1:9464", text));
  }
  listen.port = static_cast<std::uint16_t>(*number);
  return listen;
}

// Where REST is: as told, else beside Kraken's websockets, of Spot if nothing else is said, else nowhere.
std::optional<Endpoint> find_rest(Values& values, const RecordConfig& config, Dialect dialect = Dialect::SpotV2) {
  const bool futures = dialect == Dialect::FuturesV1;
  const bool told = values.find("rest") != nullptr;
  const auto near = std::any_of(config.feeds.begin(), config.feeds.end(), [futures](const FeedConfig& feed) {
    return (feed.dialect == Dialect::FuturesV1) == futures && is_kraken(feed.endpoint.host);
  });
  if (told) {
    return values.read<Endpoint>("rest", [&](const std::string& text) -> Result<Endpoint> {
      auto server = parse_http_url(text);
      if (!server) return server;
      HttpClientOptions options;
      options.ca_file = config.ca;
      if (auto possible = HttpClient::check(*server, options); !possible)
        return tl::unexpected<Error>(possible.error());
      return server;
    });
  }
  return near ? std::optional(parse_http_url(futures ? kKrakenFuturesRest : kKrakenRest).value()) : std::nullopt;
}

std::optional<AccountConfig> make_account(Values& values, const RecordConfig& config) {
  const auto authorised =
      std::find_if(config.feeds.begin(), config.feeds.end(), [](const FeedConfig& feed) { return feed.authorised; });
  if (authorised == config.feeds.end()) {
    if (values.find("credentials") != nullptr) {
      values.refuse("credentials", config.relay ? "has no meaning with --listen, where others ask for what is recorded"
                                                : "no channel is named that needs an API key");
    }
    return std::nullopt;
  }
  AccountConfig account{.file = values.word("credentials")};
  if (config.dialect == Dialect::FuturesV1) return account;
  account.rest = find_rest(values, config);
  if (!account.rest && values.status()) {
    values.refuse(
        "rest", fmt::format("is needed where {} is not Kraken: a token comes from there", authorised->endpoint.url()));
  }
  return account;
}

std::optional<RelayConfig> make_relay(Values& values, const RecordConfig& config) {
  if (values.find("listen") == nullptr) {
    for (const SettingKey& key : setting_keys()) {
      if (key.use != SettingUse::Listening || values.find(key.name) == nullptr) continue;
      values.refuse(key.name, "has no meaning without --listen");
    }
    return std::nullopt;
  }
  RelayConfig relay;
  relay.port = static_cast<std::uint16_t>(values.number("listen", 0, 65535));
  if (values.find("listen-host") != nullptr) relay.host = values.word("listen-host");
  relay.tls = values.flag("tls");
  relay.ca_out = values.word("ca-out");
  relay.certificate = values.word("cert");
  relay.key = values.word("key");
  relay.port_file = values.word("port-file");
  relay.rest = find_rest(values, config, config.dialect);
  for (const std::string_view name : {"ca-out", "cert", "key"}) {
    if (!relay.tls && values.find(name) != nullptr) values.refuse(name, "has no meaning without --tls");
  }
  if (relay.certificate.empty() != relay.key.empty()) {
    values.refuse(relay.key.empty() ? "cert" : "key", "--cert and --key belong together");
  }
  if (!relay.certificate.empty() && !relay.ca_out.empty()) {
    values.refuse("ca-out", "with --cert there is no authority of this program's own to be written");
  }
  return relay;
}

void read_with(Values& values, RecordConfig& config) {
  constexpr std::array kMethods{RestMethod::AssetPairs, RestMethod::Assets, RestMethod::Time, RestMethod::SystemStatus,
                                RestMethod::Depth,      RestMethod::Trades, RestMethod::Ohlc};
  const std::vector<std::string_view> words = {"instrument",    "asset-pairs", "assets", "time",
                                               "system-status", "depth",       "trades", "ohlc"};
  config.with_instrument = false;
  for (const std::size_t chosen : values.choices("with", words)) {
    if (chosen == 0) {
      config.with_instrument = true;
    } else {
      config.rest_methods.push_back(kMethods.at(chosen - 1));
    }
  }
  if (config.rest_methods.empty()) return;
  config.rest = find_rest(values, config);
  // AssetPairs is asked for unless somebody objects, and so may be left out without a word.
  const bool named = std::any_of(config.rest_methods.begin(), config.rest_methods.end(),
                                 [](RestMethod method) { return method != RestMethod::AssetPairs; });
  if (named && config.dialect == Dialect::FuturesV1) values.refuse("with", "of Spot's REST: Futures has none of it");
  if (named && !config.rest) values.refuse("with", "more than asset-pairs needs --rest, where there is no kraken.com");
  // Feeds that need a key may be about no symbol.
  const auto listed = [](const FeedConfig& feed) { return feed.all_symbols; };
  const auto silent = [](const FeedConfig& feed) { return feed.symbols.empty(); };
  const bool unnamed = std::any_of(config.feeds.begin(), config.feeds.end(), listed) ||
                       std::all_of(config.feeds.begin(), config.feeds.end(), silent);
  if (unnamed && std::any_of(config.rest_methods.begin(), config.rest_methods.end(), is_per_symbol)) {
    values.refuse("with", "depth, trades and ohlc are asked for pair by pair, a second each: they need --symbols");
  }
}

std::optional<RingConfig> make_ring(Values& values) {
  const auto span = values.span("snapshot-mode");
  RingConfig ring;
  ring.bytes = values.bytes("ring-bytes", 1U << 20U, std::uint64_t{64} << 30U).value_or(0);
  ring.after = values.span("after", Duration::zero()).value_or(Duration::zero());
  ring.cooldown = values.span("cooldown", Duration::zero()).value_or(Duration::zero());
  const Setting* const triggers = values.find("trigger");
  if (triggers != nullptr && triggers->text() != "none") {
    for (const std::size_t chosen : values.choices("trigger", names_of(kTriggers))) {
      ring.triggers.push_back(kTriggers[chosen]);
    }
  }
  if (!span) return std::nullopt;
  ring.span = *span;
  return ring;
}

}  // namespace

std::string_view to_string(TriggerKind kind) {
  switch (kind) {
    case TriggerKind::Checksum:
      return "checksum";
    case TriggerKind::Sequence:
      return "sequence";
    case TriggerKind::TradeGap:
      return "trade-gap";
    case TriggerKind::Disconnect:
      return "disconnect";
  }
  return "unknown";
}

Result<std::uint64_t> parse_bytes(std::string_view text) {
  struct Unit {
    std::string_view name;
    std::uint64_t bytes;
  };
  constexpr std::array kUnits{Unit{"KiB", 1ULL << 10U},
                              Unit{"MiB", 1ULL << 20U},
                              Unit{"GiB", 1ULL << 30U},
                              Unit{"TiB", 1ULL << 40U},
                              Unit{"kB", 1'000},
                              Unit{"KB", 1'000},
                              Unit{"MB", 1'000'000},
                              Unit{"GB", 1'000'000'000ULL},
                              Unit{"TB", 1'000'000'000'000ULL},
                              Unit{"B", 1}};
  std::string_view number = text;
  std::uint64_t unit = 1;
  for (const Unit& one : kUnits) {
    if (!text.ends_with(one.name)) continue;
    number.remove_suffix(one.name.size());
    unit = one.bytes;
    break;
  }
  const auto bad = [text] {
    return fail(Errc::InvalidArgument, fmt::format("'{}' is no size such as 64MiB or 1GB", text));
  };
  const auto value = Decimal::parse(number);
  if (!value || value->coefficient() < 0 || value->coefficient() > INT64_MAX || value->scale() > 6) return bad();
  const Int128 bytes = value->coefficient() * static_cast<Int128>(unit) / power_of_ten(value->scale());
  if (bytes <= 0 || bytes > INT64_MAX) return bad();
  return static_cast<std::uint64_t>(bytes);
}

Result<RecordConfig> make_config(const EffectiveSettings& settings) {
  RecordConfig config;
  const auto listen = settings.recording.find("listen");
  const bool listening = listen != settings.recording.end();
  if (listening && settings.feeds.size() > 1) {
    return wrong(listen->second,
                 fmt::format("leads to one exchange, and there are {} entries of feeds", settings.feeds.size()));
  }
  for (const Settings& feed : settings.feeds) {
    auto made = listening ? make_relayed_feed(feed) : make_feed(feed);
    if (!made) return tl::unexpected<Error>(made.error());
    if (!config.feeds.empty() && made->dialect != config.feeds.front().dialect) {
      return wrong(feed.find("dialect")->second,
                   fmt::format("{} and {} cannot go into one recording: each needs one of its own",
                               to_string(config.feeds.front().dialect), to_string(made->dialect)));
    }
    if (listening) {
      config.feeds.push_back(std::move(*made));
    } else {
      for (FeedConfig& part : by_host(*made)) config.feeds.push_back(std::move(part));
    }
  }
  config.dialect = config.feeds.front().dialect;
  Values values(settings.recording);
  config.output = values.word("output");
  config.ca = values.word("ca");
  config.server_time = values.choice("clock", {"system", "server"}) == 1;
  config.length = values.span("for");
  config.max_segment_bytes = values.bytes("max-size", 1U << 16U, INT64_MAX);
  config.max_segment_span = values.span("max-duration", std::chrono::seconds(1));
  config.sync_interval = values.span("sync-interval").value_or(Duration::zero());
  config.level = static_cast<int>(values.number("level", 1, 19));
  config.queue_bytes = values.bytes("queue", 1U << 16U, 1U << 30U).value_or(0);
  config.drop_when_full = values.choice("queue-policy", {"block", "drop"}) == 1;
  config.events = values.word("events");
  config.json = values.flag("json");
  config.candles =
      values.read<std::vector<Duration>>("candles", [](const std::string& text) { return parse_intervals(text); })
          .value_or(std::vector<Duration>());
  config.metrics = values.read<ListenConfig>("metrics", parse_listen);
  config.ring = make_ring(values);
  for (const std::string_view name : {"max-size", "max-duration"}) {
    if (config.ring && values.find(name) != nullptr) {
      values.refuse(name, "has no meaning in snapshot mode: each incident is a file of its own");
    }
  }
  config.relay = make_relay(values, config);
  if (values.word("with") == "none" || (listening && values.find("with") == nullptr)) {
    config.with_instrument = false;
  } else {
    read_with(values, config);
    if (config.with_instrument && listening) {
      values.refuse("with",
                    "instrument: nothing is subscribed to with --listen, where others ask for what is recorded");
    }
  }
  config.account = make_account(values, config);
  if (config.output.empty()) values.refuse("output", "is needed: the recording to make");
  if (!values.status()) return tl::unexpected<Error>(values.status().error());
  return config;
}

}  // namespace ktape::cli
