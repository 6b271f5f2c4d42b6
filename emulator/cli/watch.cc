#include "emulator/cli/watch.h"

#include <fmt/format.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <memory>
#include <optional>

#include "emulator/base/error.h"
#include "emulator/base/units.h"
#include "emulator/cli/lab_option.h"
#include "emulator/cli/option_value.h"
#include "emulator/cli/signals.h"
#include "emulator/cli/watch_view.h"
#include "emulator/control/client.h"
#include "emulator/control/rates.h"
#include "emulator/control/watched_fidelity.h"

namespace geomx::cli {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

constexpr milliseconds kShortestInterval(20);
constexpr milliseconds kLongestInterval = std::chrono::hours(1);

struct Options {
  LabOption lab;
  std::string interval = "1s";
  int count = 0;  // 0: until the end
  bool all = false;
  bool json = false;
};

struct Reading {
  Clock::time_point time;
  std::vector<control::WatchedLink> links;
  std::vector<control::LinkCounters> counters;
  control::WatchedFidelity fidelity;
};

// nullopt: the lab has ended.
std::optional<Reading> read(control::Client& client) {
  try {
    Reading reading;
    reading.links = control::watched_links(client.plan());
    reading.counters = client.counters();
    reading.time = Clock::now();
    reading.fidelity = control::watched_fidelity(client.fidelity());
    return reading;
  } catch (const WorkError&) {
    if (client.wait_end(milliseconds(0))) return std::nullopt;
    throw;
  }
}

enum class Wake { time, signal, end };

Wake wait_until(Clock::time_point time, control::Client& client, const Signals& signals) {
  for (;;) {
    const auto left = std::chrono::ceil<milliseconds>(time - Clock::now());
    if (left.count() <= 0) return Wake::time;
    pollfd entries[] = {{signals.fd(), POLLIN, 0}, {client.fd(), POLLIN, 0}};
    if (::poll(entries, 2, static_cast<int>(left.count())) < 0 && errno != EINTR) {
      throw SystemError("watch", "wait", errno);
    }
    if (entries[0].revents != 0) return Wake::signal;
    if (entries[1].revents != 0 && client.wait_end(milliseconds(0))) return Wake::end;
  }
}

// As much of the table as the window has room for, over what was there before.
void redraw(std::vector<std::string> lines) {
  winsize size{};
  if (::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_row > 2 && lines.size() >= size.ws_row) {
    const std::size_t room = size.ws_row - 2u;
    const std::size_t more = lines.size() - room;
    lines.resize(room);
    lines.push_back(fmt::format("... {} more lines: a larger window, or --json, has them", more));
  }
  fmt::print("\033[H");
  for (const std::string& line : lines) {
    const std::size_t columns = size.ws_col > 0 ? size.ws_col : line.size();
    fmt::print("{}\033[K\n", line.substr(0, columns));
  }
  fmt::print("\033[J");
}

void show(const Options& options, const Reading& before, const Reading& after, bool terminal, bool first) {
  const double seconds = std::chrono::duration<double>(after.time - before.time).count();
  const std::vector<control::LinkRates> links = control::rates(after.links, before.counters, after.counters, seconds);
  if (options.json) {
    const auto now = std::chrono::system_clock::now().time_since_epoch();
    fmt::print("{}\n", watch_line(options.lab.name, std::chrono::duration<double>(now).count(), seconds, links,
                                  after.fidelity));
  } else if (terminal) {
    if (first) fmt::print("\033[2J");
    redraw(watch_table(links, options.all, after.fidelity));
  } else {
    if (!first) fmt::print("\n");
    for (const std::string& line : watch_table(links, options.all, after.fidelity)) fmt::print("{}\n", line);
  }
  std::fflush(stdout);
}

int watch(const Options& options) {
  const auto interval =
      std::chrono::duration_cast<milliseconds>(option_value("--interval", options.interval, parse_duration));
  if (interval < kShortestInterval || interval > kLongestInterval) {
    throw InputError("--interval", fmt::format("\"{}\" is out of range", options.interval), "20ms to 60min");
  }
  const bool terminal = ::isatty(STDOUT_FILENO) != 0;
  control::Client client = connect(options.lab);
  const Signals signals{SIGINT, SIGTERM, SIGHUP};
  std::optional<Reading> before = read(client);
  Clock::time_point due = Clock::now();
  for (int shown = 0; before && (options.count == 0 || shown < options.count); ++shown) {
    due = std::max(due + interval, Clock::now());  // what was missed is not made up for
    const Wake wake = wait_until(due, client, signals);
    if (wake == Wake::signal) return 0;
    std::optional<Reading> after = wake == Wake::end ? std::nullopt : read(client);
    if (after) show(options, *before, *after, terminal, shown == 0);
    before = std::move(after);
  }
  if (!before) fmt::print(stderr, "{}: the lab has ended\n", options.lab.name);
  return 0;
}

}  // namespace

void add_watch(CLI::App& app, int& exit_code) {
  const auto options = std::make_shared<Options>();
  CLI::App* command = app.add_subcommand("watch", "What a lab's links carry, live, until it ends or Ctrl-C");
  add_lab(*command, options->lab);
  command->add_option("--interval", options->interval, "Time between two lines (default: 1s)")->type_name("TIME");
  command->add_option("--count", options->count, "End after that many")->type_name("N")->check(CLI::PositiveNumber);
  command->add_flag("--all", options->all, "Show the links of the LANs too");
  command->add_flag("--json", options->json, "Print a JSON object per interval, each on a line of its own");
  command->footer(
      "RTT is the link's measured delay both ways and what waits in its queues now; \"-\" where nothing measures it\n"
      "(kernel tc) or nothing has passed yet. DROPS are those of the interval.\n"
      "FIDELITY says whether a direction is now what was asked for; docs/fidelity.md has the limits.\n"
      "Examples:\n"
      "  geomx-emu watch three-dc\n"
      "  geomx-emu watch three-dc --interval 200ms --json | jq '.links[0].forward.utilisation'");
  command->callback([options, &exit_code] { exit_code = watch(*options); });
}

}  // namespace geomx::cli
