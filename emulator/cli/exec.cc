#include "emulator/cli/exec.h"

#include <fmt/format.h>
#include <poll.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <optional>

#include "emulator/base/error.h"
#include "emulator/cli/signals.h"
#include "emulator/cli/terminal.h"
#include "emulator/control/client.h"

namespace geomx::cli {
namespace {

// The caller's environment and folder: the command runs as here, but for its network and host name.
control::ProcessSpec spec_of(const std::string& node, std::vector<std::string> command) {
  control::ProcessSpec spec;
  spec.node = node;
  spec.argv = std::move(command);
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string text = *entry;
    const std::size_t equals = text.find('=');
    if (equals != std::string::npos) spec.environment[text.substr(0, equals)] = text.substr(equals + 1);
  }
  spec.whole_environment = true;
  spec.directory = std::filesystem::current_path();
  return spec;
}

void wait(pollfd* entries, nfds_t count) {
  if (::poll(entries, count, -1 /* as long as the command takes */) < 0 && errno != EINTR) {
    throw SystemError("exec", "wait for the command", errno);
  }
}

control::ProcessExit exec_in_terminal(control::Client& client, control::ProcessSpec spec) {
  Signals signals{SIGWINCH, SIGTERM, SIGHUP};
  Terminal terminal;
  spec.stdin_fd = spec.stdout_fd = spec.stderr_fd = terminal.program_side();
  spec.own_session = true;
  const control::ProcessId process = client.spawn(spec);
  terminal.close_program_side();
  std::optional<control::ProcessExit> ended;
  bool input = true;
  bool output = true;
  for (;;) {
    const bool full = terminal.holds_input();  // the program does not read: no more is taken from the user
    pollfd entries[] = {
        {signals.fd(), POLLIN, 0},
        {output ? terminal.fd() : -1, static_cast<short>(full && !ended ? POLLIN | POLLOUT : POLLIN), 0},
        {ended ? -1 : client.fd(), POLLIN, 0},
        {input && !full ? STDIN_FILENO : -1, POLLIN, 0}};
    // After the command's end only what it has written is waited for, and nothing more comes.
    if (ended && ::poll(entries, 2, 0) <= 0) return *ended;
    if (!ended) wait(entries, 4);
    while (const auto signal = signals.next()) {
      *signal == SIGWINCH ? terminal.resize() : client.signal(process, *signal);
    }
    if ((entries[1].revents & POLLOUT) != 0) terminal.pass_input();
    if ((entries[1].revents & ~POLLOUT) != 0) output = terminal.from_program();
    if (entries[3].revents != 0) input = terminal.from_user();
    if (entries[2].revents != 0) {
      ended = client.next_exit(std::chrono::milliseconds(0));
    }
  }
}

control::ProcessExit exec_plainly(control::Client& client, control::ProcessSpec spec) {
  Signals signals{SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGUSR1, SIGUSR2};
  spec.stdin_fd = STDIN_FILENO;
  spec.stdout_fd = STDOUT_FILENO;
  spec.stderr_fd = STDERR_FILENO;
  const control::ProcessId process = client.spawn(spec);
  for (;;) {
    pollfd entries[] = {{signals.fd(), POLLIN, 0}, {client.fd(), POLLIN, 0}};
    wait(entries, 2);
    while (const auto signal = signals.next()) client.signal(process, *signal);
    if (const auto ended = client.next_exit(std::chrono::milliseconds(0))) return *ended;
  }
}

}  // namespace

int exec_in_node(const std::string& lab, const std::string& node, std::vector<std::string> command) {
  control::Client client = control::Client::connect(lab);
  control::ProcessSpec spec = spec_of(node, std::move(command));
  const bool terminal = ::isatty(STDIN_FILENO) != 0 && ::isatty(STDOUT_FILENO) != 0;
  const control::ProcessExit ended =
      terminal ? exec_in_terminal(client, std::move(spec)) : exec_plainly(client, std::move(spec));
  if (!ended.remark.empty()) fmt::print(stderr, "geomx-emu: {}: {}\n", node, ended.remark);
  return ended.status;
}

void add_exec(CLI::App& app, int& exit_code) {
  struct Options {
    std::string lab;
    std::string node;
    std::vector<std::string> command;
  };
  const auto options = std::make_shared<Options>();
  CLI::App* command = app.add_subcommand("exec", "Run a command in a node; its exit code is returned");
  command->add_option("LAB", options->lab, "The lab's name")->required();
  command->add_option("NODE", options->node, "The node's name")->required();
  command->add_option("COMMAND", options->command, "The command and its arguments, after --")->required();
  command->footer(
      "Examples:\n"
      "  geomx-emu exec three-dc a-worker-0 -- ping -c 3 b-worker-0\n"
      "  geomx-emu exec three-dc a-gateway -- bash");
  command->callback([options, &exit_code] {
    std::vector<std::string> argv = options->command;
    // The parser leaves the separator in where an argument came before it.
    if (argv.size() > 1 && argv.front() == "--") argv.erase(argv.begin());
    exit_code = exec_in_node(options->lab, options->node, std::move(argv));
  });
}

}  // namespace geomx::cli
