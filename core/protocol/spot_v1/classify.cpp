#include "core/protocol/spot_v1/classify.hpp"

#include "core/protocol/json_walker.hpp"

namespace ktape::spot_v1 {
namespace {

// Takes a text to pieces from its end.
class BackwardWalker {
 public:
  explicit BackwardWalker(std::string_view text) : rest_(text) {}

  bool take(char wanted) {
    const std::size_t last = rest_.find_last_not_of(" \n\t\r");
    if (last == std::string_view::npos || rest_[last] != wanted) return false;
    rest_ = rest_.substr(0, last);
    return true;
  }

  // Names of pairs and channels have no escapes; one that has is not taken.
  bool take_text(std::string_view& out) {
    if (!take('"')) return false;
    const std::size_t quote = rest_.find_last_of("\"\\");
    if (quote == std::string_view::npos || rest_[quote] == '\\') return false;
    out = rest_.substr(quote + 1);
    rest_ = rest_.substr(0, quote);
    return true;
  }

  // The last object, which holds no other.
  bool skip_flat_object() {
    if (!take('}')) return false;
    const std::size_t open = rest_.rfind('{');
    if (open == std::string_view::npos) return false;
    rest_ = rest_.substr(0, open);
    return true;
  }

 private:
  std::string_view rest_;
};

// [..., "book-10", "XBT/USD"] or [..., "openOrders", {"sequence": 2}]
Topic classify_data(std::string_view payload) {
  BackwardWalker end(payload);
  Topic topic;
  std::string_view name;
  if (!end.take(']')) return {};
  if (!end.take_text(topic.symbol) && !end.skip_flat_object()) return {};
  if (!end.take(',') || !end.take_text(name)) return {};
  topic.channel = name.substr(0, name.find('-'));
  return topic;
}

}  // namespace

std::optional<DataName> data_name(std::string_view payload) {
  DataName out;
  BackwardWalker end(payload);
  const bool named = JsonWalker(payload).take('[') && end.take(']') && end.take_text(out.pair) && end.take(',') &&
                     end.take_text(out.channel_name);
  return named ? std::optional(out) : std::nullopt;
}

Topic classify(std::string_view payload) {
  if (JsonWalker(payload).take('[')) return classify_data(payload);
  Topic topic;
  JsonWalker(payload).each_member([&](std::string_view name, JsonWalker& value) {
    if (name == "event") return value.take_text(topic.channel);
    if (name != "pair") return value.skip_value();
    JsonWalker inside = value;
    inside.take('[');
    inside.take_text(topic.symbol);
    return value.skip_value();
  });
  return topic;
}

}  // namespace ktape::spot_v1
