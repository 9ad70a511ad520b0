#include "recorder/recording_transport.hpp"

#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace ktape {
namespace {

class ListedSink final : public FrameSink {
 public:
  ListedSink(std::string name, std::vector<std::string>& list) : name_(std::move(name)), list_(list) {}
  void on_frame(const Frame& frame) override {
    list_.push_back(name_ + " " + std::string(to_string(frame.direction)) + " " + std::string(to_string(frame.kind)) +
                    " " + std::string(frame.payload));
  }

 private:
  std::string name_;
  std::vector<std::string>& list_;
};

// Opens at once when it is told to, and echoes what is sent.
class EchoTransport final : public Transport {
 public:
  void connect(const Endpoint& endpoint, FrameSink& inbound) override {
    url_ = endpoint.url();
    inbound_ = &inbound;
  }
  void open() { report(Direction::FromExchange, FrameKind::Opened, url_); }
  void send(std::string_view text) override {
    report(Direction::ToExchange, FrameKind::Text, text);
    report(Direction::FromExchange, FrameKind::Text, text);
  }
  void close(const CloseInfo& why) override { report(Direction::ToExchange, FrameKind::Closed, why.text()); }

 private:
  void report(Direction direction, FrameKind kind, std::string_view payload) {
    inbound_->on_frame({Timestamp{}, ConnectionId{1}, direction, kind, payload});
  }
  std::string url_;
  FrameSink* inbound_ = nullptr;
};

TEST(RecordingTransport, GivesEachFrameToTheRecorderBeforeTheClient) {
  std::vector<std::string> list;
  ListedSink recorder("recorder", list);
  ListedSink client("client", list);
  EchoTransport inner;
  RecordingTransport transport(inner, recorder);
  transport.connect(Endpoint::parse("ws://h:1/v2").value(), client);
  inner.open();
  transport.send("ping");
  transport.close({1000, "done"});
  EXPECT_EQ(list, (std::vector<std::string>{"recorder from_exchange opened ws://h:1/v2",
                                            "client from_exchange opened ws://h:1/v2", "recorder to_exchange text ping",
                                            "client to_exchange text ping", "recorder from_exchange text ping",
                                            "client from_exchange text ping", "recorder to_exchange closed 1000 done",
                                            "client to_exchange closed 1000 done"}));
}

}  // namespace
}  // namespace ktape
