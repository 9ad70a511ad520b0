#pragma once

#include <string>
#include <string_view>

#include "core/base/json_text.hpp"
#include "core/base/result.hpp"
#include "net/http_message.hpp"

// Private to this folder.
namespace ktape::admin {

inline std::string quoted(std::string_view text) {
  std::string out;
  append_json_string(out, text);
  return out;
}

inline net::HttpResponse answered(unsigned status, std::string body, std::string type = "application/json") {
  if (!body.empty() && body.back() != '\n') body += '\n';
  return {.status = status,
          .reason = {},
          .headers = {{"Content-Type", std::move(type)}, {"Cache-Control", "no-store"}},
          .body = std::move(body)};
}

inline net::HttpResponse refused(unsigned status, std::string_view sentence) {
  return answered(status, "{\"error\":" + quoted(sentence) + "}");
}

// By what kind of trouble it is: the caller's, or that of the moment.
inline net::HttpResponse refused(const Error& error) {
  switch (error.code) {
    case Errc::NotFound:
      return refused(404, error.detail);
    case Errc::Unsupported:
      return refused(409, error.detail);
    default:
      return refused(400, error.detail);
  }
}

}  // namespace ktape::admin
