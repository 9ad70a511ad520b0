#include "faults/message_edits.hpp"

#include <algorithm>
#include <charconv>
#include <limits>
#include <utility>

#include <fmt/format.h>

#include "core/protocol/time_shift.hpp"
#include "faults/wire_text.hpp"

namespace ktape::faults {
namespace {

// An order that no exchange has issued, in the form of those that it does.
constexpr std::string_view kStrangeOrder = R"("OFAULT-FAULT-FAULTY")";

std::optional<std::uint64_t> whole(std::string_view number) {
  std::uint64_t value = 0;
  const auto read = std::from_chars(number.data(), number.data() + number.size(), value);
  if (read.ec != std::errc() || read.ptr != number.data() + number.size()) return std::nullopt;
  return value;
}

// The one element of v2's data.
std::optional<std::string_view> first_item(std::string_view text) {
  const auto data = member(text, "data");
  if (!data) return std::nullopt;
  const auto items = elements(*data);
  if (items.empty() || !is_object(items.front())) return std::nullopt;
  return items.front();
}

std::string next_checksum(std::uint64_t checksum) {
  return std::to_string((checksum + 1) & std::numeric_limits<std::uint32_t>::max());
}

bool is_book_update(const MessageFacts& facts) {
  return facts.data && !facts.snapshot && (facts.channel == "book" || facts.channel == "level3");
}

// A level object with other values: replaces those members that it has.
std::string with_members(std::string_view object,
                         std::initializer_list<std::pair<std::string_view, std::string_view>> members) {
  std::string out(object);
  for (const auto& [name, value] : members) {
    if (const auto old = member(out, name)) out = with(out, *old, value);
  }
  return out;
}

// Beyond any price that is asked, or below any that is bid.
std::string strange_price(bool ask, std::string_view price) {
  return ask ? "999" + std::string(price) : smallest_like(price);
}

// ---- v2: {"price":..,"qty":..} and level3's orders

std::optional<std::string> v2_edit(std::string_view text, bool cross) {
  const auto item = first_item(text);
  if (!item) return std::nullopt;
  for (const bool ask : {true, false}) {
    const auto side = member(*item, ask ? "asks" : "bids");
    const auto other = member(*item, ask ? "bids" : "asks");
    if (!side || !other) continue;
    for (const std::string_view level : elements(*side)) {
      const bool order = member(level, "order_id").has_value();
      const auto price = member(level, order ? "limit_price" : "price");
      const auto quantity = member(level, order ? "order_qty" : "qty");
      if (!price || !quantity) continue;
      if (!cross) {
        const std::string strange = strange_price(ask, *price);
        const std::string deleted =
            order
                ? with_members(level, {{"event", R"("delete")"}, {"order_id", kStrangeOrder}, {"limit_price", strange}})
                : with_members(level, {{"price", strange}, {"qty", zero_like(*quantity)}});
        return with(text, *side, with_element(*side, deleted));
      }
      if (is_zero(*quantity) || (order && member(level, "event") == R"("delete")")) continue;
      const auto crossing = stepped(*price, ask ? 1 : -1);
      if (!crossing) continue;
      const std::string added =
          order ? with_members(level, {{"event", R"("add")"}, {"order_id", kStrangeOrder}, {"limit_price", *crossing}})
                : with_members(level, {{"price", *crossing}});
      return with(text, *other, with_element(*other, added));
    }
  }
  return std::nullopt;
}

// ---- v1: ["price","volume","time"], asks and bids in objects of their own

std::string v1_level(std::string_view price, std::string_view volume, std::string_view time) {
  return fmt::format(R"(["{}","{}",{}])", price, volume, time);
}

// Where a message has a side that has changed.
struct V1Side {
  std::string_view object;
  std::string_view levels;
};
std::optional<V1Side> v1_side(std::string_view text, std::string_view name) {
  for (const std::string_view part : elements(text)) {
    if (!is_object(part)) continue;
    if (const auto levels = member(part, name)) return V1Side{part, *levels};
  }
  return std::nullopt;
}

// The crossing level on the other side, which the message may not have: asks come first, and the checksum last.
std::optional<std::string> v1_crossed(std::string_view text, bool ask, const V1Side& side, std::string_view level) {
  if (const auto other = v1_side(text, ask ? "b" : "a")) {
    return with(text, other->levels, with_element(other->levels, level));
  }
  if (!ask) return with(text, side.object, fmt::format(R"({{"a":[{}]}},{})", level, side.object));
  const auto checksum = member(side.object, "c");
  const std::string bids =
      checksum ? fmt::format(R"({{"b":[{}],"c":{}}})", level, *checksum) : fmt::format(R"({{"b":[{}]}})", level);
  return with(text, side.object, fmt::format(R"({{"a":{}}},{})", side.levels, bids));
}

std::optional<std::string> v1_edit(std::string_view text, bool cross) {
  for (const bool ask : {true, false}) {
    const auto side = v1_side(text, ask ? "a" : "b");
    if (!side) continue;
    for (const std::string_view level : elements(side->levels)) {
      const auto values = elements(level);
      if (values.size() < 3) continue;
      const std::string_view price = unquoted(values[0]);
      const std::string_view volume = unquoted(values[1]);
      if (!cross) {
        const std::string deleted = v1_level(strange_price(ask, price), zero_like(volume), values[2]);
        return with(text, side->levels, with_element(side->levels, deleted));
      }
      if (is_zero(volume)) continue;
      const auto crossing = stepped(price, ask ? 1 : -1);
      if (crossing) return v1_crossed(text, ask, *side, v1_level(*crossing, volume, values[2]));
    }
  }
  return std::nullopt;
}

// ---- Futures: one level in each message

std::optional<BookEdit> futures_edit(std::string_view text, bool cross) {
  const auto side = member(text, "side");
  const auto price = member(text, "price");
  const auto quantity = member(text, "qty");
  const auto number = member(text, "seq");
  if (!side || !price || !quantity || !number) return std::nullopt;
  const auto seq = whole(*number);
  if (!seq) return std::nullopt;
  const std::string next = std::to_string(*seq + 1);
  const bool ask = *side == R"("sell")";
  if (!cross) {
    return BookEdit{
        std::string(text),
        with_members(text, {{"seq", next}, {"price", strange_price(ask, *price)}, {"qty", zero_like(*quantity)}})};
  }
  if (is_zero(*quantity)) return std::nullopt;
  const auto crossing = stepped(*price, ask ? 1 : -1);
  if (!crossing) return std::nullopt;
  return BookEdit{std::string(text),
                  with_members(text, {{"seq", next}, {"side", ask ? R"("buy")" : R"("sell")"}, {"price", *crossing}})};
}

std::optional<BookEdit> book_edit(Dialect dialect, const MessageFacts& facts, std::string_view text, bool cross) {
  if (!is_book_update(facts)) return std::nullopt;
  if (dialect == Dialect::FuturesV1) return futures_edit(text, cross);
  auto edited = dialect == Dialect::SpotV2 ? v2_edit(text, cross) : v1_edit(text, cross);
  if (!edited) return std::nullopt;
  return BookEdit{std::move(*edited)};
}

}  // namespace

std::optional<std::string> with_wrong_checksum(Dialect dialect, const MessageFacts& facts, std::string_view text) {
  if (!facts.data || (facts.channel != "book" && facts.channel != "level3")) return std::nullopt;
  if (dialect == Dialect::FuturesV1) return facts.snapshot ? std::nullopt : with_seq_shifted(facts, text, 1);
  if (dialect == Dialect::SpotV2) {
    const auto item = first_item(text);
    const auto checksum = item ? member(*item, "checksum") : std::nullopt;
    const auto value = checksum ? whole(*checksum) : std::nullopt;
    if (!value) return std::nullopt;
    return with(text, *checksum, next_checksum(*value));
  }
  for (const std::string_view part : elements(text)) {
    const auto checksum = is_object(part) ? member(part, "c") : std::nullopt;
    const auto value = checksum ? whole(unquoted(*checksum)) : std::nullopt;
    if (value) return with(text, *checksum, fmt::format("\"{}\"", next_checksum(*value)));
  }
  return std::nullopt;
}

std::optional<BookEdit> with_unknown_delete(Dialect dialect, const MessageFacts& facts, std::string_view text) {
  return book_edit(dialect, facts, text, false);
}

std::optional<BookEdit> with_crossed_level(Dialect dialect, const MessageFacts& facts, std::string_view text) {
  return book_edit(dialect, facts, text, true);
}

std::optional<std::string> with_seq_shifted(const MessageFacts& facts, std::string_view text, std::uint64_t by) {
  if (!facts.data || facts.channel != "book") return std::nullopt;
  const auto number = member(text, "seq");
  const auto value = number ? whole(*number) : std::nullopt;
  if (!value) return std::nullopt;
  return with(text, *number, std::to_string(*value + by));
}

std::optional<std::string> with_clock_shifted(Dialect dialect, std::string_view text, std::chrono::seconds by) {
  TimeShift shift(dialect, by);
  const std::string_view moved = shift.moved(text);
  if (moved == text) return std::nullopt;
  return std::string(moved);
}

std::string truncated(std::string_view text, std::optional<ByteCount> bytes) {
  auto left = static_cast<std::size_t>(std::min<std::uint64_t>(bytes ? bytes->bytes : text.size() / 2, text.size()));
  // Never in the middle of a character.
  while (left > 0 && left < text.size() && (static_cast<unsigned char>(text[left]) & 0xC0U) == 0x80U) --left;
  return std::string(text.substr(0, left));
}

std::optional<std::string> corrupted(std::string_view text, std::uint32_t characters, Random& random) {
  constexpr char kFirst = '!';
  constexpr std::uint64_t kVisible = '~' - '!' + 1;
  const auto visible = [](char c) { return c >= '!' && c <= '~'; };
  std::vector<std::size_t> places;
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (visible(text[at])) places.push_back(at);
  }
  if (places.empty()) return std::nullopt;
  std::string out(text);
  for (std::uint32_t i = 0; i < characters && !places.empty(); ++i) {
    const auto drawn = places.begin() + static_cast<std::ptrdiff_t>(random.below(places.size()));
    char& at = out[*drawn];
    // One of the others, so that it always changes.
    at = static_cast<char>(
        kFirst +
        static_cast<char>((static_cast<std::uint64_t>(at - kFirst) + 1 + random.below(kVisible - 1)) % kVisible));
    places.erase(drawn);
  }
  return out;
}

std::optional<std::string> with_timeout(Dialect dialect, const MessageFacts& facts, std::string_view text,
                                        Duration timeout) {
  std::optional<std::string_view> value;
  if (dialect == Dialect::SpotV2 && facts.method == "cancel_all_orders_after") {
    const auto params = member(text, "params");
    if (params) value = member(*params, "timeout");
  } else if (dialect == Dialect::SpotV1 && facts.method == "cancelAllOrdersAfter") {
    value = member(text, "timeout");
  }
  if (!value) return std::nullopt;
  return with(text, *value, std::to_string(std::chrono::duration_cast<std::chrono::seconds>(timeout).count()));
}

}  // namespace ktape::faults
