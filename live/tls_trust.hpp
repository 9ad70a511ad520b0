#pragma once

#include <memory>
#include <string>

#include <boost/asio/ssl/context.hpp>

#include "core/base/result.hpp"

namespace ktape {

// What a client accepts: TLS 1.2 and later, and certificates from the authorities given, a PEM file, PEM text or both.
// They replace the system's; if neither is given, the system's are trusted.
Result<std::unique_ptr<boost::asio::ssl::context>> make_client_tls(const std::string& ca_file,
                                                                   const std::string& ca_pem);

}  // namespace ktape
