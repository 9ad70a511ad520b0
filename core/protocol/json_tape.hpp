#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.hpp"

namespace ktape {

enum class JsonKind : std::uint8_t { Null, False, True, Number, String, Object, Array };

// One value of a parsed text. Its subtree lies behind it: the next sibling is `this + span`.
struct JsonNode {
  const char* begin = nullptr;  // String: decoded; Number, Object, Array: as written; the root: the whole text
  std::uint32_t length = 0;
  std::uint32_t span = 1;  // nodes of the subtree, this one included
  JsonKind kind = JsonKind::Null;

  std::string_view text() const { return {begin, length}; }
  const JsonNode* end() const { return this + span; }
};

// The last member of that name (the one that counts), or nullptr. `object` is an Object.
const JsonNode* find_member(const JsonNode& object, std::string_view name);

// A value as an error shows it: at most 64 bytes of it, on one line, whatever bytes it holds.
std::string describe(const JsonNode& node);
std::string excerpt(std::string_view text);

struct JsonLimits {
  std::size_t max_bytes = std::size_t{16} << 20;
  std::size_t max_nodes = std::size_t{1} << 20;  // the largest real message has a tenth of that
  int max_depth = 32;
};

// Reads JSON text with RapidJSON's event interface and keeps what it said in one flat sequence, numbers as text: a
// reader of messages can then look at members in any order and report a wrong one before it acts on any. Its memory is
// reused from text to text, so that in the steady state nothing is allocated.
class JsonTape {
 public:
  explicit JsonTape(JsonLimits limits = {});
  ~JsonTape();
  JsonTape(const JsonTape&) = delete;
  JsonTape& operator=(const JsonTape&) = delete;

  // `text` is neither changed nor kept. Errc::Parse names the byte and the reason, Errc::Limit what is too much. The
  // nodes hold until the next call.
  Result<void> parse(std::string_view text);

  const JsonNode& root() const { return nodes_.front(); }

 private:
  class Builder;

  JsonLimits limits_;
  std::vector<JsonNode> nodes_;
  std::vector<std::uint32_t> open_;  // indices of the containers around the current place
  std::string characters_;           // never reallocated while a text is read, since nodes point into it
  std::unique_ptr<Builder> builder_;
};

// Calls visit(name, value) for each member of an Object. One of two equal names is not left out.
template <class Visitor>
void for_each_member(const JsonNode& object, Visitor visit) {
  for (const JsonNode* name = &object + 1; name != object.end(); name = (name + 1)->end()) {
    visit(name->text(), *(name + 1));
  }
}

// Calls visit(value) for each element of an Array until it returns false; returns whether it never did.
template <class Visitor>
bool for_each_element(const JsonNode& array, Visitor visit) {
  for (const JsonNode* value = &array + 1; value != array.end(); value = value->end()) {
    if (!visit(*value)) return false;
  }
  return true;
}

}  // namespace ktape
