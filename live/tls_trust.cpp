#include "live/tls_trust.hpp"

#include <fmt/format.h>

namespace ktape {

namespace ssl = boost::asio::ssl;

Result<std::unique_ptr<ssl::context>> make_client_tls(const std::string& ca_file, const std::string& ca_pem) {
  auto context = std::make_unique<ssl::context>(ssl::context::tls_client);
  boost::system::error_code error;
  context->set_options(ssl::context::default_workarounds | ssl::context::no_sslv2 | ssl::context::no_sslv3 |
                           ssl::context::no_tlsv1 | ssl::context::no_tlsv1_1,
                       error);
  if (error) return fail(Errc::Tls, "TLS cannot be set up: " + error.message());
  context->set_verify_mode(ssl::verify_peer, error);
  if (error) return fail(Errc::Tls, "TLS cannot be set up: " + error.message());
  if (ca_file.empty() && ca_pem.empty()) {
    context->set_default_verify_paths(error);
    if (error) return fail(Errc::Tls, "the system's certificate authorities cannot be read: " + error.message());
    return context;
  }
  if (!ca_file.empty()) {
    context->load_verify_file(ca_file, error);
    if (error) {
      return fail(Errc::Tls,
                  fmt::format("certificate authorities cannot be read from '{}': {}", ca_file, error.message()));
    }
  }
  if (!ca_pem.empty()) {
    context->add_certificate_authority(boost::asio::buffer(ca_pem), error);
    if (error) return fail(Errc::Tls, "no certificate authority in the PEM text: " + error.message());
  }
  return context;
}

}  // namespace ktape
