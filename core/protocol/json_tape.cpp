#include "core/protocol/json_tape.hpp"

#include <fmt/format.h>
#include <rapidjson/error/en.h>
#include <rapidjson/memorystream.h>
#include <rapidjson/reader.h>

namespace ktape {
namespace {

constexpr unsigned kParseFlags = rapidjson::kParseNumbersAsStringsFlag | rapidjson::kParseValidateEncodingFlag;
constexpr std::size_t kExcerptBytes = 64;

}  // namespace

const JsonNode* find_member(const JsonNode& object, std::string_view name) {
  const JsonNode* found = nullptr;
  for_each_member(object, [&](std::string_view member, const JsonNode& value) {
    if (member == name) found = &value;
  });
  return found;
}

std::string excerpt(std::string_view text) {
  std::string out;
  for (const char c : text.substr(0, kExcerptBytes)) {
    if (c >= ' ' && c <= '~') {
      out.push_back(c);
    } else {
      out += fmt::format("\\x{:02x}", static_cast<unsigned char>(c));
    }
  }
  if (text.size() > kExcerptBytes) out += "...";
  return out;
}

std::string describe(const JsonNode& node) {
  switch (node.kind) {
    case JsonKind::Null:
      return "null";
    case JsonKind::False:
      return "false";
    case JsonKind::True:
      return "true";
    case JsonKind::Number:
      return excerpt(node.text());
    case JsonKind::String:
      return '"' + excerpt(node.text()) + '"';
    case JsonKind::Object:
      return "an object";
    case JsonKind::Array:
      return "an array";
  }
  return "unknown";
}

// RapidJSON's handler. Returning false ends the reading; `limit` then says why.
class JsonTape::Builder {
 public:
  explicit Builder(JsonTape& tape) : tape_(tape) {}

  Result<void> read(std::string_view text) {
    limit_ = {};
    rapidjson::MemoryStream stream(text.data(), text.size());
    stream_ = &stream;
    const auto result = reader_.Parse<kParseFlags>(stream, *this);
    if (!limit_.empty()) return fail(Errc::Limit, std::string(limit_));
    if (result.IsError()) {
      return fail(Errc::Parse, fmt::format("not JSON at byte {} ({}): '{}'", result.Offset(),
                                           rapidjson::GetParseError_En(result.Code()), excerpt(text)));
    }
    return {};
  }

  bool Null() { return add(JsonKind::Null, {}); }
  bool Bool(bool value) { return add(value ? JsonKind::True : JsonKind::False, {}); }
  bool RawNumber(const char* text, rapidjson::SizeType length, bool) { return add(JsonKind::Number, {text, length}); }
  bool String(const char* text, rapidjson::SizeType length, bool) { return add(JsonKind::String, {text, length}); }
  bool Key(const char* text, rapidjson::SizeType length, bool) { return add(JsonKind::String, {text, length}); }
  bool StartObject() { return open(JsonKind::Object); }
  bool StartArray() { return open(JsonKind::Array); }
  bool EndObject(rapidjson::SizeType) { return close(); }
  bool EndArray(rapidjson::SizeType) { return close(); }

  // The interface asks for these; with numbers as text they are never called.
  bool Int(int) { return false; }
  bool Uint(unsigned) { return false; }
  bool Int64(std::int64_t) { return false; }
  bool Uint64(std::uint64_t) { return false; }
  bool Double(double) { return false; }

 private:
  bool add(JsonKind kind, std::string_view text) {
    if (tape_.nodes_.size() >= tape_.limits_.max_nodes) {
      limit_ = "too many values in one message";
      return false;
    }
    const char* const begin = tape_.characters_.data() + tape_.characters_.size();
    tape_.characters_.append(text);
    tape_.nodes_.push_back(
        {.begin = begin, .length = static_cast<std::uint32_t>(text.size()), .span = 1, .kind = kind});
    return true;
  }

  bool open(JsonKind kind) {
    // RapidJSON's reader recurses: this bound keeps it off the end of the call stack.
    if (tape_.open_.size() >= static_cast<std::size_t>(tape_.limits_.max_depth)) {
      limit_ = "values nested too deeply";
      return false;
    }
    const auto index = static_cast<std::uint32_t>(tape_.nodes_.size());
    tape_.open_.push_back(index);
    if (!add(kind, {})) return false;
    tape_.nodes_[index].begin = stream_->src_ - 1;  // the reader stands behind the bracket
    return true;
  }

  bool close() {
    const std::uint32_t index = tape_.open_.back();
    tape_.open_.pop_back();
    JsonNode& node = tape_.nodes_[index];
    node.span = static_cast<std::uint32_t>(tape_.nodes_.size()) - index;
    node.length = static_cast<std::uint32_t>(stream_->src_ - node.begin);
    return true;
  }

  JsonTape& tape_;
  const rapidjson::MemoryStream* stream_ = nullptr;  // while reading
  rapidjson::Reader reader_;                         // keeps its stack from text to text
  std::string_view limit_;
};

JsonTape::JsonTape(JsonLimits limits) : limits_(limits), builder_(std::make_unique<Builder>(*this)) {}
JsonTape::~JsonTape() = default;

Result<void> JsonTape::parse(std::string_view text) {
  nodes_.clear();
  open_.clear();
  characters_.clear();
  if (text.size() > limits_.max_bytes) {
    return fail(Errc::Limit, fmt::format("a message of {} bytes, at most {} are read", text.size(), limits_.max_bytes));
  }
  // RapidJSON takes a NUL for the end of the text and would ignore what follows.
  if (const auto nul = text.find('\0'); nul != std::string_view::npos) {
    return fail(Errc::Parse, fmt::format("not JSON at byte {} (a NUL character): '{}'", nul, excerpt(text)));
  }
  // Decoded text is never longer than its source.
  characters_.reserve(text.size());
  auto result = builder_->read(text);
  if (result && nodes_.front().kind >= JsonKind::Object) {
    nodes_.front().begin = text.data();
    nodes_.front().length = static_cast<std::uint32_t>(text.size());
  }
  return result;
}

}  // namespace ktape
