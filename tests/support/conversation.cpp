#include "tests/support/conversation.hpp"

#include <deque>
#include <map>
#include <sstream>

#include <fmt/format.h>

#include "tests/support/exchange_driver.hpp"

namespace ktape::test {
namespace {

bool matches(std::string_view text, std::string_view pattern) {
  const auto dots = pattern.find("...");
  if (dots == std::string_view::npos) return text == pattern;
  if (text.substr(0, dots) != pattern.substr(0, dots)) return false;
  const auto rest = pattern.substr(dots + 3);
  for (auto at = dots; at <= text.size(); ++at) {
    if (matches(text.substr(at), rest)) return true;
  }
  return false;
}

}  // namespace

std::string play(VirtualClock& clock, Exchange& exchange, std::string_view script) {
  ExchangeDriver driver(clock, exchange);
  std::map<int, ConnectionId> clients;
  // Nobody listens any more when this is over.
  struct Farewell {
    ~Farewell() {
      for (const auto& [number, id] : clients) driver.leave(id);
    }
    ExchangeDriver& driver;
    std::map<int, ConnectionId>& clients;
  } farewell{driver, clients};
  std::map<int, std::deque<std::string>> unheard;
  const auto collect = [&] {
    for (const auto& [number, id] : clients) {
      for (auto& text : driver.take(id)) unheard[number].push_back(std::move(text));
    }
  };
  const auto left_over = [&]() -> std::string {
    for (const auto& [number, texts] : unheard) {
      if (!texts.empty())
        return fmt::format("client {} heard what the script does not tell: {}", number, texts.front());
    }
    return {};
  };

  std::istringstream lines{std::string(script)};
  int line_number = 0;
  for (std::string line; std::getline(lines, line);) {
    ++line_number;
    const auto start = line.find_first_not_of(' ');
    if (start == std::string::npos || line[start] == '#') continue;
    const auto mark = line.find_first_of("<>@", start);
    if (mark == std::string::npos) return fmt::format("line {}: neither >, <, @ nor #: {}", line_number, line);
    const int number = mark == start ? 1 : std::stoi(line.substr(start, mark - start));
    const auto text = mark + 2 < line.size() ? line.substr(mark + 2) : std::string();
    if (line[mark] != '@' && !clients.contains(number)) clients[number] = driver.connect();
    if (line[mark] == '@') {
      collect();
      if (const auto rest = left_over(); !rest.empty()) return fmt::format("before line {}: {}", line_number, rest);
    }
    if (line[mark] == '>') {
      driver.say(clients[number], text);
    } else if (line[mark] == '@') {
      const auto span = parse_duration(std::string_view(text).substr(1));
      if (!span) return fmt::format("line {}: {}", line_number, span.error().detail);
      driver.run_for(*span);
    } else {
      collect();
      auto& heard = unheard[number];
      if (heard.empty()) return fmt::format("line {}: nothing was said, expected: {}", line_number, text);
      if (!matches(heard.front(), text)) {
        return fmt::format("line {}:\n  expected {}\n  heard    {}", line_number, text, heard.front());
      }
      heard.pop_front();
    }
  }
  collect();
  return left_over();
}

}  // namespace ktape::test
