#include "tests/support/client_script.hpp"

#include <sstream>

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace ktape::test {
namespace {

constexpr std::string_view kConnects = "connects";

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

bool has_all_words(std::string_view line, std::string_view words) {
  std::istringstream each{std::string(words)};
  for (std::string word; each >> word;) {
    if (line.find(word) == std::string_view::npos) return false;
  }
  return true;
}

ScriptedExchange::ScriptedExchange(TimerService& timers, std::string_view script) : timers_(timers) {
  std::istringstream lines{std::string(script)};
  int number = 0;
  for (std::string line; std::getline(lines, line);) {
    ++number;
    const auto start = line.find_first_not_of(' ');
    if (start == std::string::npos || line[start] == '#') continue;
    Step step{.line = number, .mark = line[start], .text = {}, .span = {}};
    if (std::string_view("+-<>@~!/").find(step.mark) == std::string_view::npos) {
      ADD_FAILURE() << "line " << number << " of the script begins with none of + - < > @ ~ ! / #: " << line;
      continue;
    }
    if (start + 2 < line.size()) step.text = line.substr(start + 2);
    if (step.mark == '@' || step.mark == '~') {
      const auto span = parse_duration(std::string_view(step.text).substr(1));
      EXPECT_TRUE(span) << "line " << number << ": " << line;
      step.span = span.value_or(Duration::zero());
    }
    steps_.push_back(std::move(step));
  }
  tick();
}

// Keeps time going while it waits for the client: a server that keeps the time stands still as long as nothing is due.
void ScriptedExchange::tick() {
  tick_ = timers_.at(timers_.now() + std::chrono::milliseconds(500), [this](Timestamp) {
    if (!finished()) tick();
  });
}

Duration ScriptedExchange::length() const {
  Duration all{};
  for (const Step& step : steps_) all += step.span;
  return all;
}

void ScriptedExchange::differs(std::string_view what) {
  if (!problem_.empty()) return;
  problem_ = at_ < steps_.size()
                 ? fmt::format("line {}, '{} {}': {}", steps_[at_].line, steps_[at_].mark, steps_[at_].text, what)
                 : fmt::format("after the last line: {}", what);
}

void ScriptedExchange::attach(ConnectionId connection, const Endpoint&, FrameSink& client) {
  connection_ = connection;
  client_ = &client;
  heard_.emplace_back(kConnects);
  // Nothing may be said from inside attach().
  timer_ = timers_.at(timers_.now(), [this](Timestamp) { go_on(); });
}

void ScriptedExchange::on_frame(const Frame& frame) {
  if (frame.connection != connection_) return;
  if (frame.kind == FrameKind::Ping || frame.kind == FrameKind::Pong) return;
  if (ignoring_ && frame.kind == FrameKind::Text) return;
  if (client_ == nullptr) return;  // what was said to a connection that is gone
  if (frame.kind == FrameKind::Closed) {
    client_ = nullptr;
    heard_.push_back("closed " + std::string(frame.payload));
  } else {
    heard_.emplace_back(frame.payload);
  }
  if (!passing_ || heard_.size() > 1) {
    go_on();
  } else {
    differs(fmt::format("the client says {}", heard_.front()));
  }
}

void ScriptedExchange::say(FrameKind kind, std::string_view payload) {
  if (client_ == nullptr) {
    differs("there is no connection");
    return;
  }
  FrameSink& to = *client_;
  if (kind == FrameKind::Closed) client_ = nullptr;
  to.on_frame({timers_.now(), connection_, Direction::FromExchange, kind, payload});
}

void ScriptedExchange::go_on() {
  while (problem_.empty() && at_ < steps_.size() && !passing_) {
    const Step& step = steps_[at_];
    if (step.mark == '!' || step.mark == '/') {
      ++at_;
      continue;
    }
    if (step.mark == '<') {
      const std::string_view text = step.text;
      if (text.starts_with("closed ")) {
        say(FrameKind::Closed, text.substr(7));
      } else {
        say(FrameKind::Text, text);
      }
      ++at_;
      continue;
    }
    if (step.mark == '@' || step.mark == '~') {
      if (step.mark == '@' && !heard_.empty()) {
        differs(fmt::format("before it, the client says {}", heard_.front()));
        return;
      }
      passing_ = true;
      ignoring_ = step.mark == '~';
      timer_ = timers_.at(timers_.now() + step.span, [this](Timestamp) {
        passing_ = false;
        ignoring_ = false;
        ++at_;
        go_on();
      });
      return;
    }
    if (heard_.empty()) return;  // what the client is to say is still to come
    const std::string heard = std::move(heard_.front());
    heard_.pop_front();
    if (step.mark == '+' || step.mark == '-') {
      if (heard != kConnects) {
        differs(fmt::format("a connection was to come, but the client says {}", heard));
        return;
      }
      if (step.mark == '-') {
        say(FrameKind::Closed, step.text);
        heard_.clear();  // what it has said meanwhile
      }
    } else if (!matches(heard, step.text)) {
      differs(fmt::format("the client says {}", heard));
      return;
    }
    ++at_;
  }
}

std::string ScriptedExchange::problem(std::string_view events) const {
  if (!problem_.empty()) return problem_;
  if (at_ < steps_.size()) {
    return fmt::format("line {}, '{} {}' was never reached", steps_[at_].line, steps_[at_].mark, steps_[at_].text);
  }
  std::vector<std::string> lines;
  std::istringstream all{std::string(events)};
  for (std::string line; std::getline(all, line);) lines.push_back(line);
  std::size_t next = 0;
  for (const Step& step : steps_) {
    if (step.mark == '/') {
      for (std::size_t i = next; i < lines.size(); ++i) {
        if (has_all_words(lines[i], step.text)) {
          return fmt::format("line {}: the client tells '{}' after all: {}", step.line, step.text, lines[i]);
        }
      }
    }
    if (step.mark != '!') continue;
    const std::size_t from = next;
    while (next < lines.size() && !has_all_words(lines[next], step.text)) ++next;
    if (next == lines.size()) {
      std::string rest;
      for (std::size_t i = from; i < lines.size(); ++i) rest += "\n  " + lines[i];
      return fmt::format("line {}: the client has not told '{}' after event {} of {}:{}", step.line, step.text, from,
                         lines.size(), rest);
    }
    ++next;
  }
  return {};
}

}  // namespace ktape::test
