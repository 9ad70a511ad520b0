#include "import/kraken_trades.hpp"

#include <algorithm>
#include <array>
#include <tuple>
#include <utility>

#include <fmt/format.h>

#include "core/base/decimal.hpp"
#include "core/protocol/spot_v2/server_encode.hpp"
#include "import/readers.hpp"

namespace ktape {
namespace {

// What Kraken's pairs are quoted in, in the names of its files.
constexpr std::array<std::string_view, 18> kQuotes{"USD",   "EUR",   "GBP",  "CAD",  "AUD",  "JPY",
                                                   "CHF",   "USDT",  "USDC", "XBT",  "ETH",  "DAI",
                                                   "PYUSD", "RLUSD", "DOT",  "USDG", "USDQ", "USDR"};

// Kraken's own names of two currencies, which its second websocket protocol has given up.
std::string_view modern(std::string_view currency) {
  if (currency == "XBT") return "BTC";
  if (currency == "XDG") return "DOGE";
  return currency;
}

bool is_currency(std::string_view text) {
  return text.size() >= 2 && text.size() <= 10 &&
         std::all_of(text.begin(), text.end(), [](char c) { return (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'); });
}

struct Row {
  Timestamp at;
  Decimal price;
  Decimal volume;
};

// The cells of "time,price,volume"; nothing for another number of them.
std::optional<std::array<std::string_view, 3>> cells_of(std::string_view line) {
  const std::size_t first = line.find(',');
  const std::size_t second = first == std::string_view::npos ? first : line.find(',', first + 1);
  if (second == std::string_view::npos || line.find(',', second + 1) != std::string_view::npos) return std::nullopt;
  return std::array{line.substr(0, first), line.substr(first + 1, second - first - 1), line.substr(second + 1)};
}

Result<Row> parse_row(std::string_view line) {
  const auto cells = cells_of(line);
  if (!cells) return fail(Errc::Parse, fmt::format("'time,price,volume' expected, found '{}'", line.substr(0, 100)));
  const auto& [time_text, price_text, volume_text] = *cells;
  const auto seconds = Decimal::parse(time_text);
  const auto time = seconds ? seconds->rescaled(9) : std::nullopt;
  // 1970 to 2200, where timers have room on both sides.
  constexpr Int128 kLatest = Int128{7'258'118'400} * 1'000'000'000;
  if (!time || time->coefficient() < 0 || time->coefficient() > kLatest) {
    return fail(Errc::Parse, fmt::format("a time in unix seconds expected, found '{}'", time_text.substr(0, 40)));
  }
  Row row{.at = from_nanoseconds(static_cast<std::int64_t>(time->coefficient())), .price = {}, .volume = {}};
  for (const auto& [name, text, to] : {std::tuple(std::string_view("price"), price_text, &row.price),
                                       std::tuple(std::string_view("volume"), volume_text, &row.volume)}) {
    const auto number = Decimal::parse(text);
    if (!number || number->coefficient() <= 0) {
      return fail(Errc::Parse, fmt::format("a {} greater than zero expected, found '{}'", name, text.substr(0, 40)));
    }
    *to = *number;
  }
  return row;
}

// Kraken's downloadable history: a trade each line, "time,price,volume", and no header. It becomes what a client would
// have heard that had subscribed to the trades of the symbol at the time of the first.
class KrakenTrades final : public Archive {
 public:
  KrakenTrades(std::string text, std::string symbol) : text_(std::move(text)), symbol_(std::move(symbol)) {
    notes_ = fmt::format(
        "trades of {} from a file of time, price and volume; invented: trade ids counted from 1, side \"buy\" and "
        "order "
        "type \"limit\" of every trade, and the answer to a subscription before the first",
        symbol_);
  }

  ArchiveFormat format() const override { return ArchiveFormat::KrakenTrades; }
  Dialect dialect() const override { return Dialect::SpotV2; }
  std::string_view notes() const override { return notes_; }
  bool has_receive_times() const override { return false; }

  Result<std::optional<Frame>> next() override {
    while (at_ < text_.size()) {
      const std::size_t end = std::min(text_.find('\n', at_), text_.size());
      std::string_view line = std::string_view(text_).substr(at_, end - at_);
      if (line.ends_with('\r')) line.remove_suffix(1);
      if (line.empty()) {
        at_ = std::min(end + 1, text_.size());
        ++line_number_;
        continue;
      }
      const auto row = parse_row(line);
      if (!row) {
        return fail(Errc::Parse, fmt::format("kraken-trades: line {}: {}", line_number_, row.error().detail));
      }
      if (std::exchange(subscribed_, true)) {
        at_ = std::min(end + 1, text_.size());
        ++line_number_;
        return std::optional(frame(*row, trade_message(*row)));
      }
      return std::optional(frame(*row, subscription_message(*row)));
    }
    return std::optional<Frame>{};
  }

 private:
  static Frame frame(const Row& row, std::string_view payload) {
    return {.at = row.at,
            .connection = ConnectionId{1},
            .direction = Direction::FromExchange,
            .kind = FrameKind::Text,
            .payload = payload};
  }

  // Says that from here on every trade is told: without it candles of them could not be called whole.
  std::string_view subscription_message(const Row& first) {
    message_.clear();
    spot_v2::append_reply(message_, {.method = "subscribe",
                                     .success = true,
                                     .channel = "trade",
                                     .symbol = symbol_,
                                     .snapshot = false,
                                     .time_in = first.at,
                                     .time_out = first.at});
    return message_;
  }

  std::string_view trade_message(const Row& row) {
    message_.clear();
    const Trade trade{.symbol = symbol_,
                      .side = Side::Buy,
                      .order_type = OrderType::Limit,
                      .price = row.price,
                      .quantity = row.volume,
                      .trade_id = ++trade_id_,
                      .exchange_time = row.at};
    spot_v2::append_trades(message_, {&trade, 1}, false);
    return message_;
  }

  std::string text_;
  std::string symbol_;
  std::string notes_;
  std::size_t at_ = 0;
  std::uint64_t line_number_ = 1;
  std::int64_t trade_id_ = 0;
  bool subscribed_ = false;
  std::string message_;
};

}  // namespace

std::optional<std::string> symbol_of_trades_file(std::string_view path) {
  std::string_view name = path.substr(path.rfind('/') + 1);
  for (const std::string_view ending : {".zst", ".csv"}) {
    if (name.ends_with(ending)) name.remove_suffix(ending.size());
  }
  std::optional<std::string> symbol;
  for (const std::string_view quote : kQuotes) {
    if (!name.ends_with(quote)) continue;
    const std::string_view base = name.substr(0, name.size() - quote.size());
    if (!is_currency(base)) continue;
    if (symbol) return std::nullopt;
    symbol = fmt::format("{}/{}", modern(base), modern(quote));
  }
  return symbol;
}

bool is_kraken_trade_line(std::string_view line) {
  if (line.ends_with('\r')) line.remove_suffix(1);
  const auto cells = cells_of(line);
  return cells && std::all_of(cells->begin(), cells->end(),
                              [](std::string_view cell) { return Decimal::parse(cell).has_value(); });
}

Result<std::unique_ptr<Archive>> open_kraken_trades(std::string text, const ArchiveOptions& options) {
  if (options.dialect && *options.dialect != Dialect::SpotV2) {
    return fail(Errc::InvalidArgument,
                fmt::format("trades of a CSV file become messages of spot-v2, not of {}", to_string(*options.dialect)));
  }
  const std::size_t slash = options.symbol.find('/');
  if (slash == std::string::npos || !is_currency(std::string_view(options.symbol).substr(0, slash)) ||
      !is_currency(std::string_view(options.symbol).substr(slash + 1))) {
    return fail(
        Errc::InvalidArgument,
        options.symbol.empty()
            ? "the file does not say of which pair its trades are, and its name does not clearly: --symbol is needed"
            : fmt::format("--symbol: '{}' is no pair such as BTC/USD", options.symbol));
  }
  return std::make_unique<KrakenTrades>(std::move(text), options.symbol);
}

}  // namespace ktape
