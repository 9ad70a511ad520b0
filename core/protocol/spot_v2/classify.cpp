#include "core/protocol/spot_v2/classify.hpp"

#include "core/protocol/json_walker.hpp"

namespace ktape::spot_v2 {
namespace {

// The `symbol` of an object, or the first of its list. False once it is found.
bool find_symbol(JsonWalker& walker, std::string_view& symbol) {
  walker.each_member([&](std::string_view name, JsonWalker& value) {
    if (name != "symbol") return value.skip_value();
    value.take('[');
    value.take_text(symbol);
    return false;
  });
  return false;
}

}  // namespace

Topic classify(std::string_view payload) {
  std::string_view method;
  Topic topic;
  JsonWalker(payload).each_member([&](std::string_view name, JsonWalker& value) {
    if (name == "method") return value.take_text(method);
    if (name == "channel") return value.take_text(topic.channel);
    if (name == "symbol") return value.take_text(topic.symbol);
    if (name == "result" || name == "params") {
      // Requests put the method before the params and replies before the result.
      const bool known = !method.empty();
      if (!known) {
        JsonWalker inside = value;
        find_symbol(inside, topic.symbol);
        return value.skip_value();
      }
      return find_symbol(value, topic.symbol);
    }
    if (name == "data") {
      const bool known = !topic.channel.empty();  // pushed data has no method: nothing of use follows
      JsonWalker inside = value;
      if (inside.take('[')) find_symbol(inside, topic.symbol);
      return !known && value.skip_value();
    }
    return value.skip_value();
  });
  if (!method.empty()) topic.channel = method;
  return topic;
}

}  // namespace ktape::spot_v2
