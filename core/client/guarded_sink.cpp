#include "core/client/guarded_sink.hpp"

#include <exception>

#include <fmt/format.h>

namespace ktape {

void GuardedSink::on_event(const Event& event) {
  try {
    events_.on_event(event);
  } catch (const std::exception& thrown) {
    failed(thrown.what());
  } catch (...) {
    failed("something that is no std::exception");
  }
}

void GuardedSink::failed(std::string_view what) {
  ++failures_;
  if (notices_ != nullptr) {
    notices_->failed({Errc::InvalidArgument, fmt::format("an event handler threw: {}", what)});
  }
}

}  // namespace ktape
