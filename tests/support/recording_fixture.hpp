#pragma once

#include <memory>
#include <string>
#include <vector>

#include "core/base/assert.hpp"
#include "core/base/virtual_clock.hpp"
#include "core/session/journal.hpp"
#include "core/session/recovery.hpp"
#include "recorder/recording.hpp"
#include "replay/session_files.hpp"
#include "tests/support/memory_file_system.hpp"
#include "tests/support/session_fixture.hpp"

namespace ktape::test {

inline RecordingOptions recording_options(std::string path, std::size_t chunk_bytes = 4'000) {
  RecordingOptions options;
  options.path = std::move(path);
  options.info = test_info();
  options.writer = plain_options(chunk_bytes);
  options.journal_bytes = 64U << 10;
  return options;
}

// Opens a segment out of `files`, with its journal.
inline Result<std::unique_ptr<SessionReader>> open_in(const MemoryFileSystem::Files& files, const std::string& name) {
  const auto file = files.find(name);
  if (file == files.end()) return fail(Errc::NotFound, name + " is not there");
  std::unique_ptr<ByteSource> journal;
  if (const auto beside = files.find(journal_path(name)); beside != files.end()) {
    journal = std::make_unique<MemorySource>(beside->second);
  }
  return SessionReader::open(std::make_unique<MemorySource>(file->second), std::move(journal));
}

// The session that all *.ktape files make.
inline Result<std::unique_ptr<SegmentedSource>> session_in(const MemoryFileSystem::Files& files) {
  std::vector<std::string> names;
  for (const auto& [name, content] : files) {
    if (name.ends_with(".ktape")) names.push_back(name);
  }
  return SegmentedSource::open(names, [&files](const std::string& name) { return open_in(files, name); });
}

inline std::vector<OwnedFrame> all_frames(FrameSource& source) {
  std::vector<OwnedFrame> frames;
  while (true) {
    const auto frame = source.next();
    KTAPE_ASSERT(frame.has_value(), "memory never fails");
    if (!*frame) return frames;
    frames.emplace_back(**frame);
  }
}

inline std::vector<OwnedFrame> frames_in(const MemoryFileSystem::Files& files) {
  auto session = session_in(files);
  return session ? all_frames(**session) : std::vector<OwnedFrame>();
}

}  // namespace ktape::test
