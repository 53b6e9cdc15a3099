// Commands on the jobs and logs of a running server: jobs, job, retry, cancel, delete, run, logs.
#include "cli/commands.hpp"
#include "cli/remote.hpp"

namespace townkrier::cli {

namespace {

using nlohmann::json;

struct ListOptions {
  bool json = false;
  std::size_t limit = 50;
  std::vector<std::string> statuses;
  QueryPairs filter;
};

struct Column {
  const char* heading;
  const char* member;
};

std::string cell(const json& row, const char* member) {
  const auto found = row.find(member);
  if (found == row.end() || found->is_null()) return "-";
  return printable(found->is_string() ? found->get<std::string>() : found->dump());
}

void print_rows(const json& rows, const std::vector<Column>& columns) {
  std::vector<std::string> heading;
  for (const Column& column : columns) heading.emplace_back(column.heading);
  Table table(std::move(heading));
  for (const json& row : rows) {
    std::vector<std::string> cells;
    for (const Column& column : columns) cells.push_back(cell(row, column.member));
    table.add(std::move(cells));
  }
  table.print();
}

// Page by page until the limit is reached.
Result<json> collect(Client& client, const char* what, const ListOptions& options) {
  QueryPairs filter = options.filter;
  for (const std::string& status : options.statuses) filter.emplace_back("status", status);
  const QueryPairs fixed = filter;
  json all;
  json rows = json::array();
  for (;;) {
    const std::size_t wanted = std::min<std::size_t>(200, options.limit - rows.size());
    filter.emplace_back("limit", std::to_string(wanted));
    auto page = what == std::string_view("jobs") ? client.jobs(filter) : client.logs(filter);
    if (!page) return page;
    for (json& row : (*page)[what]) rows.push_back(std::move(row));
    if (all.is_null()) {
      all = {{"total", (*page)["total"]}, {"totalExact", (*page)["totalExact"]}};
    }
    if (!page->contains("next") || rows.size() >= options.limit) break;
    filter = fixed;
    filter.emplace_back("cursor", (*page)["next"].get<std::string>());
  }
  all[what] = std::move(rows);
  return all;
}

void add_list(CLI::App& app, Action& action, const RemotePtr& remote, const char* what,
              const std::vector<const char*>& filters, const std::vector<Column>& columns) {
  auto* command =
      app.add_subcommand(what, std::string("List the ") + what + " of a server, newest first");
  const auto options = std::make_shared<ListOptions>();  // shared with the callback
  command->add_option("--status", options->statuses, "Only of this status")
      ->type_name("STATUS")
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  for (const char* name : filters) {
    command
        ->add_option_function<std::string>(
            std::string("--") + name,
            [options, name](const std::string& value) {
              options->filter.emplace_back(name, value);
            },
            std::string("Only with this ") + name)
        ->type_name("TEXT");
  }
  command->add_option("--limit", options->limit, "How many at most (default: 50)")
      ->check(CLI::Range(1, 1'000'000));
  command->add_flag("--json", options->json, "Print one JSON document");
  command->callback([=, &action] {
    action = [=] {
      Client client(remote->server);
      const auto found = collect(client, what, *options);
      return print_answer(
          found, options->json ? Format::kJson : Format::kText, [&](const json& list) {
            print_rows(list[what], columns);
            const auto total = list["total"].get<std::uint64_t>();
            std::printf("%s%s of this kind in all\n", list["totalExact"] == true ? "" : "at least ",
                        grouped(total).c_str());
          });
    };
  });
}

struct JobOptionsGiven {
  bool json = false;
  std::string id;
};

void add_job(CLI::App& app, Action& action, const RemotePtr& remote) {
  auto* command = app.add_subcommand("job", "Show one job of a server");
  const auto options = std::make_shared<JobOptionsGiven>();
  command->add_option("ID", options->id, "The job")->required();
  command->add_flag("--json", options->json, "On one line");
  command->callback([=, &action] {
    action = [=] {
      Client client(remote->server);
      return print_answer(client.job(options->id), options->json ? Format::kJson : Format::kText,
                          print_pretty);
    };
  });
}

void add_act(CLI::App& app, Action& action, const RemotePtr& remote, const char* word,
             const char* help) {
  auto* command = app.add_subcommand(word, help);
  const auto options = std::make_shared<JobOptionsGiven>();
  command->add_option("ID", options->id, "The job")->required();
  command->add_flag("--json", options->json, "Print one JSON document");
  command->callback([=, &action] {
    action = [=] {
      Client client(remote->server);
      return print_answer(client.act(options->id, word),
                          options->json ? Format::kJson : Format::kText, [](const json& answer) {
                            std::printf("%s\n", printable(answer.value("message", "done")).c_str());
                          });
    };
  });
}

}  // namespace

void add_remote_job_commands(CLI::App& app, Action& action, const RemotePtr& remote) {
  add_list(app, action, remote, "jobs",
           {"queue", "kind", "channel", "priority", "tag", "q", "sort"},
           {{"ID", "id"},
            {"STATUS", "status"},
            {"QUEUE", "queue"},
            {"KIND", "kind"},
            {"ATTEMPTS", "attempts"},
            {"UPDATED", "updatedAt"},
            {"ERROR", "error"}});
  add_list(app, action, remote, "logs", {"channel", "recipient", "jobId"},
           {{"ID", "id"},
            {"STATUS", "status"},
            {"CHANNEL", "channel"},
            {"RECIPIENT", "recipient"},
            {"UPDATED", "updatedAt"},
            {"ERROR", "error"}});
  add_job(app, action, remote);
  add_act(app, action, remote, "retry", "Run a failed, cancelled or waiting job again");
  add_act(app, action, remote, "cancel", "Cancel a job");
  add_act(app, action, remote, "delete", "Delete a job that is not running");
  add_act(app, action, remote, "run", "Make a scheduled or retrying job due now");
}

}  // namespace townkrier::cli
