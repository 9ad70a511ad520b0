#include "inspect/difference.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "core/protocol/json_tape.hpp"

namespace ktape {
namespace {

constexpr std::size_t kMaxContextBytes = 4096;  // of one body: enough to show, and a bound for what is kept

std::vector<std::string> differing_parts(const HistoryItem& a, const HistoryItem& b, const CompareOptions& options) {
  std::vector<std::string> parts;
  if (options.compare_times && a.at != b.at) parts.emplace_back("time");
  if (options.compare_connections && a.connection != b.connection) parts.emplace_back("connection");
  if (a.head != b.head) parts.emplace_back("kind");
  if (a.body != b.body) parts.emplace_back("payload");
  return parts;
}

// The last pairs, in memory that is reused.
class Context {
 public:
  explicit Context(std::size_t size) : pairs_(size) {}

  void keep(const HistoryItem& a, const HistoryItem& b) {
    if (pairs_.empty()) return;
    Difference::Pair& place = pairs_[kept_++ % pairs_.size()];
    copy(a, place.a);
    copy(b, place.b);
  }
  std::vector<Difference::Pair> take() {
    if (kept_ < pairs_.size()) {
      pairs_.resize(kept_);
    } else if (!pairs_.empty()) {
      std::rotate(pairs_.begin(), pairs_.begin() + static_cast<std::ptrdiff_t>(kept_ % pairs_.size()), pairs_.end());
    }
    return std::move(pairs_);
  }

 private:
  static void copy(const HistoryItem& from, HistoryItem& to) {
    to.at = from.at;
    to.connection = from.connection;
    to.head = from.head;
    to.body.assign(from.body, 0, kMaxContextBytes);
  }

  std::vector<Difference::Pair> pairs_;
  std::size_t kept_ = 0;
};

// Walks two JSON texts side by side.
class FieldWalk {
 public:
  FieldWalk(std::vector<FieldDifference>& out, std::size_t limit) : out_(out), limit_(limit) {}

  void walk(const JsonNode& a, const JsonNode& b) {
    if (out_.size() >= limit_) return;
    if (a.kind == JsonKind::Object && b.kind == JsonKind::Object) {
      objects(a, b);
    } else if (a.kind == JsonKind::Array && b.kind == JsonKind::Array) {
      arrays(a, b);
    } else if (a.kind != b.kind || a.text() != b.text()) {
      note(describe(a), describe(b));
    }
  }

 private:
  void objects(const JsonNode& a, const JsonNode& b) {
    for_each_member(a, [&](std::string_view name, const JsonNode& value) {
      const JsonNode* const other = find_member(b, name);
      within(member(name), [&] { other == nullptr ? note(describe(value), kNothing) : walk(value, *other); });
    });
    for_each_member(b, [&](std::string_view name, const JsonNode& value) {
      if (find_member(a, name) != nullptr) return;
      within(member(name), [&] { note(kNothing, describe(value)); });
    });
  }

  void arrays(const JsonNode& a, const JsonNode& b) {
    const JsonNode* left = &a + 1;
    const JsonNode* right = &b + 1;
    for (std::size_t i = 0; (left != a.end() || right != b.end()) && out_.size() < limit_; ++i) {
      within(fmt::format("[{}]", i), [&] {
        if (left == a.end()) {
          note(kNothing, describe(*right));
        } else if (right == b.end()) {
          note(describe(*left), kNothing);
        } else {
          walk(*left, *right);
        }
      });
      if (left != a.end()) left = left->end();
      if (right != b.end()) right = right->end();
    }
  }

  std::string member(std::string_view name) const {
    return path_.empty() ? std::string(name) : fmt::format(".{}", name);
  }

  template <class Visit>
  void within(const std::string& step, Visit visit) {
    const std::size_t length = path_.size();
    path_ += step;
    visit();
    path_.resize(length);
  }

  void note(std::string a, std::string b) {
    if (out_.size() < limit_) out_.push_back({path_.empty() ? "(all)" : path_, std::move(a), std::move(b)});
  }

  static constexpr const char* kNothing = "(nothing)";

  std::vector<FieldDifference>& out_;
  std::size_t limit_;
  std::string path_;
};

}  // namespace

Result<Comparison> compare(History& a, History& b, const CompareOptions& options) {
  Comparison result;
  Context context(options.context);
  std::uint64_t bytes = 0;
  HistoryItem left;
  HistoryItem right;
  constexpr std::uint64_t kProgressEvery = 4096;
  for (;;) {
    const auto more_left = a.next(left);
    if (!more_left) return tl::unexpected<Error>(more_left.error());
    const auto more_right = b.next(right);
    if (!more_right) return tl::unexpected<Error>(more_right.error());
    if (!*more_left && !*more_right) return result;
    std::vector<std::string> parts;
    if (*more_left && *more_right) {
      parts = differing_parts(left, right, options);
      if (parts.empty()) {
        context.keep(left, right);
        bytes += left.body.size();
        if (++result.equal % kProgressEvery == 0 && options.progress) options.progress(bytes);
        continue;
      }
    }
    Difference& first = result.first.emplace();
    first.before = context.take();
    first.parts = std::move(parts);
    if (*more_left) first.a = std::move(left);
    if (*more_right) first.b = std::move(right);
    return result;
  }
}

std::vector<FieldDifference> field_differences(std::string_view a, std::string_view b, std::size_t limit) {
  std::vector<FieldDifference> differences;
  JsonTape left;
  JsonTape right;
  if (!left.parse(a) || !right.parse(b)) return differences;
  FieldWalk(differences, limit).walk(left.root(), right.root());
  return differences;
}

}  // namespace ktape
