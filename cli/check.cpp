// townkrier fsck

#include <algorithm>
#include <cstdio>
#include <memory>

#include <nlohmann/json.hpp>

#include "cli/commands.hpp"
#include "cli/output.hpp"
#include "townkrier/fsck.hpp"

namespace townkrier::cli {
namespace {

struct Options {
  std::string directory;
  bool json = false;
};

std::string text_of(const CheckProgress& progress) {
  std::string text = "checking " + std::string(progress.part) + ": " + grouped(progress.done);
  if (progress.expected > 0) {
    const auto percent = std::min<std::uint64_t>(100, progress.done * 100 / progress.expected);
    text += " (" + std::to_string(percent) + " %)";
  }
  return text;
}

void print(const CheckReport& report, const Options& options) {
  if (options.json) {
    print_json({{"path", options.directory},
                {"ok", report.findings.empty()},
                {"findings", report.findings},
                {"jobs", report.jobs},
                {"logs", report.logs},
                {"messages", report.messages}});
    return;
  }
  for (const auto& finding : report.findings) std::printf("%s\n", printable(finding).c_str());
  std::printf("%s in %s: %s, %s, %s checked\n",
              report.findings.empty() ? "Nothing is wrong"
                                      : counted(report.findings.size(), "finding").c_str(),
              options.directory.c_str(), counted(report.jobs, "job").c_str(),
              counted(report.logs, "log row").c_str(), counted(report.messages, "message").c_str());
}

int check(const Options& options) {
  ProgressLine line;
  const auto report = examine_store(
      options.directory, [&](const CheckProgress& progress) { line.show(text_of(progress)); });
  line.clear();
  if (!report) return complain(report.error(), options.json ? Format::kJson : Format::kText);
  print(*report, options);
  return report->findings.empty() ? kExitOk : kExitFailed;
}

}  // namespace

void add_check_commands(CLI::App& app, Action& action) {
  auto* command = app.add_subcommand(
      "fsck", "Check a store: checksums, every job in one place, counters equal to what is stored");
  const auto options = std::make_shared<Options>();  // shared with the callback
  command->add_option("DIR", options->directory, "Data directory; a server may be running on it")
      ->required();
  command->add_flag("--json", options->json, "Print one JSON document");
  command->footer("Exit code 1 when something is wrong.");
  command->callback([options, &action] { action = [options] { return check(*options); }; });
}

}  // namespace townkrier::cli
