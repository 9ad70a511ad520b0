#pragma once

#include <cstdint>
#include <map>
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

// How a TLS handshake can fail by a server's fault.
enum class TlsTrouble : std::uint8_t {
  NoHandshake,  // the alert handshake_failure where the server's hello was due
  Expired,      // a certificate that was good until the day that the right one began
  WrongName,    // one for another host
  Untrusted,    // one of an authority that nobody knows
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

// The same, and what the same authority would rather not have issued: an expired certificate, one for
// wrong.example.com, and beside them one of another authority. To test with, as MockServerOptions::troubled.
struct TroubledIdentities {
  TlsIdentity good;
  std::map<TlsTrouble, TlsIdentity> troubled;
};
Result<TroubledIdentities> make_troubled_identities(const TlsIdentityOptions& options = {});

// As write_tls_identity() leaves them, or anybody else's PEM files. `ca_file` may be empty.
Result<TlsIdentity> read_tls_identity(const std::string& certificate_file, const std::string& key_file,
                                      const std::string& ca_file = {});

// Writes ca.pem, server.pem and server.key (mode 0600) into a directory that exists.
Result<void> write_tls_identity(const TlsIdentity& identity, const std::string& directory);

}  // namespace ktape
