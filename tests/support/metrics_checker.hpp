#pragma once

#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

namespace ktape::test {

// Reads the text format of Prometheus (version 0.0.4) more strictly than Prometheus does: every family has HELP and
// TYPE once and in this order, its samples stand together, names and labels are well formed, no sample occurs twice,
// counters are not negative, and buckets of a histogram grow, end with +Inf, and agree with _count.
class MetricsChecker {
 public:
  explicit MetricsChecker(std::string_view text) { read(text); }

  const std::vector<std::string>& mistakes() const { return mistakes_; }
  // The value of a sample as it is written: `name{label="value"}`, or nothing.
  std::string value(const std::string& sample) const {
    const auto found = values_.find(sample);
    return found == values_.end() ? "" : found->second;
  }
  std::uint64_t count(const std::string& sample) const { return std::strtoull(value(sample).c_str(), nullptr, 10); }

 private:
  void wrong(std::string_view line, std::string_view why) {
    mistakes_.push_back(std::string(why) + ": " + std::string(line));
  }
  static bool name_char(char c, bool first) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == ':' || (!first && c >= '0' && c <= '9');
  }
  static std::size_t name_length(std::string_view text) {
    std::size_t n = 0;
    while (n < text.size() && name_char(text[n], n == 0)) ++n;
    return n;
  }

  void read(std::string_view text) {
    if (!text.ends_with('\n')) wrong(text.substr(text.size() > 40 ? text.size() - 40 : 0), "no line feed at the end");
    while (!text.empty()) {
      const std::size_t end = text.find('\n');
      const std::string_view line = text.substr(0, end);
      text.remove_prefix(end == text.npos ? text.size() : end + 1);
      if (line.starts_with("# HELP ")) {
        help(line);
      } else if (line.starts_with("# TYPE ")) {
        type(line);
      } else if (line.empty() || line.starts_with('#')) {
        wrong(line, "neither HELP, TYPE nor a sample");
      } else {
        sample(line);
      }
    }
    end_family();
    if (!helped_.empty()) wrong(helped_, "HELP without TYPE");
  }

  void help(std::string_view line) {
    end_family();
    const std::string_view rest = line.substr(7);
    const std::size_t length = name_length(rest);
    if (length == 0 || length >= rest.size() || rest[length] != ' ') return wrong(line, "no name");
    helped_ = rest.substr(0, length);
    if (rest.size() == length + 1) wrong(line, "an empty help");
  }
  void type(std::string_view line) {
    const std::string_view rest = line.substr(7);
    const std::size_t length = name_length(rest);
    family_ = rest.substr(0, length);
    if (family_ != helped_) wrong(line, "TYPE does not follow its HELP");
    helped_.clear();
    if (!families_.insert(family_).second) wrong(line, "a family twice");
    type_ = length < rest.size() ? rest.substr(length + 1) : std::string_view{};
    if (type_ != "counter" && type_ != "gauge" && type_ != "histogram") wrong(line, "an unknown type");
    if (type_ == "counter" && !family_.ends_with("_total")) wrong(line, "a counter is named ..._total");
  }

  void sample(std::string_view line) {
    const std::size_t length = name_length(line);
    const std::string name(line.substr(0, length));
    std::string_view rest = line.substr(length);
    std::string series;
    std::string bound;
    std::set<std::string> labels;
    if (rest.starts_with('{')) {
      rest.remove_prefix(1);
      for (;;) {
        const std::size_t n = name_length(rest);
        const std::string label(rest.substr(0, n));
        rest.remove_prefix(n);
        if (n == 0 || !rest.starts_with("=\"")) return wrong(line, "not a label");
        rest.remove_prefix(2);
        std::string value;
        while (!rest.empty() && rest[0] != '"') {
          if (rest[0] == '\\') {
            if (rest.size() < 2 || (rest[1] != '\\' && rest[1] != '"' && rest[1] != 'n')) {
              return wrong(line, "not an escape");
            }
            value += rest[0];
            rest.remove_prefix(1);
          }
          value += rest[0];
          rest.remove_prefix(1);
        }
        if (rest.empty()) return wrong(line, "a label without end");
        rest.remove_prefix(1);
        if (!labels.insert(label).second) wrong(line, "a label twice");
        if (label == "le") {
          bound = value;
        } else {
          series += label + "=" + value + ";";
        }
        if (rest.starts_with(',')) {
          rest.remove_prefix(1);
        } else if (rest.starts_with('}')) {
          rest.remove_prefix(1);
          break;
        } else {
          return wrong(line, "neither , nor } after a label");
        }
      }
    }
    if (!rest.starts_with(' ')) return wrong(line, "no space before the value");
    rest.remove_prefix(1);
    const std::string text(rest);
    char* end = nullptr;
    const double number = std::strtod(text.c_str(), &end);
    if (text.empty() || *end != '\0') return wrong(line, "not a number");
    if (!values_.emplace(line.substr(0, line.size() - text.size() - 1), text).second) wrong(line, "a sample twice");
    if (type_ != "gauge" && number < 0) wrong(line, "below zero");
    if (type_ != "histogram") {
      if (name != family_) wrong(line, "not of the family before it");
      return;
    }
    Buckets& buckets = buckets_[series];
    if (name == family_ + "_bucket") {
      if (bound.empty()) return wrong(line, "a bucket without le");
      const double le = bound == "+Inf" ? HUGE_VAL : std::strtod(bound.c_str(), &end);
      if (buckets.any && (le <= buckets.le || number < buckets.number)) wrong(line, "buckets do not grow");
      buckets = {true, le, number, buckets.counted};
    } else if (name == family_ + "_count") {
      buckets.counted = true;
      if (!buckets.any || buckets.le != HUGE_VAL) wrong(line, "no bucket +Inf before the count");
      if (number != buckets.number) wrong(line, "the count is not that of +Inf");
    } else if (name != family_ + "_sum") {
      wrong(line, "not of the family before it");
    }
  }

  void end_family() {
    for (const auto& [series, buckets] : buckets_) {
      if (!buckets.counted) wrong(family_ + " " + series, "a histogram without count");
    }
    buckets_.clear();
    family_.clear();
    type_.clear();
  }

  struct Buckets {
    bool any = false;
    double le = 0;
    double number = 0;
    bool counted = false;
  };
  std::string helped_;
  std::string family_;
  std::string type_;
  std::set<std::string> families_;
  std::map<std::string, Buckets> buckets_;
  std::map<std::string, std::string, std::less<>> values_;
  std::vector<std::string> mistakes_;
};

}  // namespace ktape::test
