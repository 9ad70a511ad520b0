#include "replay/recorded_clients.hpp"

#include <utility>

namespace ktape {

RecordedClients::RecordedClients(DialectOf dialect_of, TimerService& timers, SinkOf sink_of, ClientOptions options)
    : dialect_of_(std::move(dialect_of)), timers_(timers), sink_of_(std::move(sink_of)), options_(std::move(options)) {}

RecordedClients::~RecordedClients() = default;

void RecordedClients::on_frame(const Frame& frame) {
  if (web_requests_.holds(frame)) return;
  if (last_ == nullptr || frame.connection != last_id_) {
    auto& entry = clients_[frame.connection];
    if (!entry) {
      entry = std::make_unique<Entry>(make_codec(dialect_of_(frame.connection)));
      entry->client =
          std::make_unique<Client>(entry->transport, *entry->codec, timers_, sink_of_(frame.connection), options_);
      entry->client->start();
    }
    last_ = entry.get();
    last_id_ = frame.connection;
  }
  last_->transport.on_frame(frame);
}

}  // namespace ktape
