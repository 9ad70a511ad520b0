#include "faults/wire_text.hpp"

#include <algorithm>

#include "core/base/decimal.hpp"
#include "core/protocol/json_walker.hpp"

namespace ktape::faults {
namespace {

bool has_exponent(std::string_view number) { return number.find_first_of("eE") != std::string_view::npos; }

std::size_t places_of(std::string_view number) {
  const std::size_t point = number.find('.');
  return point == std::string_view::npos ? 0 : number.size() - point - 1;
}

}  // namespace

std::optional<std::string_view> member(std::string_view object, std::string_view name) {
  std::optional<std::string_view> found;
  JsonWalker(object).each_member([&](std::string_view key, JsonWalker& value) {
    std::string_view text;
    if (!value.take_value(text)) return false;
    if (key == name) found = text;
    return true;
  });
  return found;
}

std::vector<std::string_view> elements(std::string_view array) {
  std::vector<std::string_view> all;
  JsonWalker walker(array);
  if (!walker.take('[')) return all;
  do {
    std::string_view value;
    if (!walker.take_value(value)) break;
    all.push_back(value);
  } while (walker.take(','));
  return all;
}

bool is_object(std::string_view value) { return value.starts_with('{') && value.ends_with('}'); }
bool is_array(std::string_view value) { return value.starts_with('[') && value.ends_with(']'); }
bool is_text(std::string_view value) { return value.size() >= 2 && value.starts_with('"') && value.ends_with('"'); }

std::string_view unquoted(std::string_view value) {
  return is_text(value) ? value.substr(1, value.size() - 2) : std::string_view();
}

std::string with(std::string_view text, std::string_view value, std::string_view replacement) {
  const auto at = static_cast<std::size_t>(value.data() - text.data());
  std::string out;
  out.reserve(text.size() + replacement.size());
  out.append(text.substr(0, at)).append(replacement).append(text.substr(at + value.size()));
  return out;
}

std::string with_element(std::string_view array, std::string_view element) {
  std::string out(array.substr(0, array.size() - 1));
  if (!elements(array).empty()) out += ',';
  return out.append(element).append("]");
}

std::string zero_like(std::string_view number) {
  if (has_exponent(number)) return "0";
  const std::size_t places = places_of(number);
  return places == 0 ? "0" : "0." + std::string(places, '0');
}

std::string smallest_like(std::string_view number) {
  if (has_exponent(number)) return "0.00000001";
  const std::size_t places = places_of(number);
  return places == 0 ? "1" : "0." + std::string(places - 1, '0') + "1";
}

std::optional<std::string> stepped(std::string_view number, int step) {
  const auto value = Decimal::parse(number);
  if (!value) return std::nullopt;
  const Int128 coefficient = value->coefficient() + step;
  if (coefficient <= 0 || coefficient >= power_of_ten(Decimal::kMaxDigits)) return std::nullopt;
  return Decimal::from_units(coefficient, value->scale()).text();
}

bool is_zero(std::string_view number) {
  const auto value = Decimal::parse(number);
  return value && value->is_zero();
}

}  // namespace ktape::faults
