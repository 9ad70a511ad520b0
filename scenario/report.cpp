#include "scenario/report.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "core/base/json_text.hpp"

namespace ktape::scenario {
namespace {

std::size_t unmet(const Report& report) {
  return static_cast<std::size_t>(std::count_if(report.findings.begin(), report.findings.end(),
                                                [](const Finding& found) { return found.verdict != Verdict::Met; }));
}

// Seconds with three places, cut off.
std::string seconds(Duration span) {
  const auto milliseconds = std::chrono::duration_cast<std::chrono::milliseconds>(std::max(span, Duration{})).count();
  return fmt::format("{}.{:03}", milliseconds / 1000, milliseconds % 1000);
}

// As the text or an attribute of XML, which has no way to say most control characters.
std::string xml(std::string_view text) {
  std::string json;
  append_json_string(json, text);  // what is no UTF-8 has become U+FFFD
  const std::string clean = is_utf8(text) ? std::string(text) : json.substr(1, json.size() - 2);
  std::string out;
  for (const char c : clean) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      case '\n':
        out += "&#10;";
        break;
      default:
        out += static_cast<unsigned char>(c) < 0x20U ? '?' : c;
    }
  }
  return out;
}

// A description of TAP: '#' begins a directive, and it is one line.
std::string tap(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '#' || c == '\\') out += '\\';
    out += static_cast<unsigned char>(c) < 0x20U ? ' ' : c;
  }
  return out;
}

}  // namespace

bool is_clean(const Report& report) { return unmet(report) == 0; }

std::string report_text(const Report& report) {
  std::string out = fmt::format("scenario {}\n", report.name);
  for (const Finding& found : report.findings) {
    out += fmt::format("  {:<6} {}  (+{})\n", to_string(found.verdict), found.name,
                       format_duration(std::max(found.at - report.began_at, Duration{})));
    if (found.verdict != Verdict::Met) out += fmt::format("         {}\n", found.detail);
  }
  const std::size_t missed = unmet(report);
  const std::size_t all = report.findings.size();
  if (all == 0) return out + "  nothing was expected\n";
  return out + (missed == 0 ? fmt::format("  all {} expectations met\n", all)
                            : fmt::format("  {} of {} expectations not met\n", missed, all));
}

std::string report_junit(const Report& report) {
  const std::size_t all = report.findings.size();
  const std::string time = seconds(report.ended_at - report.began_at);
  const std::string name = xml(report.name);
  std::string out = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n";
  const std::string counts =
      fmt::format("tests=\"{}\" failures=\"{}\" errors=\"0\" time=\"{}\"", all, unmet(report), time);
  out += fmt::format("<testsuites name=\"{}\" {}>\n  <testsuite name=\"{}\" {} skipped=\"0\">\n", name, counts, name,
                     counts);
  for (const Finding& found : report.findings) {
    out += fmt::format("    <testcase classname=\"{}\" name=\"{}\" time=\"{}\"", name, xml(found.name),
                       seconds(found.at - report.began_at));
    if (found.verdict == Verdict::Met) {
      out += "/>\n";
    } else {
      out += fmt::format(">\n      <failure type=\"{0}\" message=\"{1}\">{1}</failure>\n    </testcase>\n",
                         to_string(found.verdict), xml(found.detail));
    }
  }
  return out + "  </testsuite>\n</testsuites>\n";
}

std::string report_tap(const Report& report) {
  std::string out = fmt::format("TAP version 14\n1..{}\n", report.findings.size());
  std::size_t number = 0;
  for (const Finding& found : report.findings) {
    const bool met = found.verdict == Verdict::Met;
    out += fmt::format("{} {} - {}\n", met ? "ok" : "not ok", ++number, tap(found.name));
    if (met) continue;
    out += "  ---\n  message: ";
    append_json_string(out, found.detail);
    out += fmt::format("\n  at: +{}\n  ...\n", format_duration(std::max(found.at - report.began_at, Duration{})));
  }
  return out;
}

}  // namespace ktape::scenario
