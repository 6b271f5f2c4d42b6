#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <exception>
#include <functional>
#include <string_view>

#include "emulator/base/error.h"
#include "emulator/base/log.h"
#include "emulator/cli/apply.h"
#include "emulator/cli/capture.h"
#include "emulator/cli/check.h"
#include "emulator/cli/completion.h"
#include "emulator/cli/convert.h"
#include "emulator/cli/doctor.h"
#include "emulator/cli/down.h"
#include "emulator/cli/exec.h"
#include "emulator/cli/generate.h"
#include "emulator/cli/inspect.h"
#include "emulator/cli/link.h"
#include "emulator/cli/list.h"
#include "emulator/cli/node.h"
#include "emulator/cli/plan.h"
#include "emulator/cli/presets.h"
#include "emulator/cli/run.h"
#include "emulator/cli/shell.h"
#include "emulator/cli/sweep.h"
#include "emulator/cli/up.h"
#include "emulator/cli/watch.h"
#include "emulator/scenario/parse.h"

namespace {

constexpr int failed = 1;
constexpr int bad_usage = 2;

// Runs `work`; prints what it throws, once, and returns the exit code.
int reported(const std::function<int()>& work) {
  try {
    return work();
  } catch (const geomx::scenario::ScenarioErrors& errors) {
    for (const geomx::InputError& error : errors.errors()) fmt::print(stderr, "geomx-emu: {}\n", error.line());
    return bad_usage;
  } catch (const geomx::InputError& error) {
    fmt::print(stderr, "geomx-emu: {}\n", error.line());
    return bad_usage;
  } catch (const geomx::Error& error) {
    fmt::print(stderr, "geomx-emu: {}\n", error.line());
    return failed;
  } catch (const CLI::ParseError&) {
    throw;
  } catch (const std::exception& error) {
    fmt::print(stderr, "geomx-emu: {}\n", error.what());
    return failed;
  }
}

}  // namespace

int main(int argc, char** argv) {
  geomx::log_to_stderr("geomx-emu", spdlog::level::warn);
  CLI::App app(
      "GeoMX-Emu: wide-area networks of data centers, emulated with the kernel's own network, and training in them",
      "geomx-emu");
  app.set_version_flag("--version", "geomx-emu " GEOMX_VERSION);
  app.require_subcommand(1);
  int exit_code = 0;
  geomx::cli::add_run(app, exit_code);
  geomx::cli::add_sweep(app, exit_code);
  geomx::cli::add_up(app, exit_code);
  geomx::cli::add_down(app, exit_code);
  geomx::cli::add_list(app, exit_code);
  geomx::cli::add_inspect(app, exit_code);
  geomx::cli::add_exec(app, exit_code);
  geomx::cli::add_link(app, exit_code);
  geomx::cli::add_node(app, exit_code);
  geomx::cli::add_apply(app, exit_code);
  geomx::cli::add_shell(app, exit_code);
  geomx::cli::add_watch(app, exit_code);
  geomx::cli::add_capture(app, exit_code);
  geomx::cli::add_check(app, exit_code);
  geomx::cli::add_plan(app, exit_code);
  geomx::cli::add_generate(app, exit_code);
  geomx::cli::add_convert(app, exit_code);
  geomx::cli::add_presets(app, exit_code);
  geomx::cli::add_doctor(app, exit_code);
  geomx::cli::add_completion(app, exit_code);
  if (argc > 1 && std::string_view(argv[1]) == geomx::cli::kCompletionQuery) {
    return geomx::cli::answer_completion(app, {argv + 2, argv + argc});
  }
  // After the subcommands, which would inherit it in place of examples of their own.
  app.footer(
      "Examples:\n"
      "  geomx-emu doctor                           what this machine can do\n"
      "  geomx-emu run scenarios/three-dc.json      build the network, train in it, say what came of it\n"
      "  geomx-emu sweep scenarios/three-dc.json --vary topology.links.*.rate=10Mbit,100Mbit\n"
      "  geomx-emu up scenarios/three-dc.json       the network alone, until Ctrl-C\n"
      "  geomx-emu exec three-dc a-gateway -- ping -c 3 b-gateway\n"
      "Exit codes: 0 ok, 1 the work failed, 2 bad usage or bad input.");
  try {
    // Subcommands run as callbacks of the parser.
    return reported([&] {
      app.parse(argc, argv);
      return exit_code;
    });
  } catch (const CLI::ParseError& error) {
    const bool asked_for = error.get_exit_code() == 0;  // --help, --version
    app.exit(error);
    return asked_for ? 0 : bad_usage;
  }
}
