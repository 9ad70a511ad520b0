#include "recorder/file_sink.hpp"

#include <array>
#include <filesystem>

#include <fcntl.h>
#include <gtest/gtest.h>

#include "recorder/session_identity.hpp"
#include "replay/file_source.hpp"
#include "tests/support/temporary_folder.hpp"

namespace ktape {
namespace {

std::string content(const std::string& path) {
  auto source = FileSource::open(path).value();
  std::string bytes(source->size().value(), '\0');
  EXPECT_EQ(source->read_at(0, bytes).value(), bytes.size());
  return bytes;
}

TEST(FileSink, AppendsAndSyncs) {
  const TemporaryFolder folder;
  auto sink = FileSink::create(folder.file("a.ktape")).value();
  ASSERT_TRUE(sink->append("one "));
  ASSERT_TRUE(sink->append("two"));
  ASSERT_TRUE(sink->sync());
  EXPECT_EQ(content(folder.file("a.ktape")), "one two");
}

TEST(FileSink, NeverTouchesAFileThatExists) {
  const TemporaryFolder folder;
  ASSERT_TRUE(FileSink::create(folder.file("a.ktape")).value()->append("precious"));
  EXPECT_EQ(FileSink::create(folder.file("a.ktape")).error().detail,
            "cannot create " + folder.file("a.ktape") + ": File exists");
  EXPECT_EQ(content(folder.file("a.ktape")), "precious");
}

TEST(FileSink, NamesTheFolderThatIsMissing) {
  const TemporaryFolder folder;
  EXPECT_EQ(FileSink::create(folder.file("no/a.ktape")).error().detail,
            "cannot create " + folder.file("no/a.ktape") + ": No such file or directory");
}

TEST(FileHandle, SaysWhenTheDiskIsFull) {
  FileHandle full(::open("/dev/full", O_WRONLY | O_CLOEXEC), "/dev/full");
  const auto done = full.write("x");
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().code, Errc::Io);
  EXPECT_EQ(done.error().detail, "cannot write to /dev/full: No space left on device");
  EXPECT_EQ(full.write_at(0, "x").error().detail, "cannot write to /dev/full: No space left on device");
}

TEST(FileJournal, OverwritesInPlaceAndGoesAwayAtTheEnd) {
  const TemporaryFolder folder;
  auto journal = FileJournal::create(folder.file("a.ktape")).value();
  ASSERT_TRUE(journal->write_at(0, "first second"));
  ASSERT_TRUE(journal->write_at(0, "third"));
  ASSERT_TRUE(journal->sync());
  EXPECT_EQ(content(folder.file("a.ktape.journal")), "third second");
  ASSERT_TRUE(journal->remove());
  EXPECT_FALSE(std::filesystem::exists(folder.file("a.ktape.journal")));
  EXPECT_TRUE(journal->remove()) << "gone is gone";
}

TEST(FileSource, ReadsAnywhereAndSeesGrowth) {
  const TemporaryFolder folder;
  auto sink = FileSink::create(folder.file("a")).value();
  ASSERT_TRUE(sink->append("0123456789"));
  auto source = FileSource::open(folder.file("a")).value();
  std::array<char, 4> bytes{};
  EXPECT_EQ(source->read_at(3, bytes).value(), 4U);
  EXPECT_EQ(std::string(bytes.data(), 4), "3456");
  EXPECT_EQ(source->read_at(8, bytes).value(), 2U);
  EXPECT_EQ(source->read_at(~std::uint64_t{0}, bytes).value(), 0U);
  ASSERT_TRUE(sink->append("ab"));
  EXPECT_EQ(source->size().value(), 12U);
  EXPECT_EQ(source->read_at(8, bytes).value(), 4U);
  EXPECT_EQ(source->name(), folder.file("a"));
}

TEST(FileSource, SaysWhatItCannotOpen) {
  const TemporaryFolder folder;
  const auto missing = FileSource::open(folder.file("none"));
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().code, Errc::NotFound);
  EXPECT_EQ(missing.error().detail, "cannot open " + folder.file("none") + ": No such file or directory");
  EXPECT_EQ(FileSource::open("/dev/null").error().detail, "/dev/null is not a regular file");
}

TEST(SessionIdentity, IsAnotherEachTime) {
  const auto a = SessionIdentity::draw().value();
  const auto b = SessionIdentity::draw().value();
  EXPECT_EQ(a.session_id.size(), 32U);
  EXPECT_NE(a.session_id, b.session_id);
  EXPECT_NE(a.salt, b.salt);
  EXPECT_NE(a.redaction_key, b.redaction_key);
}

}  // namespace
}  // namespace ktape
