#include "scenario/journal.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "core/base/json_text.hpp"

namespace ktape::scenario {
namespace {

constexpr std::array<std::string_view, 13> kEvents{"connect", "refusal", "message", "ping", "pong",  "close", "sent",
                                                   "call",    "fault",   "engine",  "step", "clock", "note"};

std::size_t bytes_of(const JournalEntry& entry) {
  std::size_t bytes = sizeof(JournalEntry) + entry.text.size() + entry.name.size() + entry.path.size();
  for (const std::string& symbol : entry.symbols) bytes += sizeof(std::string) + symbol.size();
  return bytes;
}

void cut(std::string& text, std::size_t limit) {
  if (text.size() <= limit) return;
  // Not within a character.
  while (limit > 0 && (static_cast<unsigned char>(text[limit]) & 0xC0U) == 0x80U) --limit;
  text.resize(limit);
  text += "...";
}

class Members {
 public:
  explicit Members(std::string& out) : out_(out) {}

  void text(std::string_view name, std::string_view value) {
    if (value.empty()) return;
    begin(name);
    append_json_string(out_, value);
  }
  template <class Number>
  void number(std::string_view name, Number value) {
    begin(name);
    out_ += fmt::format("{}", value);
  }
  void texts(std::string_view name, const std::vector<std::string>& values) {
    if (values.empty()) return;
    begin(name);
    out_ += '[';
    for (const std::string& value : values) {
      if (out_.back() != '[') out_ += ',';
      append_json_string(out_, value);
    }
    out_ += ']';
  }

 private:
  void begin(std::string_view name) {
    out_ += out_.back() == '{' ? "\"" : ",\"";
    out_ += name;
    out_ += "\":";
  }
  std::string& out_;
};

}  // namespace

std::string_view to_string(JournalEvent event) { return kEvents.at(static_cast<std::size_t>(event)); }

std::optional<JournalEvent> parse_journal_event(std::string_view word) {
  const auto* const found = std::find(kEvents.begin(), kEvents.end(), word);
  if (found == kEvents.end()) return std::nullopt;
  return static_cast<JournalEvent>(found - kEvents.begin());
}

std::string journal_event_words() { return fmt::format("{}", fmt::join(kEvents, ", ")); }

std::string to_json(const JournalEntry& entry) {
  std::string out = "{";
  Members members(out);
  if (entry.number != 0) members.number("number", entry.number);
  members.text("at", format_rfc3339(entry.at));
  members.text("event", to_string(entry.event));
  if (entry.connection != 0) members.number("connection", entry.connection);
  members.text("host", entry.host);
  members.text("path", entry.path);
  members.text("by", entry.by);
  members.text("name", entry.name);
  members.text("method", entry.method);
  members.text("channel", entry.channel);
  members.texts("symbols", entry.symbols);
  if (entry.success) members.number("success", *entry.success);
  if (entry.code) members.number("code", *entry.code);
  members.text("text", entry.text);
  out += '}';
  return out;
}

std::string describe(const JournalEntry& entry) {
  std::string out(to_string(entry.event));
  if (entry.connection != 0) {
    out += fmt::format(" {} connection {}", entry.event == JournalEvent::Sent ? "to" : "of", entry.connection);
  }
  if (!entry.by.empty()) out += fmt::format(" by {}", entry.by);
  std::vector<std::string_view> words;
  for (const std::string_view word :
       {std::string_view(entry.name), std::string_view(entry.host), std::string_view(entry.method),
        std::string_view(entry.path), std::string_view(entry.channel)}) {
    if (!word.empty()) words.push_back(word);
  }
  for (const std::string& symbol : entry.symbols) {
    if (words.size() >= 8) break;
    words.push_back(symbol);
  }
  const std::string code = entry.code ? fmt::format("{}", *entry.code) : "";
  if (!code.empty()) words.push_back(code);
  const bool tells_text = entry.event != JournalEvent::Message && entry.event != JournalEvent::Sent;
  std::string text = tells_text || words.empty() ? entry.text : "";
  cut(text, 80);
  if (!text.empty()) words.push_back(text);
  if (!words.empty()) out += fmt::format(": {}", fmt::join(words, " "));
  return out;
}

void Journal::add(JournalEntry entry) {
  if (finished_) return;
  entry.at = clock_.now();
  entry.text = secrets_.hide(entry.text);
  cut(entry.text, options_.max_text_bytes);
  const bool kept = entry.event != JournalEvent::Sent || options_.keep_sent;
  entry.number = kept ? ++total_ : 0;
  if (kept) keep(entry);
  if (listeners_.empty()) return;
  untold_.push_back(std::move(entry));
  if (std::exchange(telling_, true)) return;
  for (; !untold_.empty(); untold_.pop_front()) {
    const JournalEntry& told = untold_.front();
    for (JournalListener* const listener : listeners_) {
      if (told.number != 0 || listener->wants_sent()) listener->on_entry(told);
    }
  }
  telling_ = false;
}

bool Journal::wants_sent() const {
  return options_.keep_sent || std::any_of(listeners_.begin(), listeners_.end(),
                                           [](const JournalListener* listener) { return listener->wants_sent(); });
}

void Journal::keep(const JournalEntry& entry) {
  if (line_) line_(to_json(entry) + "\n");
  entries_.push_back(entry);
  bytes_ += bytes_of(entry);
  while (entries_.size() > options_.max_entries || (bytes_ > options_.max_bytes && entries_.size() > 1)) {
    bytes_ -= bytes_of(entries_.front());
    entries_.pop_front();
  }
}

void Journal::clear() {
  cleared_ = total_;
  entries_.clear();
  bytes_ = 0;
}

}  // namespace ktape::scenario
