#include <array>
#include <variant>

#include <fmt/format.h>

#include "core/base/json_text.hpp"
#include "faults/fault.hpp"
#include "faults/parameters.hpp"

namespace ktape {
namespace {

// A flow mapping, "{kind: drop, times: 1}"; texts as JSON writes them, which is YAML too.
class Line {
 public:
  void operator()(std::string_view name, Duration value) { put(name, format_duration(value)); }
  void operator()(std::string_view name, const std::optional<Duration>& value) {
    if (value) put(name, format_duration(*value));
  }
  void operator()(std::string_view name, faults::ByteRate value) {
    put(name, std::to_string(value.kilobytes_per_second));
  }
  void operator()(std::string_view name, faults::ByteCount value) { put(name, std::to_string(value.bytes)); }
  void operator()(std::string_view name, const std::optional<faults::ByteCount>& value) {
    if (value) (*this)(name, *value);
  }
  void operator()(std::string_view name, faults::Shift value) { put(name, format_duration(value.by)); }
  void operator()(std::string_view name, std::uint16_t value) { put(name, std::to_string(value)); }
  void operator()(std::string_view name, std::uint32_t value) { put(name, std::to_string(value)); }
  void operator()(std::string_view name, std::uint64_t value) { put(name, std::to_string(value)); }
  void operator()(std::string_view name, faults::TlsFailure value) { put(name, to_string(value)); }
  void operator()(std::string_view name, faults::HttpPlace value) {
    if (value != faults::HttpPlace::Upgrade) put(name, to_string(value));
  }
  void operator()(std::string_view name, const std::string& value) {
    if (value.empty()) return;
    std::string text;
    append_json_string(text, value);
    put(name, text);
  }

  void put(std::string_view name, std::string_view value) {
    fmt::format_to(std::back_inserter(text_), "{}{}: {}", text_.size() > 1 ? ", " : "", name, value);
  }
  std::string finish() { return std::move(text_) + "}"; }

 private:
  std::string text_ = "{";
};

}  // namespace

std::string to_string(const Fault& fault) {
  Line line;
  line("name", fault.name);
  line.put("kind", to_string(fault.kind));
  faults::Kind kind = fault.kind;
  std::visit([&](auto& what) { faults::each_parameter(what, line); }, kind);
  const FaultWhere& where = fault.where;
  if (where.connection != 0) line("connection", where.connection);
  line("host", where.host);
  line("target", where.target);
  if (where.dialect) line.put("dialect", to_string(*where.dialect));
  if (where.way) line.put("direction", to_string(*where.way));
  line("channel", where.channel);
  line("symbol", where.symbol);
  line("contains", where.contains);
  const FaultWhen& when = fault.when;
  if (when.since == FaultWhen::Since::Opening) line.put("since", "opening");
  if (when.from != Duration::zero()) line("from", when.from);
  line("until", when.until);
  if (when.after != 0) line("after", when.after);
  if (when.times) line("times", *when.times);
  if (when.probability != faults::Chance{}) {
    line.put("probability", fmt::format("{}/{}", when.probability.numerator, when.probability.denominator));
  }
  return line.finish();
}

}  // namespace ktape
