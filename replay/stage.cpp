#include "replay/stage.hpp"

#include <utility>

namespace ktape {

class ClientStage::Line final : public EventSink {
 public:
  Line(ClientStage& stage, ConnectionId connection) : stage_(stage), connection_(connection) {}
  void on_event(const Event& event) override {
    if (!stage_.past_) ++stage_.events_;
    stage_.on_event_({connection_, event, stage_.clock_.now() + stage_.shift_, stage_.past_});
  }

 private:
  ClientStage& stage_;
  ConnectionId connection_;
};

ClientStage::ClientStage(RecordedClients::DialectOf dialect_of, ClientOptions options, Duration shift, OnEvent on_event)
    : shift_(shift),
      on_event_(std::move(on_event)),
      clients_(
          std::move(dialect_of), clock_,
          [this](ConnectionId connection) -> EventSink& {
            auto& line = lines_[connection];
            line = std::make_unique<Line>(*this, connection);
            return *line;
          },
          std::move(options)) {}

ClientStage::~ClientStage() = default;

}  // namespace ktape
