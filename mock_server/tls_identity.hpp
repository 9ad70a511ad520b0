#pragma once

#include <string>
#include <vector>

#include "core/base/result.hpp"
#include "core/base/time.hpp"

namespace ktape {

// Who a server is: PEM texts. `ca` is what clients must be given to trust it.
struct TlsIdentity {
  std::string ca;           // the authority's certificate
  std::string certificate;  // the server's, and what else of its chain it shall send
  std::string key;          // the server's private key
};

// localhost and its addresses, and every host of Kraken's that a client may have built in.
std::vector<std::string> default_tls_names();

struct TlsIdentityOptions {
  std::vector<std::string> names = default_tls_names();  // host names and addresses
  // Relative to the present: machines' clocks differ, and an expired certificate is something to test with.
  Duration valid_from = -std::chrono::hours(24);
  Duration valid_until = std::chrono::hours(24) * 730;
};

// A new authority and a server certificate issued by it (EC P-256, SHA-256). The authority's key is thrown away, so
// nobody can issue anything else in its name.
Result<TlsIdentity> make_tls_identity(const TlsIdentityOptions& options = {});

// As write_tls_identity() leaves them, or anybody else's PEM files. `ca_file` may be empty.
Result<TlsIdentity> read_tls_identity(const std::string& certificate_file, const std::string& key_file,
                                      const std::string& ca_file = {});

// Writes ca.pem, server.pem and server.key (mode 0600) into a directory that exists.
Result<void> write_tls_identity(const TlsIdentity& identity, const std::string& directory);

}  // namespace ktape
