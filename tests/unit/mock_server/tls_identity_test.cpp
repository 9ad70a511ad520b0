#include "mock_server/tls_identity.hpp"

#include <filesystem>
#include <memory>

#include <gmock/gmock.h>
#include <openssl/bio.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <sys/stat.h>

namespace ktape {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

using Certificate = std::unique_ptr<X509, decltype(&X509_free)>;

Certificate parse(const std::string& pem) {
  const std::unique_ptr<BIO, decltype(&BIO_free)> in(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())),
                                                     &BIO_free);
  return {PEM_read_bio_X509(in.get(), nullptr, nullptr, nullptr), &X509_free};
}

TEST(TlsIdentity, IsIssuedByItsAuthorityForAllNamesAndForServersOnly) {
  const TlsIdentity identity = make_tls_identity().value();
  const Certificate ca = parse(identity.ca);
  const Certificate server = parse(identity.certificate);
  ASSERT_TRUE(ca && server);
  EXPECT_EQ(X509_verify(server.get(), X509_get0_pubkey(ca.get())), 1);
  EXPECT_EQ(X509_check_purpose(ca.get(), X509_PURPOSE_SSL_SERVER, 1), 1);
  EXPECT_EQ(X509_check_purpose(server.get(), X509_PURPOSE_SSL_SERVER, 0), 1);
  EXPECT_EQ(X509_check_purpose(server.get(), X509_PURPOSE_SSL_CLIENT, 0), 0);
  EXPECT_EQ(X509_check_purpose(server.get(), X509_PURPOSE_SSL_SERVER, 1), 0) << "it is no authority";
  for (const char* host :
       {"localhost", "ws.kraken.com", "ws-auth.kraken.com", "ws-l3.kraken.com", "beta-ws.kraken.com",
        "beta-ws-auth.kraken.com", "api.kraken.com", "futures.kraken.com", "demo-futures.kraken.com"}) {
    EXPECT_EQ(X509_check_host(server.get(), host, 0, 0, nullptr), 1) << host;
  }
  EXPECT_EQ(X509_check_host(server.get(), "www.kraken.com", 0, 0, nullptr), 0);
  EXPECT_EQ(X509_check_ip_asc(server.get(), "127.0.0.1", 0), 1);
  EXPECT_EQ(X509_check_ip_asc(server.get(), "::1", 0), 1);
  EXPECT_EQ(X509_check_ip_asc(server.get(), "127.0.0.2", 0), 0);
}

TEST(TlsIdentity, IsAnotherOneEachTime) { EXPECT_NE(make_tls_identity().value().key, make_tls_identity().value().key); }

TEST(TlsIdentity, RefusesNamesThatWouldBecomeOtherEntries) {
  for (const char* name : {"", "a,DNS:b", "a b", "email:me@example.com"}) {
    TlsIdentityOptions options;
    options.names = {name};
    const auto identity = make_tls_identity(options);
    ASSERT_FALSE(identity.has_value()) << name;
    EXPECT_THAT(identity.error().detail, HasSubstr("'" + std::string(name) + "'"));
  }
  TlsIdentityOptions nobody;
  nobody.names = {};
  EXPECT_FALSE(make_tls_identity(nobody).has_value());
}

TEST(TlsIdentity, IsWrittenWithAPrivateKeyFileAndReadAgain) {
  const std::filesystem::path directory = std::filesystem::path(::testing::TempDir()) / "ktape_tls_identity";
  std::filesystem::create_directories(directory);
  const TlsIdentity identity = make_tls_identity().value();
  ASSERT_TRUE(write_tls_identity(identity, directory).has_value());
  ASSERT_TRUE(write_tls_identity(identity, directory).has_value()) << "writing over an older one";
  struct stat key {};
  ASSERT_EQ(stat((directory / "server.key").c_str(), &key), 0);
  EXPECT_EQ(key.st_mode & 0777U, 0600U);
  const auto read = read_tls_identity(directory / "server.pem", directory / "server.key", directory / "ca.pem").value();
  EXPECT_EQ(read.ca, identity.ca);
  EXPECT_EQ(read.certificate, identity.certificate);
  EXPECT_EQ(read.key, identity.key);
  std::filesystem::remove_all(directory);
}

TEST(TlsIdentity, NamesAFileThatCannotBeUsed) {
  EXPECT_THAT(read_tls_identity("/nonexistent/server.pem", "/nonexistent/key").error().detail,
              StartsWith("'/nonexistent/server.pem'"));
  EXPECT_THAT(write_tls_identity({}, "/nonexistent").error().detail, StartsWith("'/nonexistent/server.key'"));
}

}  // namespace
}  // namespace ktape
