#include "cli/record/event_file.hpp"

#include <cerrno>
#include <cstring>
#include <utility>

#include <fmt/format.h>

namespace ktape::cli {

Result<std::unique_ptr<EventFile>> EventFile::create(const std::string& path) {
  std::FILE* const file = std::fopen(path.c_str(), "wb");
  if (file == nullptr) return fail(Errc::Io, fmt::format("cannot create {}: {}", path, std::strerror(errno)));
  return std::unique_ptr<EventFile>(new EventFile(file, path));
}

EventFile::~EventFile() {
  if (file_ != nullptr) std::fclose(file_);
}

void EventFile::pass_on() {
  if (held_back_.empty()) return;
  if (std::fwrite(held_back_.data(), 1, held_back_.size(), file_) != held_back_.size() || std::fflush(file_) != 0) {
    note_error();
  }
  held_back_.clear();
}

Result<void> EventFile::close() {
  pass_on();
  if (std::fclose(std::exchange(file_, nullptr)) != 0) note_error();
  if (error_ == 0) return {};
  return fail(Errc::Io, fmt::format("cannot write {}: {}", path_, std::strerror(error_)));
}

void EventFile::note_error() {
  if (error_ == 0) error_ = errno;
}

}  // namespace ktape::cli
