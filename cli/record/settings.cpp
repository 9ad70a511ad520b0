#include "cli/record/settings.hpp"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "cli/arguments.hpp"
#include "core/protocol/dialect.hpp"

namespace ktape::cli {
namespace {

using enum SettingKind;
using enum SettingScope;
using enum SettingUse;

constexpr std::array kKeys{
    SettingKey{"output", Word, Recording, "",
               "The recording to make; must not exist. May hold {utc:%Y%m%dT%H%M%SZ} and {segment:04}"},
    SettingKey{"dialect", Word, Feed, "spot-v2", "What the exchange speaks: spot-v2, spot-v1, futures-v1"},
    SettingKey{"url", Word, Feed, "wss://ws.kraken.com/v2",
               "Where the exchange is; Kraken's public one of the dialect"},
    SettingKey{
        "listen", Word, Recording, "",
        "Stand in the middle: others connect to this port (0 takes a free one), are led on to\nthe exchange, and "
        "all that they say and hear is recorded"},
    SettingKey{"listen-host", Word, Recording, "", "Address to listen on; 127.0.0.1 if not given", Listening},
    SettingKey{"port-file", Word, Recording, "", "Write the port number to this file once it is open", Listening},
    SettingKey{"tls", Flag, Recording, "", "Talk wss to those who connect, with a certificate made for this run",
               Listening},
    SettingKey{"ca-out", Word, Recording, "", "Write the authority that they must trust to this PEM file", Listening},
    SettingKey{"cert", Word, Recording, "", "Use this certificate (PEM) instead", Listening},
    SettingKey{"key", Word, Recording, "", "Its private key (PEM)", Listening},
    SettingKey{"symbols", List, Feed, "BTC/USD",
               "Pairs in the dialect's names: BTC/USD, in v1 XBT/USD; of Futures products: PF_XBTUSD", Asking},
    SettingKey{"all-symbols", Flag, Feed, "", "All pairs that the instrument channel lists, and those that come later",
               Asking},
    SettingKey{"quote", List, Feed, "", "Of all pairs those with one of these quote currencies (USD,EUR)", Asking},
    SettingKey{
        "channels", List, Feed, "instrument,ticker,book,trade,ohlc",
        "Of spot-v2 instrument, ticker, book, trade, ohlc, level3, executions, balances; of v1 spread,\nownTrades, "
        "openOrders as well, and no instrument; of Futures ticker, book, trade, ticker_lite,\nheartbeat, fills, "
        "open_orders and its other private feeds",
        Asking},
    SettingKey{
        "credentials", Word, Recording, "",
        "For channels that need an API key: a file with it, of mode 0600; else KRAKEN_API_KEY and\nKRAKEN_API_SECRET, "
        "of Futures KRAKEN_FUTURES_API_KEY and KRAKEN_FUTURES_API_SECRET",
        Asking},
    SettingKey{"depth", Word, Feed, "10", "Of the book: 10, 25, 100, 500, 1000; those of Futures are whole", Asking},
    SettingKey{"interval", List, Feed, "1",
               "Of the ohlc channel, in minutes; each beyond the first on connections of its own", Asking},
    SettingKey{"ticker-trigger", Word, Feed, "trades", "Of spot-v2, what makes the ticker tick: trades, bbo", Asking},
    SettingKey{"symbols-per-connection", Word, Feed, "200", "More symbols go to further connections", Asking},
    SettingKey{
        "with", List, Recording, "instrument,asset-pairs",
        "What every session of Spot gets besides: instrument (v2), and of REST, once at the start,\nasset-pairs, "
        "assets, time, system-status, and for each of --symbols depth, trades, ohlc;\nor none, as with --listen",
        Asking},
    SettingKey{"rest", Word, Recording, "", "Where REST is; Kraken's for kraken.com, else nowhere"},
    SettingKey{"ca", Word, Recording, "", "Trust the authorities in this PEM file instead of the system's"},
    SettingKey{"clock", Word, Recording, "system", "system, or server: the time that a mock server announces"},
    SettingKey{"for", Word, Recording, "", "Stop after this time (5m)"},
    SettingKey{"max-size", Word, Recording, "", "Begin another segment after so many bytes (1GB)"},
    SettingKey{"max-duration", Word, Recording, "", "Begin another segment after this time (1h)"},
    SettingKey{"sync-interval", Word, Recording, "1s", "What a power loss may cost"},
    SettingKey{"level", Word, Recording, "9", "zstd level, 1 to 19"},
    SettingKey{"queue", Word, Recording, "64MiB", "What may wait for the disk, in memory and in the journal"},
    SettingKey{"queue-policy", Word, Recording, "block", "When the queue is full: block, drop"},
    SettingKey{"events", Word, Recording, "", "Write the event log of this run to a file as well"},
    SettingKey{"candles", List, Recording, "", "Build candles of these minutes for the event log (1,5,60)"},
    SettingKey{"snapshot-mode", Word, Recording, "",
               "Keep the last so much time (10m) in memory, and write a file only when something happens"},
    SettingKey{"ring-bytes", Word, Recording, "256MiB", "What the frames in memory may take"},
    SettingKey{
        "trigger", List, Recording, "checksum,sequence,trade-gap,disconnect",
        "What writes a file: checksum, sequence, trade-gap, disconnect, none (SIGUSR1 and POST /snapshot\nalways do)"},
    SettingKey{"after", Word, Recording, "30s", "Go on writing for so long after a trigger"},
    SettingKey{"cooldown", Word, Recording, "1m", "No trigger begins another file for so long after one has ended"},
    SettingKey{"metrics", Word, Recording, "", "Serve /metrics and /health here (127.0.0.1:9464)"},
    SettingKey{"json", Flag, Recording, "", "Write the summary to stdout as JSON"},
};

// What one layer says replaces what the layers below say.
void lay_over(Settings& below, const Settings& above, SettingScope scope) {
  if (above.contains("symbols")) {
    below.erase("all-symbols");
    below.erase("quote");
  }
  if (const auto all = above.find("all-symbols"); all != above.end() && all->second.text() == "true") {
    below.erase("symbols");
  }
  for (const auto& [name, setting] : above) {
    if (find_setting(name)->scope == scope) below.insert_or_assign(name, setting);
  }
}

// Where another dialect than spot-v2 has another standard, or, empty, none.
struct DialectStandard {
  Dialect dialect;
  std::string_view name, standard;
};
constexpr std::array kDialectStandards{
    DialectStandard{Dialect::SpotV1, "symbols", "XBT/USD"},
    DialectStandard{Dialect::SpotV1, "channels", "ticker,book,trade,spread,ohlc"},
    DialectStandard{Dialect::SpotV1, "ticker-trigger", ""},
    DialectStandard{Dialect::FuturesV1, "symbols", "PF_XBTUSD"},
    DialectStandard{Dialect::FuturesV1, "channels", "ticker,book,trade,heartbeat"},
    DialectStandard{Dialect::FuturesV1, "depth", ""},
    DialectStandard{Dialect::FuturesV1, "interval", ""},
    DialectStandard{Dialect::FuturesV1, "ticker-trigger", ""},
};

std::string_view standard_of(const SettingKey& key, Dialect dialect) {
  if (key.name == "url") return public_url(dialect);
  const auto* const found = std::find_if(kDialectStandards.begin(), kDialectStandards.end(), [&](const auto& one) {
    return one.dialect == dialect && one.name == key.name;
  });
  return found == kDialectStandards.end() ? key.standard : found->standard;
}

// Gives what nobody has set its standard.
void complete(Settings& settings, SettingScope scope, bool listening) {
  const auto told = settings.find("dialect");
  const auto dialect = told == settings.end() ? std::nullopt : parse_dialect(told->second.text());
  const auto all = settings.find("all-symbols");
  const bool all_symbols = all != settings.end() && all->second.text() == "true";
  for (const SettingKey& key : kKeys) {
    if (key.scope != scope || (all_symbols && key.name == "symbols")) continue;
    if (listening && key.use == Asking) continue;
    const auto standard = standard_of(key, dialect.value_or(Dialect::SpotV2));
    if (!standard.empty()) {
      settings.emplace(key.name, from_text(key, standard, fmt::format("--{}", key.name)));
    }
  }
}

}  // namespace

std::span<const SettingKey> setting_keys() { return kKeys; }

const SettingKey* find_setting(std::string_view name) {
  const auto* const found =
      std::find_if(kKeys.begin(), kKeys.end(), [name](const SettingKey& key) { return key.name == name; });
  return found == kKeys.end() ? nullptr : found;
}

std::string Setting::text() const { return fmt::format("{}", fmt::join(values, ",")); }

Setting from_text(const SettingKey& key, std::string_view value, std::string origin) {
  if (key.kind == List) return {split_list(value), std::move(origin)};
  return {{std::string(value)}, std::move(origin)};
}

EffectiveSettings effective(const Settings& command_line, const SettingsFile& file) {
  EffectiveSettings out;
  lay_over(out.recording, file.all, Recording);
  lay_over(out.recording, command_line, Recording);
  const bool listening = out.recording.contains("listen");
  complete(out.recording, Recording, listening);

  Settings common;
  lay_over(common, file.all, Feed);
  const auto add = [&](Settings feed) {
    lay_over(feed, command_line, Feed);
    complete(feed, Feed, listening);
    out.feeds.push_back(std::move(feed));
  };
  for (const Settings& entry : file.feeds) {
    Settings feed = common;
    lay_over(feed, entry, Feed);
    add(std::move(feed));
  }
  if (file.feeds.empty()) add(common);
  return out;
}

}  // namespace ktape::cli
