#include "faults/fault_reader.hpp"

#include <array>
#include <charconv>
#include <limits>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "faults/parameters.hpp"
#include "faults/traits.hpp"

namespace ktape {
namespace {

constexpr std::size_t kMaxFileBytes = std::size_t{1} << 20U;
constexpr std::size_t kMaxFaults = 1000;
constexpr std::string_view kCommonKeys =
    "name, kind, connection, host, target, dialect, direction, channel, symbol, contains, since, from, until, after, "
    "times, probability";

template <std::size_t... I>
faults::Kind make_kind(std::size_t index, std::index_sequence<I...>) {
  faults::Kind kind;
  static_cast<void>(((index == I && (kind.emplace<I>(), true)) || ...));
  return kind;
}

std::optional<faults::Kind> kind_called(std::string_view name) {
  const auto names = fault_kinds();
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (names[i] == name) return make_kind(i, std::make_index_sequence<std::variant_size_v<faults::Kind>>());
  }
  return std::nullopt;
}

// Reads the one parameter that is called `wanted`.
class ParameterReader {
 public:
  ParameterReader(const yaml::Reader& reader, const YAML::Node& node, std::string_view wanted)
      : reader_(reader), node_(node), wanted_(wanted) {}

  template <class Value>
  void operator()(std::string_view name, Value& out) {
    names_.push_back(name);
    if (name != wanted_) return;
    found_ = true;
    result_ = read(out);
  }

  bool found() const { return found_; }
  const std::vector<std::string_view>& names() const { return names_; }
  Result<void> take() { return std::move(result_); }

 private:
  template <class Value>
  Result<void> read(std::optional<Value>& out) {
    Value value{};
    if (auto done = read(value); !done) return done;
    out = value;
    return {};
  }
  Result<void> read(Duration& out) { return keep(reader_.duration(node_, wanted_), out); }
  Result<void> read(faults::Shift& out) {
    auto text = reader_.word(node_, wanted_);
    if (!text) return tl::unexpected<Error>(text.error());
    const bool back = text->starts_with('-');
    const auto span = parse_duration(std::string_view(*text).substr(back ? 1 : 0));
    if (!span || *span % std::chrono::seconds(1) != Duration::zero()) {
      return reader_.wrong(node_, wanted_,
                           fmt::format("whole seconds such as 5s or -5s expected, not '{}'", text->substr(0, 64)));
    }
    const auto by = std::chrono::duration_cast<std::chrono::seconds>(*span);
    out.by = back ? -by : by;
    return {};
  }
  Result<void> read(faults::ByteRate& out) { return number(out.kilobytes_per_second); }
  Result<void> read(faults::ByteCount& out) { return number(out.bytes); }
  Result<void> read(std::uint16_t& out) { return number(out); }
  Result<void> read(std::uint32_t& out) { return number(out); }
  Result<void> read(std::string& out) {
    if (!node_.IsScalar()) {
      return reader_.wrong(node_, wanted_, fmt::format("a text expected, not {}", yaml::kind_of(node_)));
    }
    out = node_.Scalar();
    return {};
  }
  Result<void> read(faults::TlsFailure& out) {
    return one_of(out, {faults::TlsFailure::Handshake, faults::TlsFailure::Expired, faults::TlsFailure::WrongName,
                        faults::TlsFailure::Untrusted});
  }
  Result<void> read(faults::HttpPlace& out) {
    return one_of(out, {faults::HttpPlace::Upgrade, faults::HttpPlace::Rest, faults::HttpPlace::Both});
  }

  template <class Word>
  Result<void> one_of(Word& out, std::initializer_list<Word> all) {
    const auto text = reader_.word(node_, wanted_);
    if (!text) return tl::unexpected<Error>(text.error());
    std::string allowed;
    for (const Word one : all) {
      if (to_string(one) == *text) {
        out = one;
        return {};
      }
      allowed += fmt::format("{}{}", allowed.empty() ? "" : ", ", to_string(one));
    }
    return reader_.wrong(node_, wanted_, fmt::format("'{}' is not one of {}", text->substr(0, 64), allowed));
  }

  template <class Integer>
  Result<void> number(Integer& out) {
    const auto value = reader_.count(node_, wanted_, 0, std::numeric_limits<Integer>::max());
    if (!value) return tl::unexpected<Error>(value.error());
    out = static_cast<Integer>(*value);
    return {};
  }
  template <class Value>
  static Result<void> keep(const Result<Value>& value, Value& out) {
    if (!value) return tl::unexpected<Error>(value.error());
    out = *value;
    return {};
  }

  const yaml::Reader& reader_;
  const YAML::Node& node_;
  std::string_view wanted_;
  std::vector<std::string_view> names_;
  bool found_ = false;
  Result<void> result_;
};

class FaultReader {
 public:
  explicit FaultReader(const yaml::Reader& reader) : reader_(reader) {}

  Result<Fault> read(const YAML::Node& node) {
    if (!node.IsMap()) {
      return reader_.wrong(node, "a fault", fmt::format("a mapping with a kind expected, not {}", yaml::kind_of(node)));
    }
    const YAML::Node kind = node["kind"];
    if (!kind.IsDefined()) return reader_.wrong(node, "kind", "missing: every fault has one");
    const auto called = reader_.word(kind, "kind");
    if (!called) return tl::unexpected<Error>(called.error());
    const auto known = kind_called(*called);
    if (!known) {
      return reader_.wrong(kind, "kind",
                           fmt::format("'{}' is not one of {}", called->substr(0, 64), fmt::join(fault_kinds(), ", ")));
    }
    fault_.kind = *known;
    auto done = reader_.each_member(
        node, "a fault", [&](const std::string& name, const YAML::Node& value) { return read_member(name, value); });
    if (!done) return tl::unexpected<Error>(done.error());
    if (const auto found = objection_to(fault_)) {
      // At the key that says it, where it is there.
      const std::string key(found->key);
      const YAML::Node at = key.empty() ? YAML::Node(YAML::NodeType::Undefined) : node[key];
      return reader_.wrong(at.IsDefined() ? at : node, key, found->what);
    }
    return std::move(fault_);
  }

 private:
  Result<void> read_member(const std::string& name, const YAML::Node& value) {
    if (name == "kind") return {};
    FaultWhere& where = fault_.where;
    FaultWhen& when = fault_.when;
    if (name == "name") return word(value, name, fault_.name);
    if (name == "host") return word(value, name, where.host);
    if (name == "target") return word(value, name, where.target);
    if (name == "channel") return word(value, name, where.channel);
    if (name == "symbol") return word(value, name, where.symbol);
    if (name == "contains") return word(value, name, where.contains);
    if (name == "connection") return read_connection(value);
    if (name == "dialect") return read_dialect(value);
    if (name == "direction") return read_direction(value);
    if (name == "since") return read_since(value);
    if (name == "probability") return read_probability(value);
    if (name == "from" || name == "until") {
      const auto span = reader_.duration(value, name);
      if (!span) return tl::unexpected<Error>(span.error());
      if (name == "from") {
        when.from = *span;
      } else {
        when.until = *span;
      }
      return {};
    }
    if (name == "after" || name == "times") {
      const auto count = reader_.count(value, name, 0, std::numeric_limits<std::uint64_t>::max());
      if (!count) return tl::unexpected<Error>(count.error());
      if (name == "after") {
        when.after = *count;
      } else {
        when.times = *count;
      }
      return {};
    }
    ParameterReader parameter(reader_, value, name);
    std::visit([&](auto& kind) { faults::each_parameter(kind, parameter); }, fault_.kind);
    if (parameter.found()) return parameter.take();
    return reader_.wrong(
        value, "",
        fmt::format("unknown key '{}': {} has {}{}{}", name.substr(0, 64), to_string(fault_.kind),
                    fmt::join(parameter.names(), ", "), parameter.names().empty() ? "" : ", ", kCommonKeys));
  }

  Result<void> word(const YAML::Node& node, std::string_view key, std::string& out) {
    auto text = reader_.word(node, key);
    if (!text) return tl::unexpected<Error>(text.error());
    out = std::move(*text);
    return {};
  }

  Result<void> read_connection(const YAML::Node& node) {
    if (node.IsScalar() && node.Scalar() == "every") return {};
    if (!node.IsScalar()) return reader_.wrong(node, "connection", "every, or a number from 1 expected");
    const auto count = reader_.count(node, "connection", 1, std::numeric_limits<std::uint32_t>::max());
    if (!count) return tl::unexpected<Error>(count.error());
    fault_.where.connection = static_cast<std::uint32_t>(*count);
    return {};
  }

  Result<void> read_dialect(const YAML::Node& node) {
    const auto text = reader_.word(node, "dialect");
    if (!text) return tl::unexpected<Error>(text.error());
    fault_.where.dialect = parse_dialect(*text);
    if (fault_.where.dialect) return {};
    return reader_.wrong(node, "dialect",
                         fmt::format("'{}' is not one of spot-v2, spot-v1, futures-v1", text->substr(0, 64)));
  }

  Result<void> read_direction(const YAML::Node& node) {
    const auto text = reader_.word(node, "direction");
    if (!text) return tl::unexpected<Error>(text.error());
    for (const auto way : {faults::Way::FromExchange, faults::Way::ToExchange, faults::Way::Both}) {
      if (to_string(way) != *text) continue;
      fault_.where.way = way;
      return {};
    }
    return reader_.wrong(node, "direction",
                         fmt::format("'{}' is not one of from_exchange, to_exchange, both", text->substr(0, 64)));
  }

  Result<void> read_since(const YAML::Node& node) {
    const auto text = reader_.word(node, "since");
    if (!text) return tl::unexpected<Error>(text.error());
    if (*text != "start" && *text != "opening") {
      return reader_.wrong(node, "since", fmt::format("'{}' is not one of start, opening", text->substr(0, 64)));
    }
    fault_.when.since = *text == "opening" ? FaultWhen::Since::Opening : FaultWhen::Since::Start;
    return {};
  }

  // 1/3
  Result<void> read_probability(const YAML::Node& node) {
    const auto text = reader_.word(node, "probability");
    if (!text) return tl::unexpected<Error>(text.error());
    faults::Chance& chance = fault_.when.probability;
    const char* const end = text->data() + text->size();
    const auto numerator = std::from_chars(text->data(), end, chance.numerator);
    if (numerator.ec == std::errc() && numerator.ptr == end && chance.numerator == 1) return {};
    if (numerator.ec == std::errc() && numerator.ptr != end && *numerator.ptr == '/') {
      const auto denominator = std::from_chars(numerator.ptr + 1, end, chance.denominator);
      if (denominator.ec == std::errc() && denominator.ptr == end) return {};
    }
    return reader_.wrong(node, "probability",
                         fmt::format("a fraction such as 1/10 expected, not '{}'", text->substr(0, 64)));
  }

  const yaml::Reader& reader_;
  Fault fault_;
};

}  // namespace

Result<Fault> read_fault(const yaml::Reader& reader, const YAML::Node& node) { return FaultReader(reader).read(node); }

Result<std::vector<Fault>> read_faults(const yaml::Reader& reader, const YAML::Node& list) {
  std::vector<Fault> faults;
  auto done = reader.each_item(list, "faults", [&](const YAML::Node& node) -> Result<void> {
    if (faults.size() == kMaxFaults) {
      return reader.wrong(node, "faults", fmt::format("more than {} faults", kMaxFaults));
    }
    auto fault = read_fault(reader, node);
    if (!fault) return tl::unexpected<Error>(fault.error());
    faults.push_back(std::move(*fault));
    return {};
  });
  if (!done) return tl::unexpected<Error>(done.error());
  return faults;
}

Result<std::vector<Fault>> parse_faults(std::string_view text, const std::string& path) {
  const auto root = yaml::parse(text, path);
  if (!root) return tl::unexpected<Error>(root.error());
  const yaml::Reader reader(path);
  if (root->IsSequence()) return read_faults(reader, *root);
  if (!root->IsMap()) {
    return reader.wrong(*root, "", fmt::format("a sequence of faults expected, not {}", yaml::kind_of(*root)));
  }
  std::vector<Fault> faults;
  auto done = reader.each_member(*root, "", [&](const std::string& name, const YAML::Node& value) -> Result<void> {
    if (name != "faults") {
      return reader.wrong(value, "", fmt::format("unknown key '{}': 'faults' is the only one", name.substr(0, 64)));
    }
    auto read = read_faults(reader, value);
    if (!read) return tl::unexpected<Error>(read.error());
    faults = std::move(*read);
    return {};
  });
  if (!done) return tl::unexpected<Error>(done.error());
  return faults;
}

Result<std::vector<Fault>> read_faults(const std::string& path) {
  const auto text = yaml::read_text(path, kMaxFileBytes);
  if (!text) return tl::unexpected<Error>(text.error());
  return parse_faults(*text, path);
}

Result<Fault> parse_fault(std::string_view text, const std::string& path) {
  const auto root = yaml::parse(text, path);
  if (!root) return tl::unexpected<Error>(root.error());
  return read_fault(yaml::Reader(path), *root);
}

}  // namespace ktape
