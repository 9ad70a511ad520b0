#pragma once

#include <cstdio>
#include <memory>
#include <string>
#include <string_view>

#include "core/base/result.hpp"

namespace ktape::cli {

// A text file that must not lose a line: the first failure is kept. Lines are held back until pass_on(), so that the
// log never tells what a crash has taken from the recording.
class EventFile {
 public:
  static Result<std::unique_ptr<EventFile>> create(const std::string& path);
  ~EventFile();
  EventFile(const EventFile&) = delete;
  EventFile& operator=(const EventFile&) = delete;

  void write(std::string_view line) { held_back_ += line; }
  void pass_on();
  Result<void> close();

 private:
  EventFile(std::FILE* file, std::string path) : file_(file), path_(std::move(path)) {}
  void note_error();

  std::FILE* file_;
  std::string path_;
  std::string held_back_;
  int error_ = 0;
};

}  // namespace ktape::cli
