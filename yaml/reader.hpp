#pragma once

#include <cstddef>
#include <set>
#include <string>
#include <string_view>
#include <utility>

#include <fmt/format.h>
#include <yaml-cpp/yaml.h>

#include "core/base/decimal.hpp"
#include "core/base/result.hpp"
#include "core/base/time.hpp"

namespace ktape::yaml {

// "a mapping", "a sequence", "a single value", "nothing".
std::string_view kind_of(const YAML::Node& node);

// Reads the nodes of one file. Every error says where: "file:line: key: what is wrong and what is allowed".
class Reader {
 public:
  explicit Reader(std::string path) : path_(std::move(path)) {}

  const std::string& path() const { return path_; }
  std::string place(const YAML::Node& node, std::string_view key) const;
  tl::unexpected<Error> wrong(const YAML::Node& node, std::string_view key, std::string_view what) const;

  // Calls member(name, value), which returns Result<void>, for each entry of a mapping whose keys are words, no two of
  // them alike. `what` is what the mapping is called in an error.
  template <class Member>
  Result<void> each_member(const YAML::Node& node, std::string_view what, Member member) const {
    if (!node.IsMap()) return wrong(node, what, fmt::format("a mapping expected, not {}", kind_of(node)));
    std::set<std::string> seen;
    for (const auto& entry : node) {
      if (!entry.first.IsScalar()) return wrong(entry.first, what, "a key is a word");
      const std::string& name = entry.first.Scalar();
      if (!seen.insert(name).second) return wrong(entry.first, name, "this key was there before");
      if (auto done = member(name, entry.second); !done) return done;
    }
    return {};
  }

  // Calls item(value), which returns Result<void>, for each element of a sequence.
  template <class Item>
  Result<void> each_item(const YAML::Node& node, std::string_view what, Item item) const {
    if (!node.IsSequence()) return wrong(node, what, fmt::format("a sequence expected, not {}", kind_of(node)));
    for (const YAML::Node& value : node) {
      if (auto done = item(value); !done) return done;
    }
    return {};
  }

  Result<std::string> word(const YAML::Node& node, std::string_view key) const;
  Result<Decimal> number(const YAML::Node& node, std::string_view key) const;
  Result<bool> flag(const YAML::Node& node, std::string_view key) const;
  // "250ms", "1m30s"; never negative.
  Result<Duration> duration(const YAML::Node& node, std::string_view key) const;
  // A whole number from `least` to `most`.
  Result<std::uint64_t> count(const YAML::Node& node, std::string_view key, std::uint64_t least,
                              std::uint64_t most) const;

 private:
  std::string path_;
};

// Parses text that holds one document at most; an empty one is a null node. `path` is for errors.
Result<YAML::Node> parse(std::string_view text, const std::string& path);

// The whole of a file that has no more than `max_bytes`.
Result<std::string> read_text(const std::string& path, std::size_t max_bytes);

}  // namespace ktape::yaml
