#include <algorithm>
#include <charconv>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "core/base/json_text.hpp"
#include "core/protocol/json_tape.hpp"
#include "import/readers.hpp"

namespace ktape {
namespace {

constexpr JsonLimits kLimits{.max_bytes = kMaxArchiveBytes, .max_nodes = std::size_t{1} << 26U, .max_depth = 64};

// The newest exchange time that a message tells, which stands in for the receive time that nobody wrote down.
class NewestTime final : public EventSink {
 public:
  std::optional<Timestamp> of(Codec& codec, std::string_view message) {
    newest_.reset();
    codec.decode(message, *this);
    return newest_;
  }

 private:
  void on_event(const Event& event) override {
    std::visit(
        [this](const auto& what) {
          if constexpr (requires { what.exchange_time; }) note(what.exchange_time);
          if constexpr (requires { what.time_out; }) note(what.time_out);
        },
        event);
  }
  void note(std::optional<Timestamp> at) {
    if (at && (!newest_ || *at > *newest_)) newest_ = at;
  }

  std::optional<Timestamp> newest_;
};

struct Message {
  std::optional<Timestamp> at;
  ConnectionId connection{1};
  Direction direction = Direction::FromExchange;
  FrameKind kind = FrameKind::Text;
  std::string payload;
};

// Messages without times get some, see Archive.
void fill_in_times(std::vector<Message>& messages, Dialect dialect) {
  const auto codec = make_codec(dialect);
  if (codec) {
    NewestTime newest;
    std::optional<Timestamp> latest;
    for (Message& message : messages) {
      const auto at = newest.of(*codec, message.payload);
      if (at && (!latest || *at > *latest)) latest = at;
      message.at = latest;
    }
    // What comes before the first time came no later than it.
    const auto first =
        std::find_if(messages.begin(), messages.end(), [](const Message& m) { return m.at.has_value(); });
    if (first != messages.end()) {
      for (auto message = messages.begin(); message != first; ++message) message->at = first->at;
      return;
    }
  }
  for (std::size_t i = 0; i < messages.size(); ++i) {
    messages[i].at = from_nanoseconds(static_cast<std::int64_t>(i) * 1000);
  }
}

class JsonArchive final : public Archive {
 public:
  JsonArchive(std::vector<Message> messages, ArchiveFormat format, Dialect dialect)
      : messages_(std::move(messages)), format_(format), dialect_(dialect) {
    has_times_ = std::all_of(messages_.begin(), messages_.end(), [](const Message& m) { return m.at.has_value(); });
    if (!has_times_) fill_in_times(messages_, dialect_);
  }

  ArchiveFormat format() const override { return format_; }
  Dialect dialect() const override { return dialect_; }
  bool has_receive_times() const override { return has_times_; }

  Result<std::optional<Frame>> next() override {
    if (next_ == messages_.size()) return std::optional<Frame>{};
    const Message& message = messages_[next_++];
    return std::optional(Frame{.at = *message.at,
                               .connection = message.connection,
                               .direction = message.direction,
                               .kind = message.kind,
                               .payload = message.payload});
  }

 private:
  std::vector<Message> messages_;
  ArchiveFormat format_;
  Dialect dialect_;
  bool has_times_ = false;
  std::size_t next_ = 0;
};

template <class Enum>
std::optional<Enum> named(std::string_view name, std::initializer_list<Enum> all) {
  for (const Enum one : all) {
    if (to_string(one) == name) return one;
  }
  return std::nullopt;
}

template <class Integer>
std::optional<Integer> integer(const JsonNode* node) {
  Integer value{};
  if (node == nullptr || node->kind != JsonKind::Number) return std::nullopt;
  const std::string_view text = node->text();
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

// "00ff" -> two bytes; nothing for what is empty or no such text.
std::optional<std::string> from_hex(std::string_view digits) {
  if (digits.empty() || digits.size() % 2 != 0) return std::nullopt;
  std::string bytes;
  for (std::size_t i = 0; i < digits.size(); i += 2) {
    unsigned byte = 0;
    const auto [end, error] = std::from_chars(digits.data() + i, digits.data() + i + 2, byte, 16);
    if (error != std::errc{} || end != digits.data() + i + 2) return std::nullopt;
    bytes.push_back(static_cast<char>(byte));
  }
  return bytes;
}

// A line as `ktape cat --format json` prints it; nothing for any other object.
std::optional<Message> read_cat_line(const JsonNode& object) {
  if (object.kind != JsonKind::Object) return std::nullopt;
  const auto text_of = [&](std::string_view name) -> std::string_view {
    const JsonNode* const member = find_member(object, name);
    return member != nullptr && member->kind == JsonKind::String ? member->text() : std::string_view{};
  };
  const JsonNode* const payload = find_member(object, "payload");
  const auto at = integer<std::int64_t>(find_member(object, "at"));
  const auto connection = integer<std::uint32_t>(find_member(object, "connection"));
  const auto direction = named(text_of("direction"), {Direction::FromExchange, Direction::ToExchange});
  const auto kind = named(text_of("kind"), {FrameKind::Opened, FrameKind::Text, FrameKind::Binary, FrameKind::Ping,
                                            FrameKind::Pong, FrameKind::Closed});
  const auto bytes = payload == nullptr ? from_hex(text_of("payload_hex")) : std::nullopt;
  const bool has_payload = payload == nullptr ? bytes.has_value() : payload->kind == JsonKind::String;
  if (!has_payload || !at || !connection || !direction || !kind) return std::nullopt;
  return Message{.at = from_nanoseconds(*at),
                 .connection = ConnectionId{*connection},
                 .direction = *direction,
                 .kind = *kind,
                 .payload = bytes ? *bytes : std::string(payload->text())};
}

// As the exchange writes it: no white space, numbers to the letter.
void write_compact(std::string& out, const JsonNode& node) {
  switch (node.kind) {
    case JsonKind::Null:
      out += "null";
      break;
    case JsonKind::False:
      out += "false";
      break;
    case JsonKind::True:
      out += "true";
      break;
    case JsonKind::Number:
      out += node.text();
      break;
    case JsonKind::String:
      append_json_string(out, node.text());
      break;
    case JsonKind::Object: {
      out.push_back('{');
      bool first = true;
      for_each_member(node, [&](std::string_view name, const JsonNode& value) {
        if (!std::exchange(first, false)) out.push_back(',');
        append_json_string(out, name);
        out.push_back(':');
        write_compact(out, value);
      });
      out.push_back('}');
      break;
    }
    case JsonKind::Array: {
      out.push_back('[');
      bool first = true;
      for_each_element(node, [&](const JsonNode& value) {
        if (!std::exchange(first, false)) out.push_back(',');
        write_compact(out, value);
        return true;
      });
      out.push_back(']');
      break;
    }
  }
}

// An array is a list of messages unless it begins with a number: messages of v1 are arrays themselves.
bool is_list(const JsonNode& node) {
  return node.kind == JsonKind::Array && node.span > 1 && (&node + 1)->kind != JsonKind::Number;
}

void collect(const JsonNode& node, std::vector<Message>& out) {
  if (is_list(node)) {
    for_each_element(node, [&](const JsonNode& element) {
      collect(element, out);
      return true;
    });
    return;
  }
  Message message;
  write_compact(message.payload, node);
  out.push_back(std::move(message));
}

}  // namespace

Result<std::unique_ptr<Archive>> open_json_lines(std::string_view text, Dialect dialect) {
  JsonTape tape(kLimits);
  std::vector<Message> messages;
  std::size_t number = 0;
  for (std::size_t from = 0; from < text.size();) {
    const std::size_t end = std::min(text.find('\n', from), text.size());
    std::string_view line = text.substr(from, end - from);
    from = end + 1;
    ++number;
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (line.empty()) continue;
    if (auto parsed = tape.parse(line); !parsed) {
      return fail(Errc::Parse, fmt::format("JSON lines: line {}: {}", number, parsed.error().detail));
    }
    auto message = read_cat_line(tape.root());
    if (!message) message = Message{.at = {}, .payload = std::string(line)};
    messages.push_back(std::move(*message));
  }
  return std::make_unique<JsonArchive>(std::move(messages), ArchiveFormat::JsonLines, dialect);
}

Result<std::unique_ptr<Archive>> open_json(std::string_view text, Dialect dialect) {
  JsonTape tape(kLimits);
  if (auto parsed = tape.parse(text); !parsed) {
    return fail(Errc::Parse, fmt::format("JSON: {}", parsed.error().detail));
  }
  std::vector<Message> messages;
  const JsonNode* const init = tape.root().kind == JsonKind::Object ? find_member(tape.root(), "init") : nullptr;
  const JsonNode* const updates = init != nullptr ? find_member(tape.root(), "updates") : nullptr;
  if (updates != nullptr) {
    collect(*init, messages);
    collect(*updates, messages);
  } else {
    collect(tape.root(), messages);
  }
  return std::make_unique<JsonArchive>(std::move(messages), ArchiveFormat::Json, dialect);
}

}  // namespace ktape
