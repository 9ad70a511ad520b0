#include "core/protocol/futures/classify.hpp"

#include "core/protocol/futures/feeds.hpp"
#include "core/protocol/json_walker.hpp"

namespace ktape::futures {

Topic classify(std::string_view payload) {
  std::string_view event;
  bool is_data = false;  // only data has one product_id, and no event
  Topic topic;
  JsonWalker(payload).each_member([&](std::string_view name, JsonWalker& value) {
    if (name == "event") return value.take_text(event);
    if (name == "feed") {
      if (!value.take_text(topic.channel)) return false;
      topic.channel = split_feed(topic.channel).feed;
    } else if (name == "product_id") {
      is_data = true;
      if (!value.take_text(topic.symbol)) return false;
    } else if (name == "product_ids") {
      JsonWalker inside = value;
      if (inside.take('[')) inside.take_text(topic.symbol);
      return value.skip_value();
    } else {
      return value.skip_value();
    }
    return !is_data || topic.channel.empty();
  });
  if (!event.empty()) topic.channel = event;
  return topic;
}

}  // namespace ktape::futures
