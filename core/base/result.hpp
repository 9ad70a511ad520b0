#pragma once

#include <string>
#include <string_view>
#include <utility>

#include <tl/expected.hpp>

namespace ktape {

// What kind of trouble it was; a caller may decide by it. The text for people is in Error::detail.
enum class Errc {
  InvalidArgument,  // the caller or the user asked for something that makes no sense
  Parse,            // text that is not what its format says
  Protocol,         // well-formed, but against the rules of the conversation
  Checksum,         // a checksum does not fit what it covers
  Sequence,         // a number that should follow the one before does not: something was lost
  Corrupt,          // stored data that is damaged
  Unsupported,      // a version, feature or channel that this program does not know
  Limit,            // larger, deeper or more than allowed
  NotFound,
  Io,       // the operating system refused: disk, socket, file
  Tls,      // a certificate or a handshake
  Timeout,  // real time ran out
};

std::string_view to_string(Errc code);

struct Error {
  Errc code;
  std::string detail;  // what, where, and the offending value: a sentence that can be shown as it is
};

// Bad input and I/O travel as values. A bug is KTAPE_ASSERT, a lost connection is a Closed frame.
template <class T>
using Result = tl::expected<T, Error>;

inline tl::unexpected<Error> fail(Errc code, std::string detail) {
  return tl::unexpected<Error>(Error{code, std::move(detail)});
}

}  // namespace ktape
