#include "replay/recorded_connections.hpp"

#include "core/base/assert.hpp"

namespace ktape {

class RecordedConnections::End final : public Transport {
 public:
  End(RecordedConnections& owner, ConnectionId connection) : owner_(owner), connection_(connection) {}
  ~End() override { owner_.taken_.erase(connection_); }

  void connect(const Endpoint&, FrameSink& inbound) override { inbound_ = &inbound; }
  void send(std::string_view) override {}
  void close(const CloseInfo&) override {}

  FrameSink* inbound() const { return inbound_; }

 private:
  RecordedConnections& owner_;
  ConnectionId connection_;
  FrameSink* inbound_ = nullptr;
};

std::unique_ptr<Transport> RecordedConnections::take(ConnectionId connection) {
  KTAPE_ASSERT(!taken_.contains(connection), "a recorded connection is taken by one client at a time");
  auto end = std::make_unique<End>(*this, connection);
  taken_.emplace(connection, end.get());
  return end;
}

void RecordedConnections::on_frame(const Frame& frame) {
  const auto end = taken_.find(frame.connection);
  FrameSink* const heard_by = end == taken_.end() ? nullptr : end->second->inbound();
  if (heard_by == nullptr) {
    ++unheard_;
    return;
  }
  heard_by->on_frame(frame);
}

}  // namespace ktape
