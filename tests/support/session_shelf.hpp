#pragma once

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "core/session/session_reader.hpp"
#include "core/session/session_writer.hpp"
#include "replay/session_set.hpp"
#include "tests/support/memory_bytes.hpp"
#include "tests/support/session_fixture.hpp"

namespace ktape::test {

struct SegmentOnShelf {
  std::string session;
  std::string dialect = "spot-v2";
  std::uint32_t segment = 0;
  std::uint64_t first_sequence = 0;
};

// Recordings in memory, by name, for who opens several.
class SessionShelf {
 public:
  void put(const std::string& name, const std::vector<OwnedFrame>& frames, const SegmentOnShelf& about) {
    const MemoryFile file = memory_file();
    SessionInfo info = test_info();
    info.session_id = about.session;
    info.dialect = about.dialect;
    info.segment = about.segment;
    info.first_sequence = about.first_sequence;
    if (!frames.empty()) info.created_at = frames.front().at;
    auto options = plain_options(8U << 10);
    options.compression_level = 1;
    auto writer = SessionWriter::create(std::make_unique<MemorySink>(file), nullptr, info, options).value();
    for (const OwnedFrame& frame : frames) writer->on_frame(frame.frame());
    EXPECT_TRUE(writer->finish().has_value());
    files_[name] = *file;
  }
  void put_bytes(const std::string& name, std::string bytes) { files_[name] = std::move(bytes); }

  SessionSet::Opener opener() const {
    return [this](const std::string& name) -> Result<std::unique_ptr<SessionReader>> {
      const auto found = files_.find(name);
      if (found == files_.end()) return fail(Errc::NotFound, "cannot open " + name);
      return SessionReader::open(std::make_unique<MemorySource>(found->second));
    };
  }
  Result<std::unique_ptr<SessionSet>> open(const std::vector<std::string>& names) const {
    return SessionSet::open(names, opener());
  }

 private:
  std::map<std::string, std::string> files_;
};

inline std::vector<OwnedFrame> frames_left(FrameSource& source) {
  std::vector<OwnedFrame> all;
  while (const auto frame = source.next().value()) all.emplace_back(*frame);
  return all;
}

}  // namespace ktape::test
