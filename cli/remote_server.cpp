// Commands on a running server: send, enqueue, stats, queues, pause, resume, watch.
#include <poll.h>

#include <fstream>
#include <iostream>
#include <sstream>

#include "cli/commands.hpp"
#include "cli/remote.hpp"

namespace townkrier::cli {

namespace {

using nlohmann::json;

constexpr std::size_t kBatchLines = 500;
constexpr std::size_t kBatchBytes = 512u << 10;
constexpr std::size_t kMaxShownRefusals = 20;

struct Options {
  bool json = false;
  bool enqueue = false;
  std::string file = "-";
  std::string queue;
  int interval_ms = 1000;
  std::uint64_t count = 0;  // 0: without end
  Format format() const { return json ? Format::kJson : Format::kText; }
};
using OptionsPtr = std::shared_ptr<Options>;  // shared with the command's callback

/// A file, or standard input for "-".
class Input {
 public:
  explicit Input(const std::string& name) {
    if (name != "-") file_.open(name);
    failed_ = name != "-" && !file_.is_open();
    stream_ = name == "-" ? &std::cin : &file_;
  }
  bool failed() const { return failed_; }
  std::istream& stream() { return *stream_; }

 private:
  std::ifstream file_;
  std::istream* stream_ = nullptr;
  bool failed_ = false;
};

int cannot_read(const Options& options) {
  return complain({Errc::kNotFound, "cannot read " + options.file, {}}, options.format());
}

int send(const Remote& remote, const Options& options) {
  Input input(options.file);
  if (input.failed()) return cannot_read(options);
  std::ostringstream body;
  body << input.stream().rdbuf();
  Client client(remote.server);
  const auto answer = options.enqueue ? client.enqueue(body.str()) : client.send_now(body.str());
  const int code = print_answer(answer, options.format(), [&](const json& done) {
    std::printf("%s %s\n", options.enqueue ? "enqueued" : "sent:",
                printable(done.value(options.enqueue ? "id" : "status", "")).c_str());
  });
  const bool failed = answer && !options.enqueue && answer->value("status", "") != "success";
  return failed ? kExitFailed : code;
}

/// Lines on their way to a server, batch by batch.
class LineSender {
 public:
  explicit LineSender(const ServerAddress& server) : client_(server) {}

  Result<void> add(std::string line, std::uint64_t number) {
    if (line.find_first_not_of(" \t\r") == std::string::npos) return {};
    bytes_ += line.size() + 1;
    lines_.push_back(std::move(line));
    numbers_.push_back(number);
    return lines_.size() >= kBatchLines || bytes_ >= kBatchBytes ? flush() : Result<void>{};
  }
  Result<void> flush() {
    if (lines_.empty()) return {};
    auto answer = client_.enqueue_lines(lines_);
    if (!answer) return std::unexpected(answer.error());
    accepted_ += answer->ids.size();
    for (const auto& one : answer->refused) {
      if (one.row < numbers_.size()) refused_.emplace_back(numbers_[one.row], one.detail);
    }
    progress_.show(grouped(accepted_) + " accepted, " + grouped(refused_.size()) + " refused");
    lines_.clear();
    numbers_.clear();
    bytes_ = 0;
    return {};
  }
  int report(const Options& options) {
    progress_.clear();
    if (options.json) {
      json refused = json::array();
      for (const auto& [line, detail] : refused_) {
        refused.push_back({{"line", line}, {"detail", detail}});
      }
      print_json({{"accepted", accepted_}, {"rejected", std::move(refused)}});
      return refused_.empty() ? kExitOk : kExitFailed;
    }
    for (std::size_t i = 0; i < refused_.size() && i < kMaxShownRefusals; ++i) {
      std::fprintf(stderr, "line %s: %s\n", std::to_string(refused_[i].first).c_str(),
                   printable(refused_[i].second).c_str());
    }
    std::printf("%s accepted, %s refused\n", grouped(accepted_).c_str(),
                grouped(refused_.size()).c_str());
    return refused_.empty() ? kExitOk : kExitFailed;
  }

 private:
  Client client_;
  ProgressLine progress_;
  std::vector<std::string> lines_;
  std::vector<std::uint64_t> numbers_;
  std::size_t bytes_ = 0;
  std::uint64_t accepted_ = 0;
  std::vector<std::pair<std::uint64_t, std::string>> refused_;
};

int enqueue(const Remote& remote, const Options& options) {
  Input input(options.file);
  if (input.failed()) return cannot_read(options);
  LineSender sender(remote.server);
  std::uint64_t number = 0;
  for (std::string line; std::getline(input.stream(), line);) {
    if (auto sent = sender.add(std::move(line), ++number); !sent) {
      return complain(sent.error(), options.format());
    }
  }
  if (auto sent = sender.flush(); !sent) return complain(sent.error(), options.format());
  return sender.report(options);
}

void print_stats(const json& stats) {
  Table table({"JOBS", ""});
  for (const auto& [status, count] : stats["queue"].items()) {
    table.add({status, grouped(count.get<std::uint64_t>())});
  }
  table.print();
}

void print_queues(const json& answer) {
  Table table(
      {"QUEUE", "PENDING", "PROCESSING", "RETRYING", "SCHEDULED", "FAILED", "RATE/S", "STATE"});
  for (const json& queue : answer["queues"]) {
    std::vector<std::string> cells = {printable(queue.value("name", ""))};
    for (const char* status : {"pending", "processing", "retrying", "scheduled", "failed"}) {
      cells.push_back(grouped(queue.value(status, std::uint64_t{0})));
    }
    cells.push_back(queue["rate"].dump());
    cells.push_back(queue.value("paused", false) ? "paused" : "running");
    table.add(std::move(cells));
  }
  table.print();
}

std::string live_line(const json& live) {
  std::string line;
  for (const char* status : {"pending", "processing", "retrying", "scheduled", "failed"}) {
    line +=
        std::string(status) + ' ' + grouped(live["queue"].value(status, std::uint64_t{0})) + "  ";
  }
  return line + "completed/s " + live["rates"]["completed"].dump();
}

int watch(const Remote& remote, const Options& options) {
  Client client(remote.server);
  ProgressLine line;
  std::uint64_t rev = 0;
  for (std::uint64_t i = 0; options.count == 0 || i < options.count; ++i) {
    if (i > 0) ::poll(nullptr, 0, options.interval_ms);
    const auto live = client.live(rev);
    if (!live) {
      line.clear();
      return complain(live.error(), options.format());
    }
    rev = live->value("rev", std::uint64_t{0});
    if (options.json) {
      print_json(*live);
      std::fflush(stdout);
    } else {
      line.show(live_line(*live));
      const bool last = i + 1 == options.count;
      if (last) line.clear();
      if (last) std::printf("%s\n", live_line(*live).c_str());
    }
  }
  return kExitOk;
}

using Run = int (*)(const Remote&, const Options&);

CLI::App* add_command(CLI::App& app, Action& action, const RemotePtr& remote,
                      const OptionsPtr& options, const char* name, const char* help, Run run) {
  auto* command = app.add_subcommand(name, help);
  command->add_flag("--json", options->json, "Print JSON");
  command->callback([=, &action] { action = [=] { return run(*remote, *options); }; });
  return command;
}

void add_flow(CLI::App& app, Action& action, const RemotePtr& remote, const char* word,
              const char* help) {
  const auto options = std::make_shared<Options>();
  auto* command = app.add_subcommand(word, help);
  command->add_option("QUEUE", options->queue, "The queue")->required();
  command->add_flag("--json", options->json, "Print JSON");
  command->callback([=, &action] {
    action = [=] {
      Client client(remote->server);
      return print_answer(client.set_flow(options->queue, word), options->format(),
                          [](const json& queue) {
                            print_queues({{"queues", json::array({queue})}});
                          });
    };
  });
}

int stats(const Remote& remote, const Options& options) {
  return print_answer(Client(remote.server).stats(), options.format(), print_stats);
}

int queues(const Remote& remote, const Options& options) {
  return print_answer(Client(remote.server).queues(), options.format(), print_queues);
}

}  // namespace

void add_remote_server_commands(CLI::App& app, Action& action, const RemotePtr& remote) {
  const auto with = [&](const char* name, const char* help, Run run) {
    const auto options = std::make_shared<Options>();
    return std::pair{add_command(app, action, remote, options, name, help, run), options};
  };
  const auto [sending, send_options] =
      with("send", "Send one notification now, without a job", send);
  sending->add_option("FILE", send_options->file, "JSON body; - or nothing: standard input");
  sending->add_flag("--queue", send_options->enqueue, "Enqueue it instead");
  const auto [lines, line_options] =
      with("enqueue", "Enqueue notifications, one JSON document a line", enqueue);
  lines->add_option("FILE", line_options->file, "NDJSON; - or nothing: standard input");
  with("stats", "Jobs by status", stats);
  with("queues", "Queues, their sizes and whether they are paused", queues);
  add_flow(app, action, remote, "pause", "Run no more jobs of a queue");
  add_flow(app, action, remote, "resume", "Run the jobs of a queue again");
  const auto [watching, watch_options] = with("watch", "Counters and rates, live", watch);
  watching->add_option("--interval", watch_options->interval_ms, "Milliseconds (default: 1000)")
      ->check(CLI::Range(100, 60'000));
  watching->add_option("--count", watch_options->count, "End after so many (default: never)");
}

}  // namespace townkrier::cli
