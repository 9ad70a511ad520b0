#include "mock_server/tls_identity.hpp"

#include <array>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <iterator>
#include <memory>

#include <fcntl.h>
#include <fmt/format.h>
#include <openssl/bio.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <sys/stat.h>
#include <unistd.h>

namespace ktape {
namespace {

struct Free {
  void operator()(BIO* p) const { BIO_free_all(p); }
  void operator()(EVP_PKEY* p) const { EVP_PKEY_free(p); }
  void operator()(X509* p) const { X509_free(p); }
  void operator()(X509_EXTENSION* p) const { X509_EXTENSION_free(p); }
  void operator()(BIGNUM* p) const { BN_free(p); }
};
template <class T>
using Owned = std::unique_ptr<T, Free>;

tl::unexpected<Error> openssl_failure(std::string_view what) {
  std::array<char, 256> text{};
  ERR_error_string_n(ERR_get_error(), text.data(), text.size());
  ERR_clear_error();
  return fail(Errc::Tls, fmt::format("{}: {}", what, text.data()));
}

template <class Write>
std::string pem(Write&& write) {
  const Owned<BIO> memory(BIO_new(BIO_s_mem()));
  if (!memory || write(memory.get()) != 1) return {};
  std::string out(BIO_ctrl_pending(memory.get()), '\0');
  const int size = BIO_read(memory.get(), out.data(), static_cast<int>(out.size()));
  out.resize(size > 0 ? static_cast<std::size_t>(size) : 0);
  return out;
}

bool is_address(const std::string& name) {
  ASN1_OCTET_STRING* const address = a2i_IPADDRESS(name.c_str());
  ASN1_OCTET_STRING_free(address);
  return address != nullptr;
}

bool add_extension(X509* subject, X509* issuer, int id, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx_nodb(&context);
  X509V3_set_ctx(&context, issuer, subject, nullptr, nullptr, 0);
  const Owned<X509_EXTENSION> extension(X509V3_EXT_conf_nid(nullptr, &context, id, value.c_str()));
  return extension && X509_add_ext(subject, extension.get(), -1) == 1;
}

// A certificate with everything but extensions and signature.
Owned<X509> blank_certificate(EVP_PKEY* key, const std::string& common_name, const TlsIdentityOptions& options) {
  const auto seconds = [](Duration d) {
    return static_cast<long>(std::chrono::duration_cast<std::chrono::seconds>(d).count());
  };
  Owned<X509> out(X509_new());
  const Owned<BIGNUM> serial(BN_new());
  if (!out || !serial || BN_rand(serial.get(), 120, BN_RAND_TOP_ONE, BN_RAND_BOTTOM_ANY) != 1) return nullptr;
  if (BN_to_ASN1_INTEGER(serial.get(), X509_get_serialNumber(out.get())) == nullptr) return nullptr;
  X509_NAME* const name = X509_get_subject_name(out.get());
  const auto add = [&](const char* field, const std::string& value) {
    const auto* const bytes = reinterpret_cast<const unsigned char*>(value.c_str());
    return X509_NAME_add_entry_by_txt(name, field, MBSTRING_UTF8, bytes, static_cast<int>(value.size()), -1, 0) == 1;
  };
  if (X509_set_version(out.get(), X509_VERSION_3) != 1 || !add("O", "krakentape mock server") ||
      !add("CN", common_name) || X509_set_pubkey(out.get(), key) != 1 ||
      X509_gmtime_adj(X509_getm_notBefore(out.get()), seconds(options.valid_from)) == nullptr ||
      X509_gmtime_adj(X509_getm_notAfter(out.get()), seconds(options.valid_until)) == nullptr) {
    return nullptr;
  }
  return out;
}

Result<std::string> read_file(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  std::string text((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
  if (!in || text.empty()) return fail(Errc::Io, fmt::format("'{}' cannot be read or is empty", path));
  return text;
}

Result<void> write_file(const std::string& path, std::string_view text, mode_t mode) {
  const auto refused = [&] { return fail(Errc::Io, fmt::format("'{}' cannot be written: {}", path, strerror(errno))); };
  // Into a new file, so that a key is never in one that others may read.
  if (unlink(path.c_str()) != 0 && errno != ENOENT) return refused();
  const int file = open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
  if (file < 0) return refused();
  while (!text.empty()) {
    const ssize_t written = write(file, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) {
      const auto failure = refused();
      close(file);
      return failure;
    }
    text.remove_prefix(static_cast<std::size_t>(written));
  }
  if (close(file) != 0) return refused();
  return {};
}

Result<std::string> alternative_names(const std::vector<std::string>& names) {
  std::string alternatives;
  for (const std::string& name : names) {
    // Commas and colons would end up as further entries; an address may have colons.
    const bool address = is_address(name);
    if (name.empty() || (!address && name.find_first_of(",:;= \t\r\n") != std::string::npos)) {
      return fail(Errc::InvalidArgument, fmt::format("not a host name or address for a certificate: '{}'", name));
    }
    alternatives += fmt::format("{}{}:{}", alternatives.empty() ? "" : ",", address ? "IP" : "DNS", name);
  }
  if (alternatives.empty()) return fail(Errc::InvalidArgument, "a certificate needs at least one name");
  return alternatives;
}

class Authority {
 public:
  static Result<Authority> create(const TlsIdentityOptions& options) {
    Authority out;
    out.key_ = Owned<EVP_PKEY>(EVP_EC_gen("P-256"));
    if (!out.key_) return openssl_failure("no key pair could be made");
    EVP_PKEY* const key = out.key_.get();
    out.certificate_ = blank_certificate(key, "krakentape mock CA", options);
    X509* const ca = out.certificate_.get();
    if (ca == nullptr || X509_set_issuer_name(ca, X509_get_subject_name(ca)) != 1 ||
        !add_extension(ca, ca, NID_basic_constraints, "critical,CA:TRUE,pathlen:0") ||
        !add_extension(ca, ca, NID_key_usage, "critical,keyCertSign,cRLSign") ||
        !add_extension(ca, ca, NID_subject_key_identifier, "hash") || X509_sign(ca, key, EVP_sha256()) == 0) {
      return openssl_failure("the authority's certificate could not be made");
    }
    return out;
  }

  Result<TlsIdentity> issue(const TlsIdentityOptions& options) const {
    const auto alternatives = alternative_names(options.names);
    if (!alternatives) return tl::unexpected<Error>(alternatives.error());
    if (options.valid_from >= options.valid_until) {
      return fail(Errc::InvalidArgument, "a certificate must begin to be valid before it ends");
    }
    X509* const ca = certificate_.get();
    const Owned<EVP_PKEY> key(EVP_EC_gen("P-256"));
    if (!key) return openssl_failure("no key pair could be made");
    const Owned<X509> leaf = blank_certificate(key.get(), "krakentape mock server", options);
    if (!leaf || X509_set_issuer_name(leaf.get(), X509_get_subject_name(ca)) != 1 ||
        !add_extension(leaf.get(), ca, NID_basic_constraints, "critical,CA:FALSE") ||
        !add_extension(leaf.get(), ca, NID_key_usage, "critical,digitalSignature") ||
        !add_extension(leaf.get(), ca, NID_ext_key_usage, "serverAuth") ||
        !add_extension(leaf.get(), ca, NID_subject_alt_name, *alternatives) ||
        !add_extension(leaf.get(), ca, NID_subject_key_identifier, "hash") ||
        !add_extension(leaf.get(), ca, NID_authority_key_identifier, "keyid:always") ||
        X509_sign(leaf.get(), key_.get(), EVP_sha256()) == 0) {
      return openssl_failure("the server's certificate could not be made");
    }
    TlsIdentity out;
    out.ca = pem([&](BIO* to) { return PEM_write_bio_X509(to, ca); });
    out.certificate = pem([&](BIO* to) { return PEM_write_bio_X509(to, leaf.get()); });
    out.key =
        pem([&](BIO* to) { return PEM_write_bio_PrivateKey(to, key.get(), nullptr, nullptr, 0, nullptr, nullptr); });
    if (out.ca.empty() || out.certificate.empty() || out.key.empty()) {
      return openssl_failure("PEM could not be written");
    }
    return out;
  }

 private:
  Authority() = default;
  Owned<EVP_PKEY> key_;
  Owned<X509> certificate_;
};

}  // namespace

std::vector<std::string> default_tls_names() {
  std::vector<std::string> names = {"localhost", "127.0.0.1", "::1"};
  for (const char* host : {"ws", "ws-auth", "ws-l3", "beta-ws", "beta-ws-auth", "api", "futures", "demo-futures"}) {
    names.push_back(std::string(host) + ".kraken.com");
  }
  return names;
}

Result<TlsIdentity> make_tls_identity(const TlsIdentityOptions& options) {
  const auto authority = Authority::create(options);
  if (!authority) return tl::unexpected<Error>(authority.error());
  return authority->issue(options);
}

Result<TroubledIdentities> make_troubled_identities(const TlsIdentityOptions& options) {
  constexpr Duration kDay = std::chrono::hours(24);
  const auto authority = Authority::create(options);
  if (!authority) return tl::unexpected<Error>(authority.error());
  TlsIdentityOptions expired = options;
  expired.valid_from = options.valid_from - 30 * kDay;
  expired.valid_until = options.valid_from;
  TlsIdentityOptions wrong_name = options;
  wrong_name.names = {"wrong.example.com"};
  auto good = authority->issue(options);
  auto late = authority->issue(expired);
  auto wrong = authority->issue(wrong_name);
  auto strange = make_tls_identity(options);
  for (const auto* made : {&good, &late, &wrong, &strange}) {
    if (!*made) return tl::unexpected<Error>(made->error());
  }
  return TroubledIdentities{std::move(*good),
                            {{TlsTrouble::Expired, std::move(*late)},
                             {TlsTrouble::WrongName, std::move(*wrong)},
                             {TlsTrouble::Untrusted, std::move(*strange)}}};
}

Result<TlsIdentity> read_tls_identity(const std::string& certificate_file, const std::string& key_file,
                                      const std::string& ca_file) {
  TlsIdentity out;
  for (const auto& [path, text] : {std::pair<const std::string&, std::string&>{certificate_file, out.certificate},
                                   std::pair<const std::string&, std::string&>{key_file, out.key},
                                   std::pair<const std::string&, std::string&>{ca_file, out.ca}}) {
    if (path.empty() && &text == &out.ca) continue;
    auto read = read_file(path);
    if (!read) return tl::unexpected(read.error());
    text = std::move(*read);
  }
  return out;
}

Result<void> write_tls_identity(const TlsIdentity& identity, const std::string& directory) {
  if (auto done = write_file(directory + "/server.key", identity.key, 0600); !done) return done;
  if (auto done = write_file(directory + "/server.pem", identity.certificate, 0644); !done) return done;
  return write_file(directory + "/ca.pem", identity.ca, 0644);
}

}  // namespace ktape
