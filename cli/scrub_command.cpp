#include <filesystem>
#include <functional>
#include <memory>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "cli/command.hpp"
#include "cli/file_work.hpp"
#include "cli/progress.hpp"
#include "cli/text_output.hpp"
#include "recorder/file_sink.hpp"
#include "recorder/session_identity.hpp"
#include "replay/file_source.hpp"
#include "tools/derived_info.hpp"
#include "tools/scrub.hpp"

namespace ktape::cli {
namespace {

struct Options {
  std::string input;
  std::string output;
  std::string secrets;
  int level = 9;
  bool json = false;
};

Result<std::vector<std::string>> secret_values(const Options& options) {
  if (options.secrets.empty()) return std::vector<std::string>();
  auto file = FileSource::open(options.secrets);
  if (!file) return tl::unexpected<Error>(file.error());
  const auto size = (*file)->size();
  if (!size) return tl::unexpected<Error>(size.error());
  if (*size > (1U << 20U)) {
    return fail(Errc::Limit, fmt::format("{} has {} bytes: too many for a list of secrets", options.secrets, *size));
  }
  std::string text(static_cast<std::size_t>(*size), '\0');
  const auto got = (*file)->read_at(0, text);
  if (!got) return tl::unexpected<Error>(got.error());
  text.resize(*got);
  auto values = read_secret_values(text);
  if (!values) {
    return fail(values.error().code, fmt::format("--secrets-from {}: {}", options.secrets, values.error().detail));
  }
  return values;
}

Result<ScrubReport> search(const std::string& path, const std::vector<std::string>& values) {
  auto origin = Origin::open(path);
  if (!origin) return tl::unexpected<Error>(origin.error());
  std::vector<std::unique_ptr<ByteSource>> files;
  for (const std::string& name : {path, FileJournal::path_for(path)}) {
    if (name != path && !std::filesystem::exists(name)) continue;
    auto file = FileSource::open(name);
    if (!file) return tl::unexpected<Error>(file.error());
    files.push_back(std::move(*file));
  }
  std::vector<ByteSource*> raw;
  for (const auto& file : files) raw.push_back(file.get());
  WorkProgress progress("searching", origin->summary.payload_bytes);
  return search_secrets(*origin->reader, raw, values, std::ref(progress));
}

void print_json(const std::string& path, const ScrubReport& found) {
  std::string out = fmt::format(
      R"({{"file":{},"frames":{},"notes":{},"payload_bytes":{},"raw_bytes":{},"values":{},"pseudonyms":{},"damaged":{},)"
      R"("found":{},"findings":[)",
      json_text(path), found.frames, found.notes, found.payload_bytes, found.raw_bytes, found.values, found.pseudonyms,
      found.damaged, found.found);
  for (const SecretFinding& finding : found.findings) {
    if (&finding != found.findings.data()) out += ',';
    out += fmt::format(R"({{"place":{})", json_text(finding.place));
    if (finding.at) out += fmt::format(R"(,"at":{})", nanoseconds(*finding.at));
    if (finding.connection) out += fmt::format(R"(,"connection":{})", static_cast<std::uint32_t>(*finding.connection));
    out += '}';
  }
  put(out + "]}\n");
}

int tell(const std::string& path, const ScrubReport& found, bool json) {
  say(fmt::format(
      "{}: searched {} frames ({}), {} notes, the header, and {} as stored, for names that mean a secret{}; "
      "{} pseudonyms",
      path, grouped(found.frames), bytes_text(found.payload_bytes), found.notes, bytes_text(found.raw_bytes),
      found.values > 0 ? fmt::format(" and for {} given values", found.values) : "", grouped(found.pseudonyms)));
  for (const SecretFinding& finding : found.findings) {
    say(fmt::format(
        "  {}{}{}", finding.at ? format_rfc3339(*finding.at) + " " : "",
        finding.connection ? fmt::format("connection {} ", static_cast<std::uint32_t>(*finding.connection)) : "",
        finding.place));
  }
  say(found.found == 0 ? fmt::format("{}: no secret found", path)
                       : fmt::format("ktape: {}: {} secrets found", path, grouped(found.found)));
  if (json) print_json(path, found);
  if (found.found > 0) return kFailed;
  if (!found.damaged) return kClean;
  say(fmt::format("ktape: {} is damaged: what cannot be read was not searched", path));
  return kIncomplete;
}

// Writes the copy, and then searches that.
int redact(const Options& options, const std::vector<std::string>& values) {
  auto origin = Origin::open(options.input);
  if (!origin) return report(origin.error());
  const auto key = SessionIdentity::draw();
  if (!key) return report(key.error());
  ValueRedactor redactor(values, key->redaction_key);
  auto info = derived_info(origin->reader->info(), "scrubbed");
  info.description = redactor.redact(info.description);
  info.redaction = kRedactionPolicy;
  auto file = NewFile::create(options.output, std::move(info), {.level = options.level});
  if (!file) return report(file.error());
  Result<std::uint64_t> changed;
  {
    WorkProgress progress("redacting", origin->summary.payload_bytes);
    changed = scrub_recording(*origin->reader, (*file)->writer(), redactor, std::ref(progress));
  }
  if (!changed) return report(changed.error());
  if (auto done = (*file)->writer().finish(); !done) return report(done.error());
  (*file)->take().reset();
  const auto found = search(options.output, values);
  if (!found) return report(found.error());
  if (const int code = tell(options.output, *found, options.json); code != kClean) return code;
  if (auto kept = (*file)->keep(); !kept) return report(kept.error());
  say(fmt::format("{}: {} payloads were changed", options.output, grouped(*changed)));
  return tell_what_is_missing(*origin->reader, options.input);
}

int run(const Options& options) {
  const auto values = secret_values(options);
  if (!values) return report(values.error());
  if (!options.output.empty()) return redact(options, *values);
  const auto found = search(options.input, *values);
  return found ? tell(options.input, *found, options.json) : report(found.error());
}

}  // namespace

void add_scrub(CLI::App& program, Run& run_later) {
  auto options = std::make_shared<Options>();
  CLI::App* command = program.add_subcommand("scrub", "Proves that a recording holds no secret, or takes them out");
  command->footer(
      "Example: ktape scrub session.ktape --secrets-from my-keys.txt\n"
      "Example: ktape scrub old.ktape -o clean.ktape\n"
      "Says where a secret stands, never what it is. Exit code 1: something was found.");
  command->add_option("FILE", options->input, "The recording")->required();
  command->add_option("-o,--output", options->output, "Write a copy without secrets; must not exist");
  command->add_option("--secrets-from", options->secrets, "A file with values to search for, one in each line");
  command->add_option("--level", options->level, "zstd level of the copy")
      ->check(CLI::Range(1, 19))
      ->capture_default_str();
  command->add_flag("--json", options->json, "One JSON object on stdout");
  command->callback([options, &run_later] { run_later = [options] { return run(*options); }; });
}

}  // namespace ktape::cli
