#include "tests/fuzz/futures_facts.hpp"

#include <charconv>
#include <cstdint>

#include <fmt/format.h>
#include <rapidjson/document.h>

#include "core/base/decimal.hpp"

namespace ktape::test {
namespace {

using Json = rapidjson::Value;

// Numbers are read as text; a second document, read the usual way, tells which texts were numbers.
struct Both {
  const Json* typed;
  const Json* text;
};

std::optional<Both> member(const Both& object, const char* name) {
  std::optional<Both> found;
  for (rapidjson::SizeType i = 0; i < object.typed->MemberCount(); ++i) {
    const auto& typed = *(object.typed->MemberBegin() + i);
    if (std::string_view(typed.name.GetString(), typed.name.GetStringLength()) == name) {
      found = Both{&typed.value, &(object.text->MemberBegin() + i)->value};
    }
  }
  return found;
}

std::string_view raw(const Both& value) { return {value.text->GetString(), value.text->GetStringLength()}; }

std::optional<std::string> text(const Both& object, const char* name) {
  const auto found = member(object, name);
  if (!found || !found->typed->IsString()) return std::nullopt;
  return std::string(raw(*found));
}

std::optional<std::string> decimal(const Both& object, const char* name) {
  const auto found = member(object, name);
  if (!found || !found->typed->IsNumber()) return std::nullopt;
  const auto number = Decimal::parse(raw(*found));
  return number ? std::optional(number->text()) : std::nullopt;
}

// A whole number from `low` to `high`, however it is written.
std::optional<std::string> whole(const Both& object, const char* name, Int128 low, Int128 high) {
  const auto found = member(object, name);
  if (!found || !found->typed->IsNumber()) return std::nullopt;
  const auto number = Decimal::parse(raw(*found));
  const auto integer = number ? number->rescaled(0) : std::nullopt;
  if (!integer || integer->coefficient() < low || integer->coefficient() > high) return std::nullopt;
  return integer->text();
}

constexpr Int128 kMaxTime = 9'223'372'036'854;

// Where it may be absent, an absent one is a dash.
std::optional<std::string> time(const Both& object, const char* name, bool required) {
  const auto found = member(object, name);
  if (!required && (!found || found->typed->IsNull())) return "-";
  return whole(object, name, 0, kMaxTime);
}

std::optional<std::string> levels(const Both& message, const char* name) {
  const auto list = member(message, name);
  if (!list || !list->typed->IsArray()) return std::nullopt;
  std::string out;
  for (rapidjson::SizeType i = 0; i < list->typed->Size(); ++i) {
    const Both level{&(*list->typed)[i], &(*list->text)[i]};
    if (!level.typed->IsObject()) return std::nullopt;
    const auto price = decimal(level, "price");
    const auto quantity = decimal(level, "qty");
    if (!price || !quantity) return std::nullopt;
    out += fmt::format(" {}x{}", *price, *quantity);
  }
  return out;
}

std::optional<std::string> snapshot(const Both& message) {
  const auto product = text(message, "product_id");
  const auto sequence = whole(message, "seq", 0, UINT64_MAX);
  const auto at = time(message, "timestamp", false);
  const auto bids = levels(message, "bids");
  const auto asks = levels(message, "asks");
  if (!product || !sequence || !at || !bids || !asks) return std::nullopt;
  return fmt::format("snapshot {} {} {} bids{} asks{}\n", *product, *sequence, *at, *bids, *asks);
}

std::optional<std::string> update(const Both& message) {
  const auto product = text(message, "product_id");
  const auto side = text(message, "side");
  const auto sequence = whole(message, "seq", 0, UINT64_MAX);
  const auto price = decimal(message, "price");
  const auto quantity = decimal(message, "qty");
  const auto at = time(message, "timestamp", false);
  if (!product || !side || !sequence || !price || !quantity || !at) return std::nullopt;
  if (*side != "buy" && *side != "sell") return std::nullopt;
  return fmt::format("update {} {} {} {} {}x{}\n", *product, *sequence, *at, *side, *price, *quantity);
}

std::optional<std::string> trade(const Both& element, const std::string& outer_product) {
  if (!element.typed->IsObject()) return std::nullopt;
  auto product = std::optional(outer_product);
  if (member(element, "product_id")) product = text(element, "product_id");
  if (!product || product->empty()) return std::nullopt;
  // These may be absent, but not be something else than text.
  for (const char* const name : {"uid", "type"}) {
    if (member(element, name) && !text(element, name)) return std::nullopt;
  }
  const auto side = text(element, "side");
  const auto sequence = whole(element, "seq", INT64_MIN, INT64_MAX);
  const auto at = time(element, "time", true);
  const auto quantity = decimal(element, "qty");
  const auto price = decimal(element, "price");
  if (!side || !sequence || !at || !quantity || !price) return std::nullopt;
  if (*side != "buy" && *side != "sell") return std::nullopt;
  return fmt::format("trade {} {} {} {} {}x{} {} {}\n", *product, *sequence, *at, *side, *price, *quantity,
                     text(element, "uid").value_or(""), text(element, "type").value_or(""));
}

std::optional<std::string> history(const Both& message) {
  const auto product = text(message, "product_id");
  const auto list = member(message, "trades");
  if (!product || !list || !list->typed->IsArray()) return std::nullopt;
  std::string out;
  for (rapidjson::SizeType i = list->typed->Size(); i-- > 0;) {
    const auto line = trade({&(*list->typed)[i], &(*list->text)[i]}, *product);
    if (!line) return std::nullopt;
    out += *line;
  }
  return out;
}

}  // namespace

FuturesFacts futures_facts(std::string_view input) {
  // RapidJSON's document swallows the first bytes of a byte order mark, also where the rest of it does not follow. No
  // JSON begins with them.
  if (input.starts_with('\xef')) return {};
  constexpr unsigned kUsual = rapidjson::kParseValidateEncodingFlag | rapidjson::kParseIterativeFlag;
  if (input.find('\0') != std::string_view::npos) return {};
  rapidjson::Document typed;
  rapidjson::Document texts;
  typed.Parse<kUsual>(input.data(), input.size());
  texts.Parse<kUsual | rapidjson::kParseNumbersAsStringsFlag>(input.data(), input.size());
  // A number beyond every double is no number to the usual way of reading.
  if (typed.HasParseError() || texts.HasParseError() || !typed.IsObject()) return {};
  const Both message{&typed, &texts};
  if (member(message, "event")) return {};
  const auto feed = text(message, "feed");
  if (feed == "book") return {true, update(message)};
  if (feed == "book_snapshot") return {true, snapshot(message)};
  if (feed == "trade") return {true, trade(message, "")};
  if (feed == "trade_snapshot") return {true, history(message)};
  return {};
}

}  // namespace ktape::test
