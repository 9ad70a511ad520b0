#include "tools/scrub.hpp"

#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "core/base/json_text.hpp"
#include "core/session/secret_finder.hpp"
#include "tools/gap_copier.hpp"

namespace ktape {
namespace {

constexpr std::size_t kShortestValue = 4;
constexpr std::size_t kWindowBytes = std::size_t{1} << 20;

// The value, as JSON text spells it, and as an URL does.
std::vector<std::string> spellings_of(const std::string& value) {
  std::string json;
  append_json_string(json, value);
  json = json.substr(1, json.size() - 2);
  std::string slashes;  // some writers of JSON escape these as well
  for (const char c : json) slashes += c == '/' ? std::string("\\/") : std::string(1, c);
  std::string url;
  for (const char c : value) {
    const bool plain = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' ||
                       c == '_' || c == '.' || c == '~';
    url += plain ? std::string(1, c) : fmt::format("%{:02X}", static_cast<unsigned char>(c));
  }
  std::vector<std::string> all{value, json, slashes, url};
  std::sort(all.begin(), all.end());
  all.erase(std::unique(all.begin(), all.end()), all.end());
  return all;
}

// The name that stands before a value: "token" before the abc of "token":"abc" and of ?token=abc.
std::string name_before(std::string_view payload, std::size_t begin) {
  std::size_t end = begin;
  while (end > 0 && std::string_view("\"\\: =\t[{").find(payload[end - 1]) != std::string_view::npos) --end;
  std::size_t from = end;
  const auto is_name = [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == '-';
  };
  while (from > 0 && end - from < 32 && is_name(payload[from - 1])) --from;
  return std::string(payload.substr(from, end - from));
}

class Search {
 public:
  explicit Search(const std::vector<std::string>& values) {
    for (const std::string& value : values) values_.push_back(spellings_of(value));
    report.values = values.size();
  }

  void search_text(std::string_view what, std::string_view text, const Frame* frame) {
    if (may_hold_secrets(text)) {
      for (const SecretRange& secret : find_secrets(text)) {
        if (is_pseudonym(secret.value)) {
          ++report.pseudonyms;
        } else {
          const std::string name = name_before(text, secret.begin);
          found(frame, name.empty() ? std::string(what) : fmt::format("{}, member '{}'", what, name));
        }
      }
    }
    for (std::size_t i = 0; i < values_.size(); ++i) {
      if (holds(text, i)) found(frame, fmt::format("{}, given value {}", what, i + 1));
    }
  }

  Result<void> search_bytes(ByteSource& in) {
    std::size_t longest = 0;
    for (const auto& spellings : values_) {
      for (const std::string& spelling : spellings) longest = std::max(longest, spelling.size());
    }
    std::string window(kWindowBytes + longest, '\0');
    std::uint64_t offset = 0;
    std::set<std::pair<std::size_t, std::uint64_t>> told;  // windows overlap
    while (true) {
      const auto got = in.read_at(offset, window);
      if (!got) return tl::unexpected<Error>(got.error());
      const std::string_view bytes(window.data(), *got);
      for (std::size_t i = 0; i < values_.size(); ++i) {
        for (const std::string& spelling : values_[i]) {
          for (auto at = bytes.find(spelling); at != bytes.npos; at = bytes.find(spelling, at + 1)) {
            if (!told.insert({i, offset + at}).second) continue;
            found(nullptr, fmt::format("{}, bytes at offset {}, given value {}", in.name(), offset + at, i + 1));
          }
        }
      }
      if (*got < window.size()) {
        report.raw_bytes += offset + *got;
        return {};
      }
      offset += kWindowBytes;
    }
  }

  ScrubReport report;

 private:
  bool holds(std::string_view text, std::size_t value) const {
    return std::any_of(values_[value].begin(), values_[value].end(),
                       [&](const std::string& spelling) { return text.find(spelling) != text.npos; });
  }

  void found(const Frame* frame, std::string place) {
    ++report.found;
    if (report.findings.size() >= ScrubReport::kMaxFindings) return;
    SecretFinding finding{std::nullopt, std::nullopt, std::move(place)};
    if (frame != nullptr) {
      finding.at = frame->at;
      finding.connection = frame->connection;
    }
    report.findings.push_back(std::move(finding));
  }

  std::vector<std::vector<std::string>> values_;
};

}  // namespace

Result<std::vector<std::string>> read_secret_values(std::string_view text) {
  std::vector<std::string> values;
  std::size_t line = 0;
  while (!text.empty()) {
    ++line;
    const auto end = std::min(text.find('\n'), text.size());
    std::string_view value = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (!value.empty() && value.back() == '\r') value.remove_suffix(1);
    if (value.empty()) continue;
    if (value.size() < kShortestValue) {
      return fail(Errc::InvalidArgument, fmt::format("line {}: a value to search for has {} bytes or more, not {}",
                                                     line, kShortestValue, value.size()));
    }
    values.emplace_back(value);
  }
  if (values.empty()) return fail(Errc::InvalidArgument, "there is no value to search for");
  return values;
}

Result<ScrubReport> search_secrets(SessionReader& in, const std::vector<ByteSource*>& raw,
                                   const std::vector<std::string>& values, const WorkSoFar& so_far) {
  Search search(values);
  ScrubReport& report = search.report;
  search.search_text("description", in.info().description, nullptr);
  search.search_text("writer", in.info().writer, nullptr);
  while (true) {
    const auto frames = in.next_chunk();
    if (!frames) return tl::unexpected<Error>(frames.error());
    if (frames->empty()) break;
    for (const Frame& frame : *frames) {
      search.search_text("payload", frame.payload, &frame);
      report.payload_bytes += frame.payload.size();
      ++report.frames;
    }
    if (so_far) so_far(report.payload_bytes);
  }
  for (const Annotation& note : in.annotations()) {
    const Frame place{note.at, note.connection.value_or(ConnectionId{}), Direction::FromExchange, FrameKind::Text,
                      note.text};
    search.search_text("note", note.text, &place);
    ++report.notes;
  }
  for (const Gap& gap : in.gaps()) search.search_text("gap", gap.detail, nullptr);
  for (ByteSource* const file : raw) {
    if (auto done = search.search_bytes(*file); !done) return tl::unexpected<Error>(done.error());
  }
  report.damaged = in.state() == SessionState::Damaged;
  return std::move(report);
}

ValueRedactor::ValueRedactor(const std::vector<std::string>& values, const RedactionKey& key) : names_(key) {
  for (const std::string& value : values) {
    for (std::string& spelling : spellings_of(value))
      replacements_.emplace_back(std::move(spelling), names_.pseudonym(value));
  }
  std::stable_sort(replacements_.begin(), replacements_.end(),
                   [](const auto& a, const auto& b) { return a.first.size() > b.first.size(); });
}

std::string_view ValueRedactor::redact(std::string_view payload) {
  std::string_view text = names_.redact(payload);
  for (const auto& [spelling, pseudonym] : replacements_) {
    for (auto at = text.find(spelling); at != text.npos; at = text.find(spelling, at + pseudonym.size())) {
      std::string changed(text);
      changed.replace(at, spelling.size(), pseudonym);
      copy_ = std::move(changed);
      text = copy_;
    }
  }
  return text;
}

Result<std::uint64_t> scrub_recording(SessionReader& in, SessionWriter& out, ValueRedactor& redactor,
                                      const WorkSoFar& so_far) {
  std::uint64_t changed = 0;
  std::uint64_t bytes = 0;
  const auto clean = [&](std::string_view text) {
    std::string after(redactor.redact(text));
    if (after != text) ++changed;
    return after;
  };
  GapCopier gaps(in, std::nullopt, [&](Gap gap) -> std::optional<Gap> {
    gap.detail = clean(gap.detail);
    return gap;
  });
  while (out.status()) {
    const auto frames = in.next_chunk();
    if (!frames) return tl::unexpected<Error>(frames.error());
    if (frames->empty()) break;
    gaps.copy_until(frames->front().at, out);
    std::vector<std::string> texts;
    std::vector<Frame> made;
    for (const Frame& frame : *frames) {
      bytes += frame.payload.size();
      texts.push_back(clean(frame.payload));
    }
    for (std::size_t i = 0; i < frames->size(); ++i) {
      Frame frame = (*frames)[i];
      frame.payload = texts[i];
      if (in.in_keyframe()) {
        made.push_back(frame);
      } else {
        out.on_frame(frame);
      }
    }
    if (!made.empty()) out.write_keyframe(made);
    if (so_far) so_far(bytes);
  }
  gaps.finish(std::nullopt, out);
  for (Annotation note : in.annotations()) {
    note.text = clean(note.text);
    out.annotate(note);
  }
  if (!out.status()) return tl::unexpected<Error>(out.status().error());
  return changed;
}

}  // namespace ktape
