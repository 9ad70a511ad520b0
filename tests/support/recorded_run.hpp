#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "core/client/client.hpp"
#include "core/client/event_log.hpp"
#include "core/protocol/spot_v2/codec.hpp"
#include "core/session/session_reader.hpp"
#include "core/session/session_writer.hpp"
#include "recorder/recording_transport.hpp"
#include "tests/support/memory_bytes.hpp"

namespace ktape::test {

// A frame that can be kept and compared.
struct KeptFrame {
  Timestamp at;
  Direction direction;
  FrameKind kind;
  std::string payload;
  friend bool operator==(const KeptFrame&, const KeptFrame&) = default;
};

// The frames of a recording, the first of which (Opened) tells a URL that differs from run to run.
inline std::vector<KeptFrame> frames_of(const std::string& recording) {
  auto reader = SessionReader::open(std::make_unique<MemorySource>(recording)).value();
  std::vector<KeptFrame> all;
  while (const auto frame = reader->next().value()) {
    all.push_back({frame->at, frame->direction, frame->kind,
                   frame->kind == FrameKind::Opened ? std::string() : std::string(frame->payload)});
  }
  return all;
}

// A client on some transport, recorded, with its event log: one end of every run that is compared.
class RecordedRun {
 public:
  RecordedRun(Transport& inner, TimerService& timers, std::span<const Subscription> subscriptions,
              ClientOptions options)
      : log_(timers, [this](std::string_view line) { events_ += line; }),
        writer_(SessionWriter::create(std::make_unique<MemorySink>(file_), nullptr, info(), verbatim()).value()),
        transport_(inner, *writer_),
        client_(transport_, codec_, timers, log_.of(ConnectionId{1}), std::move(options)) {
    for (const Subscription& each : subscriptions) client_.subscribe(each);
    client_.start();
  }

  Client& client() { return client_; }
  const std::string& events() const { return events_; }

  // Seals the recording and returns its bytes.
  const std::string& recording() {
    if (!std::exchange(sealed_, true)) {
      EXPECT_TRUE(writer_->finish().has_value());
    }
    return *file_;
  }

 private:
  static SessionInfo info() {
    SessionInfo about;
    about.session_id = "determinism";
    about.writer = "test";
    return about;
  }
  static SessionWriterOptions verbatim() {
    SessionWriterOptions options;
    options.compression_level = 1;
    options.redaction = Redaction::None;
    return options;
  }

  std::string events_;
  EventLog log_;
  MemoryFile file_ = memory_file();
  std::unique_ptr<SessionWriter> writer_;
  bool sealed_ = false;
  RecordingTransport transport_;
  spot_v2::SpotV2Codec codec_;
  Client client_;
};

}  // namespace ktape::test
