#include "core/protocol/spot_v2/fast_reader.hpp"

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <utility>

namespace ktape::spot_v2 {
namespace {

static_assert(std::endian::native == std::endian::little, "the digits of a word are read lowest byte first");

// Larger texts go to RapidJSON, whose limits then hold for all.
constexpr std::size_t kMaxBytes = std::size_t{1} << 20;
constexpr std::string_view kHeartbeat = R"({"channel":"heartbeat"})";
constexpr unsigned kMaxDigits = 18;  // a coefficient of that many fits in 64 bits

constexpr std::array<std::uint64_t, 19> kPowersOfTen = [] {
  std::array<std::uint64_t, 19> powers{};
  std::uint64_t power = 1;
  for (auto& entry : powers) {
    entry = power;
    power *= 10;
  }
  return powers;
}();

std::uint64_t load_word(const char* from) {
  std::uint64_t word = 0;
  std::memcpy(&word, from, sizeof word);
  return word;
}

// How many of the eight characters are digits before the first that is none.
unsigned leading_digits(std::uint64_t word) {
  // A digit has 3 in its upper half, and still has when 6 is added. A carry out of a byte can only come from one that
  // is no digit, so that nothing before the first of these is wrong.
  const std::uint64_t other = ((word & 0xF0F0F0F0F0F0F0F0U) ^ 0x3030303030303030U) |
                              (((word + 0x0606060606060606U) & 0xF0F0F0F0F0F0F0F0U) ^ 0x3030303030303030U);
  return other == 0 ? 8 : static_cast<unsigned>(std::countr_zero(other)) / 8;
}

// The value of the first `count` characters, all of them digits; 1 <= count <= 8.
std::uint64_t digits_value(std::uint64_t word, unsigned count) {
  word <<= (8 - count) * 8;  // leading zeros, so that there are always eight
  word &= 0x0F0F0F0F0F0F0F0FU;
  word = (word * 10 + (word >> 8U)) & 0x00FF00FF00FF00FFU;
  word = (word * 100 + (word >> 16U)) & 0x0000FFFF0000FFFFU;
  return (word * 10000 + (word >> 32U)) & 0xFFFFFFFFU;
}

}  // namespace

// Every function takes what it names and steps over it, or returns false and leaves the place undefined.
class FastReader::Scanner {
 public:
  Scanner(FastReader& memory, std::string_view text, EventBatch& batch)
      : memory_(memory), at_(text.data()), end_(text.data() + text.size()), batch_(batch) {}

  bool message() {
    if (!literal(R"({"channel":")")) return false;
    if (literal(R"(book","type":")")) return book();
    if (literal(R"(trade","type":")")) return trades();
    if (literal(R"(ticker","type":")")) return ticker();
    return false;
  }

 private:
  std::size_t left() const { return static_cast<std::size_t>(end_ - at_); }

  template <std::size_t size>
  bool literal(const char (&text)[size]) {
    constexpr std::size_t kLength = size - 1;
    if (left() < kLength || std::memcmp(at_, text, kLength) != 0) return false;
    at_ += kLength;
    return true;
  }

  // The rest of the push type and the way to its first element.
  bool push_type(bool& snapshot) {
    snapshot = literal(R"(snapshot","data":[)");
    return snapshot || literal(R"(update","data":[)");
  }

  // Printable ASCII up to the closing quote, which is taken too.
  bool text(std::string_view& out) {
    const char* const begin = at_;
    for (; at_ != end_; ++at_) {
      const char c = *at_;
      if (c == '"') {
        out = {begin, static_cast<std::size_t>(at_ - begin)};
        ++at_;
        return true;
      }
      if (c < ' ' || c > '~' || c == '\\') return false;
    }
    return false;
  }

  // One or more digits, at most kMaxDigits with the `taken` ones that came before.
  bool digits(std::uint64_t& value, unsigned& taken) {
    while (true) {
      if (left() < sizeof(std::uint64_t)) return false;
      const std::uint64_t word = load_word(at_);
      const unsigned count = leading_digits(word);
      if (count == 0) return true;
      if (taken + count > kMaxDigits) return false;
      value = value * kPowersOfTen[count] + digits_value(word, count);
      taken += count;
      at_ += count;
      if (count < 8) return true;
    }
  }

  bool whole_number(std::uint64_t& value, unsigned& taken) {
    const bool zero = left() > 0 && *at_ == '0';
    value = 0;
    taken = 0;
    return digits(value, taken) && taken > 0 && (!zero || taken == 1);
  }

  bool decimal(Decimal& out) {
    if (left() == 0) return false;
    const bool negative = *at_ == '-';
    at_ += negative ? 1 : 0;
    std::uint64_t value = 0;
    unsigned taken = 0;
    if (!whole_number(value, taken)) return false;
    unsigned places = 0;
    if (*at_ == '.') {  // digits() leaves at least one character
      ++at_;
      places = taken;
      if (!digits(value, taken) || taken == places) return false;
      places = taken - places;
    }
    const auto coefficient = static_cast<std::int64_t>(value);
    out = Decimal::from_units(negative ? -coefficient : coefficient, static_cast<int>(places));
    return true;
  }

  // 2026-09-01T08:00:07.180204Z with the closing quote.
  bool timestamp(Timestamp& out) {
    constexpr std::size_t kSecondLength = 19;
    constexpr std::size_t kLength = kSecondLength + 9;
    if (left() < kLength || at_[kSecondLength] != '.') return false;
    const std::uint64_t word = load_word(at_ + kSecondLength + 1);
    if (leading_digits(word) != 6 || at_[kLength - 2] != 'Z' || at_[kLength - 1] != '"') return false;
    if (std::memcmp(at_, memory_.second_text_.data(), kSecondLength) != 0) {
      const auto parsed = parse_rfc3339({at_, kLength - 1});
      if (!parsed) return false;
      memory_.second_ = std::chrono::floor<std::chrono::seconds>(*parsed);
      memory_.second_text_.assign(at_, kSecondLength);
    }
    out = memory_.second_ + std::chrono::microseconds{digits_value(word, 6)};
    at_ += kLength;
    return true;
  }

  bool book() {
    bool snapshot = false;
    if (!push_type(snapshot)) return false;
    return snapshot ? book_as<BookSnapshot>() : book_as<BookUpdate>();
  }

  template <class Book>
  bool book_as() {
    auto& book = std::get<Book>(batch_.events.emplace_back(std::in_place_type<Book>));
    if (!literal(R"({"symbol":")") || !text(book.symbol)) return false;
    if (!literal(R"(,"bids":[)") || !levels()) return false;
    const std::size_t bids = batch_.levels.size();
    if (!literal(R"(,"asks":[)") || !levels()) return false;
    if (!literal(R"(,"checksum":)")) return false;
    std::uint64_t checksum = 0;
    unsigned taken = 0;
    if (!whole_number(checksum, taken) || checksum > std::numeric_limits<std::uint32_t>::max()) return false;
    book.checksum = static_cast<std::uint32_t>(checksum);
    if (!literal(R"(,"timestamp":")") || !timestamp(book.exchange_time.emplace())) return false;
    const std::span<const Level> levels = batch_.levels;
    book.bids = levels.first(bids);
    book.asks = levels.subspan(bids);
    return literal("}]}") && at_ == end_;
  }

  // Up to the closing bracket, which is taken too.
  bool levels() {
    if (literal("]")) return true;
    do {
      Level& level = batch_.levels.emplace_back();
      if (!literal(R"({"price":)") || !decimal(level.price)) return false;
      if (!literal(R"(,"qty":)") || !decimal(level.quantity)) return false;
    } while (literal("},"));
    return literal("}]");
  }

  bool trades() {
    bool snapshot = false;
    if (!push_type(snapshot)) return false;
    do {
      auto& trade = std::get<Trade>(batch_.events.emplace_back(std::in_place_type<Trade>));
      trade.snapshot = snapshot;
      if (!literal(R"({"symbol":")") || !text(trade.symbol)) return false;
      const bool buy = literal(R"(,"side":"buy")");
      if (!buy && !literal(R"(,"side":"sell")")) return false;
      trade.side = buy ? Side::Buy : Side::Sell;
      if (!literal(R"(,"price":)") || !decimal(trade.price)) return false;
      if (!literal(R"(,"qty":)") || !decimal(trade.quantity)) return false;
      const bool limit = literal(R"(,"ord_type":"limit")");
      if (!limit && !literal(R"(,"ord_type":"market")")) return false;
      trade.order_type = limit ? OrderType::Limit : OrderType::Market;
      if (!literal(R"(,"trade_id":)") || !id(trade.trade_id)) return false;
      if (!literal(R"(,"timestamp":")") || !timestamp(trade.exchange_time)) return false;
    } while (literal("},"));
    return literal("}]}") && at_ == end_;
  }

  bool id(std::int64_t& out) {
    std::uint64_t value = 0;
    unsigned taken = 0;
    if (!whole_number(value, taken)) return false;
    out = static_cast<std::int64_t>(value);
    return true;
  }

  bool ticker() {
    auto& ticker = std::get<Ticker>(batch_.events.emplace_back(std::in_place_type<Ticker>));
    if (!push_type(ticker.snapshot)) return false;
    if (!literal(R"({"symbol":")") || !text(ticker.symbol)) return false;
    if (!literal(R"(,"bid":)") || !decimal(ticker.bid)) return false;
    if (!literal(R"(,"bid_qty":)") || !decimal(ticker.bid_quantity)) return false;
    if (!literal(R"(,"ask":)") || !decimal(ticker.ask)) return false;
    if (!literal(R"(,"ask_qty":)") || !decimal(ticker.ask_quantity)) return false;
    if (!literal(R"(,"last":)") || !decimal(ticker.last)) return false;
    if (!literal(R"(,"volume":)") || !decimal(ticker.volume)) return false;
    if (!literal(R"(,"vwap":)") || !decimal(ticker.vwap)) return false;
    if (!literal(R"(,"low":)") || !decimal(ticker.low)) return false;
    if (!literal(R"(,"high":)") || !decimal(ticker.high)) return false;
    if (!literal(R"(,"change":)") || !decimal(ticker.change)) return false;
    if (!literal(R"(,"change_pct":)") || !decimal(ticker.change_percent)) return false;
    if (literal(R"(,"trades":)") && !id(ticker.trades.emplace())) return false;
    if (!literal(R"(,"timestamp":")") || !timestamp(ticker.exchange_time.emplace())) return false;
    return literal("}]}") && at_ == end_;
  }

  FastReader& memory_;
  const char* at_;
  const char* const end_;
  EventBatch& batch_;
};

bool FastReader::read(std::string_view text, EventBatch& batch) {
  if (text == kHeartbeat) {
    batch.events.emplace_back(std::in_place_type<Heartbeat>);
    return true;
  }
  return text.size() <= kMaxBytes && Scanner(*this, text, batch).message();
}

}  // namespace ktape::spot_v2
