#include "core/base/result.hpp"

namespace ktape {

std::string_view to_string(Errc code) {
  switch (code) {
    case Errc::InvalidArgument:
      return "invalid argument";
    case Errc::Parse:
      return "parse error";
    case Errc::Protocol:
      return "protocol error";
    case Errc::Checksum:
      return "checksum error";
    case Errc::Sequence:
      return "sequence error";
    case Errc::Corrupt:
      return "corrupt data";
    case Errc::Unsupported:
      return "unsupported";
    case Errc::Limit:
      return "limit exceeded";
    case Errc::NotFound:
      return "not found";
    case Errc::Io:
      return "input/output error";
    case Errc::Tls:
      return "TLS error";
    case Errc::Timeout:
      return "timed out";
  }
  return "unknown error";
}

}  // namespace ktape
