#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cli/record/rest_answers.hpp"
#include "cli/record/settings.hpp"
#include "core/base/time.hpp"
#include "core/protocol/dialect.hpp"
#include "core/wire/endpoint.hpp"

namespace ktape::cli {

// What one exchange is asked for.
struct FeedConfig {
  Dialect dialect = Dialect::SpotV2;
  Endpoint endpoint;
  std::vector<Channel> channels;     // in the order in which they are asked for
  bool all_symbols = false;          // all that the instrument channel lists
  std::vector<std::string> quotes;   // of those, these quote currencies only; empty: all
  std::vector<std::string> symbols;  // else these, as in events: BTC/USD, also in v1; PF_XBTUSD
  int depth = 10;                    // not of Futures, nor the next two
  std::vector<int> ohlc_minutes;
  std::string ticker_trigger;  // of spot-v2
  std::size_t symbols_per_connection = 200;
  bool authorised = false;  // what is asked for carries a token, or a signed challenge
};

enum class TriggerKind : std::uint8_t { Checksum, Sequence, TradeGap, Disconnect };
std::string_view to_string(TriggerKind kind);  // "checksum", "sequence", "trade-gap", "disconnect"

struct RingConfig {
  Duration span{};
  std::size_t bytes = 0;
  std::vector<TriggerKind> triggers;
  Duration after{};
  Duration cooldown{};
};

struct ListenConfig {
  std::string host;
  std::uint16_t port = 0;
};

// Where others connect, to be led on to the exchange.
struct RelayConfig {
  std::string host = "127.0.0.1";
  std::uint16_t port = 0;
  bool tls = false;
  std::string ca_out{};
  std::string certificate{};  // both or neither
  std::string key{};
  std::string port_file{};
  std::optional<Endpoint> rest{};  // where HTTP requests are led; nothing: they are refused
};

// Who asks for what is not public.
struct AccountConfig {
  std::string file{};              // with the API key; empty: the environment has it
  std::optional<Endpoint> rest{};  // where tokens are had; not of Futures
};

struct RecordConfig {
  Dialect dialect = Dialect::SpotV2;  // of all feeds
  std::vector<FeedConfig> feeds;      // of a relay one, with a dialect and an endpoint
  std::optional<RelayConfig> relay;
  std::optional<AccountConfig> account;  // if a feed is authorised
  std::string output;
  std::string ca;
  bool server_time = false;
  bool with_instrument = true;
  std::optional<Endpoint> rest;  // whom `rest_methods` are asked; nothing: they are not
  std::vector<RestMethod> rest_methods;
  std::optional<Duration> length;
  std::optional<std::uint64_t> max_segment_bytes;
  std::optional<Duration> max_segment_span;
  Duration sync_interval{};
  int level = 9;
  std::size_t queue_bytes = 0;
  bool drop_when_full = false;
  std::string events;
  std::vector<Duration> candles;
  std::optional<RingConfig> ring;
  std::optional<ListenConfig> metrics;
  bool json = false;
};

// An error names the option, or the file, line and key, and the value.
Result<RecordConfig> make_config(const EffectiveSettings& settings);

// "64MiB", "1GB", "1.5kB", "4096": bytes; kB, MB, GB and TB are powers of 1000, KiB, MiB and so on of 1024.
Result<std::uint64_t> parse_bytes(std::string_view text);

// More is refused: Kraken counts connections per address (spot-v2 section 1.4).
inline constexpr std::size_t kMaxConnections = 100;

}  // namespace ktape::cli
