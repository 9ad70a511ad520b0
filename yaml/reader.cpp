#include "yaml/reader.hpp"

#include <cerrno>
#include <charconv>
#include <cstring>
#include <fstream>
#include <sstream>

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/parser.h>
#include <yaml-cpp/yaml.h>

namespace ktape::yaml {
namespace {

// No value that is shown in an error is longer.
constexpr std::size_t kShown = 64;

}  // namespace

std::string_view kind_of(const YAML::Node& node) {
  if (node.IsMap()) return "a mapping";
  if (node.IsSequence()) return "a sequence";
  if (node.IsScalar()) return "a single value";
  return "nothing";
}

std::string Reader::place(const YAML::Node& node, std::string_view key) const {
  // A node that was made and not read has no line.
  if (node.Mark().is_null()) return fmt::format("{}{}{}", path_, key.empty() ? "" : ": ", key);
  return fmt::format("{}:{}{}{}", path_, node.Mark().line + 1, key.empty() ? "" : ": ", key);
}

tl::unexpected<Error> Reader::wrong(const YAML::Node& node, std::string_view key, std::string_view what) const {
  return fail(Errc::InvalidArgument, fmt::format("{}: {}", place(node, key), what));
}

Result<std::string> Reader::word(const YAML::Node& node, std::string_view key) const {
  if (!node.IsScalar() || node.Scalar().empty()) {
    return wrong(node, key, fmt::format("a value expected, not {}", kind_of(node)));
  }
  return node.Scalar();
}

Result<Decimal> Reader::number(const YAML::Node& node, std::string_view key) const {
  const auto text = word(node, key);
  if (!text) return tl::unexpected<Error>(text.error());
  const auto value = Decimal::parse(*text);
  if (!value) return wrong(node, key, fmt::format("a number expected, not '{}'", text->substr(0, kShown)));
  return *value;
}

Result<bool> Reader::flag(const YAML::Node& node, std::string_view key) const {
  const auto text = word(node, key);
  if (!text) return tl::unexpected<Error>(text.error());
  if (*text != "true" && *text != "false") {
    return wrong(node, key, fmt::format("true or false expected, not '{}'", text->substr(0, kShown)));
  }
  return *text == "true";
}

Result<Duration> Reader::duration(const YAML::Node& node, std::string_view key) const {
  const auto text = word(node, key);
  if (!text) return tl::unexpected<Error>(text.error());
  const auto span = parse_duration(*text);
  if (!span) {
    return wrong(node, key, fmt::format("a time such as 250ms or 1m30s expected, not '{}'", text->substr(0, kShown)));
  }
  return *span;
}

Result<std::uint64_t> Reader::count(const YAML::Node& node, std::string_view key, std::uint64_t least,
                                    std::uint64_t most) const {
  const auto text = word(node, key);
  if (!text) return tl::unexpected<Error>(text.error());
  std::uint64_t value = 0;
  const char* const end = text->data() + text->size();
  const auto read = std::from_chars(text->data(), end, value);
  if (read.ec != std::errc() || read.ptr != end || value < least || value > most) {
    return wrong(node, key,
                 fmt::format("a whole number from {} to {} expected, not '{}'", least, most, text->substr(0, kShown)));
  }
  return value;
}

namespace {

// Looks at what is there, and keeps nothing of it.
class Onlooker final : public YAML::EventHandler {
 public:
  void OnDocumentStart(const YAML::Mark&) override {}
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark&, YAML::anchor_t) override {}
  void OnAlias(const YAML::Mark&, YAML::anchor_t) override {}
  void OnScalar(const YAML::Mark&, const std::string&, YAML::anchor_t, const std::string&) override {}
  void OnSequenceStart(const YAML::Mark&, const std::string&, YAML::anchor_t, YAML::EmitterStyle::value) override {}
  void OnSequenceEnd() override {}
  void OnMapStart(const YAML::Mark&, const std::string&, YAML::anchor_t, YAML::EmitterStyle::value) override {}
  void OnMapEnd() override {}
};

// YAML::LoadAll() finds documents without end in what begins with a comma.
bool has_several_documents(const std::string& text) {
  std::istringstream in(text);
  YAML::Parser parser(in);
  Onlooker nobody;
  return parser.HandleNextDocument(nobody) && parser.HandleNextDocument(nobody);
}

}  // namespace

Result<YAML::Node> parse(std::string_view text, const std::string& path) {
  try {
    const std::string whole(text);
    if (has_several_documents(whole)) {
      return fail(Errc::InvalidArgument, fmt::format("{}: 2 documents in one file, one expected", path));
    }
    return YAML::Load(whole);
  } catch (const YAML::Exception& error) {
    return fail(Errc::InvalidArgument, error.mark.is_null()
                                           ? fmt::format("{}: {}", path, error.msg)
                                           : fmt::format("{}:{}: {}", path, error.mark.line + 1, error.msg));
  }
}

Result<std::string> read_text(const std::string& path, std::size_t max_bytes) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return fail(Errc::Io, fmt::format("cannot read {}: {}", path, std::strerror(errno)));
  std::string text(max_bytes + 1, '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(file.gcount()));
  if (file.bad()) return fail(Errc::Io, fmt::format("cannot read {}: {}", path, std::strerror(errno)));
  if (text.size() > max_bytes)
    return fail(Errc::InvalidArgument, fmt::format("{}: more than {} bytes", path, max_bytes));
  return text;
}

}  // namespace ktape::yaml
