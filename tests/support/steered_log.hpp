#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "core/market/event_text.hpp"
#include "replay/player.hpp"
#include "replay/steered_player.hpp"

namespace ktape::test {

struct LoggedLine {
  Timestamp at;
  std::string text;
  friend bool operator==(const LoggedLine&, const LoggedLine&) = default;
};

// The events of a steered player that were news, as lines.
class SteeredLog {
 public:
  SteeredPlayer::MakeStage make_stage(ClientOptions options) {
    return [this, options](Duration shift) -> std::unique_ptr<Stage> {
      return std::make_unique<ClientStage>([](ConnectionId) { return Dialect::SpotV2; }, options, shift,
                                           [this](const ClientStage::Heard& heard) {
                                             if (!heard.past) lines.push_back(line_of(heard));
                                           });
    };
  }
  static LoggedLine line_of(const ClientStage::Heard& heard) {
    LoggedLine line{heard.at, {}};
    append_event_text(line.text, heard.at, static_cast<std::uint32_t>(heard.connection), heard.event);
    return line;
  }
  std::vector<LoggedLine> take() { return std::exchange(lines, {}); }

  std::vector<LoggedLine> lines;
};

// What a run that nobody steers tells, and how far it had come with each frame.
struct PlainRun {
  std::vector<LoggedLine> lines;
  std::vector<Timestamp> fronts;        // of each frame: the latest stamp up to it
  std::vector<std::size_t> told_after;  // of each frame: lines by then

  static PlainRun of(FrameSource& source, const ClientOptions& options) {
    PlainRun run;
    ClientStage stage([](ConnectionId) { return Dialect::SpotV2; }, options, {},
                      [&](const ClientStage::Heard& heard) { run.lines.push_back(SteeredLog::line_of(heard)); });
    Player player(source, stage.clock(), stage.frames());
    while (const auto at = player.next_at().value()) {
      run.fronts.push_back(run.fronts.empty() ? *at : std::max(run.fronts.back(), *at));
      EXPECT_TRUE(player.step().value());
      run.told_after.push_back(run.lines.size());
    }
    return run;
  }
  // The first line stamped `at` or later.
  std::size_t line_at(Timestamp at) const {
    std::size_t line = 0;
    while (line < lines.size() && lines[line].at < at) ++line;
    return line;
  }
  // The first line that is told after `frames` frames when somebody jumped there.
  std::size_t line_before_frame(std::size_t frames) const {
    if (frames == fronts.size()) return lines.size();
    const bool begins_an_instant = frames == 0 || fronts[frames] > fronts[frames - 1];
    return begins_an_instant ? line_at(fronts[frames]) : told_after[frames - 1];
  }
};

}  // namespace ktape::test
