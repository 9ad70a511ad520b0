#pragma once

#include <string>
#include <string_view>
#include <utility>

#include <capnp/message.h>
#include <capnp/serialize.h>
#include <fmt/format.h>
#include <kj/exception.h>

#include "core/base/result.hpp"
#include "core/session/session.capnp.h"
#include "core/session/stream_table.hpp"

// Included by sources of core/session only: Cap'n Proto does not leave this folder.
namespace ktape {

inline std::string to_bytes(capnp::MessageBuilder& message) {
  const auto words = capnp::messageToFlatArray(message);
  const auto bytes = words.asBytes();
  return {reinterpret_cast<const char*>(bytes.begin()), bytes.size()};
}

inline std::string_view view(capnp::Text::Reader text) { return {text.begin(), text.size()}; }
inline capnp::Text::Reader text(const std::string& value) { return {value.c_str(), value.size()}; }

// While it lives, Cap'n Proto looks up no stack trace for a message that it refuses: that costs more than to read it.
class WithoutStackTraces final : public kj::ExceptionCallback {
 public:
  StackTraceMode stackTraceMode() override { return StackTraceMode::NONE; }
};

// Runs `read(Struct::Reader)` over a message of untrusted origin, whose bytes are aligned to words. Reading may visit
// each word once and a few pointers twice: a message that makes it visit more is refused, and so is any other nonsense.
template <class Struct, class Read>
auto read_message(const char* aligned, std::size_t bytes, Read&& read)
    -> decltype(read(std::declval<typename Struct::Reader>())) {
  if (bytes % sizeof(capnp::word) != 0) {
    return fail(Errc::Corrupt, fmt::format("a Cap'n Proto message of {} bytes is not made of whole words", bytes));
  }
  const WithoutStackTraces quick;
  try {
    const kj::ArrayPtr<const capnp::word> words(reinterpret_cast<const capnp::word*>(aligned),
                                                bytes / sizeof(capnp::word));
    capnp::ReaderOptions options;
    options.traversalLimitInWords = 2 * words.size() + 1024;
    capnp::FlatArrayMessageReader message(words, options);
    return read(message.getRoot<Struct>());
  } catch (const kj::Exception& exception) {
    return fail(Errc::Corrupt, fmt::format("not a valid Cap'n Proto message: {}", exception.getDescription().cStr()));
  }
}

template <class Message>
void write_streams(const StreamList& list, Message message) {
  // The order in which the lists are made is their order in the bytes, which no compiler shall decide: not two
  // arguments of one call.
  auto names = message.initNames(static_cast<unsigned>(list.names.size()));
  auto streams = message.initStreams(static_cast<unsigned>(list.streams.size()));
  for (unsigned i = 0; i < list.streams.size(); ++i) {
    const StreamKey& key = list.streams[i];
    auto stream = streams[i];
    stream.setConnection(key.connection);
    stream.setChannel(key.channel);
    stream.setSymbol(key.symbol);
    stream.setDirection(key.direction);
    stream.setKind(key.kind);
  }
  for (unsigned i = 0; i < list.names.size(); ++i) names.set(i, text(list.names[i]));
}

// Checks every index and enumerator on the way.
inline Result<StreamList> read_streams(capnp::List<schema::Stream>::Reader streams,
                                       capnp::List<capnp::Text>::Reader names) {
  StreamList list;
  for (const auto name : names) list.names.emplace_back(view(name));
  for (const auto stream : streams) {
    const StreamKey key{stream.getConnection(), stream.getChannel(), stream.getSymbol(), stream.getDirection(),
                        stream.getKind()};
    if (key.channel >= list.names.size() || key.symbol >= list.names.size()) {
      return fail(Errc::Corrupt, fmt::format("a stream names channel {} and symbol {} of {} names", key.channel,
                                             key.symbol, list.names.size()));
    }
    if (key.direction > static_cast<std::uint8_t>(Direction::ToExchange) ||
        key.kind > static_cast<std::uint8_t>(FrameKind::Closed)) {
      return fail(Errc::Corrupt,
                  fmt::format("a stream has the unknown direction {} or kind {}", key.direction, key.kind));
    }
    list.streams.push_back(key);
  }
  return list;
}

}  // namespace ktape
