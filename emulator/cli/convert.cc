#include "emulator/cli/convert.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <iterator>
#include <memory>

#include "emulator/base/error.h"
#include "emulator/cli/output_file.h"
#include "emulator/interchange/containerlab.h"
#include "emulator/interchange/diagram.h"
#include "emulator/interchange/import.h"
#include "emulator/lab/plan.h"
#include "emulator/scenario/parse.h"
#include "emulator/scenario/write.h"

namespace geomx::cli {
namespace {

constexpr std::size_t kLargestFile = std::size_t{16} << 20;  // bytes, of another emulator's topology

struct Options {
  std::string path;
  std::string from;
  std::string to;
  std::string image = "alpine:3";
  std::string out;
};

void print_notes(const interchange::Notes& notes) {
  for (const interchange::Note& note : notes) {
    fmt::print(stderr, "geomx-emu: {}\n", InputError(note.where, note.what, note.hint).line());
  }
}

std::string format_of(const std::string& path) {
  if (path.ends_with(".yml") || path.ends_with(".yaml")) return "containerlab";
  return path.ends_with(".mn") ? "mininet" : "scenario";
}

std::string read_topology(const std::string& path) {
  errno = 0;
  std::ifstream file(path, std::ios::binary);
  if (!file) throw InputError(path, fmt::format("cannot read the topology: {}", std::strerror(errno)));
  std::string text(kLargestFile + 1, '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (file.bad()) throw InputError(path, fmt::format("cannot read the topology: {}", std::strerror(errno)));
  text.resize(static_cast<std::size_t>(file.gcount()));
  if (text.size() > kLargestFile) throw InputError(path, "the topology is larger than 16 MiB");
  return text;
}

// As a kernel that can do everything would have it: a conversion does not depend on this machine.
lab::Plan plan_anywhere(const scenario::Scenario& scenario) {
  return lab::make_plan(scenario,
                        {.tbf = true, .netem = true, .netem_seed = true, .packet_vnet = true, .rcvbuf_force = true});
}

scenario::Scenario read(const Options& options) {
  const std::string from = options.from.empty() ? format_of(options.path) : options.from;
  if (from == "scenario") return scenario::load(options.path);
  const std::string text = read_topology(options.path);
  interchange::Import import = from == "mininet" ? interchange::read_mininet(text, options.path)
                                                 : interchange::read_containerlab(text, options.path);
  print_notes(import.notes);
  // What our format demands of any scenario; then what only building it would show, such as a loop of switches.
  scenario::Scenario scenario = scenario::parse(scenario::write(import.scenario), options.path + " converted");
  try {
    plan_anywhere(scenario);
  } catch (const InputError& error) {
    print_notes({{options.path + " converted", error.line(), "no lab can be made of it as it is"}});
  }
  return scenario;
}

// Of what only runs in a network, a topology has nothing.
void note_job(const scenario::Scenario& scenario) {
  interchange::Notes notes;
  if (scenario.training) notes.push_back({"/training", "is not converted: its roles' hosts are there, empty", ""});
  if (!scenario.workload.empty()) notes.push_back({"/workload", "is not converted", ""});
  if (!scenario.expect.empty()) notes.push_back({"/expect", "is not converted", ""});
  print_notes(notes);
}

int convert(const Options& options) {
  if (options.to == "compose") {
    throw InputError("--to", "\"compose\" is not supported yet", "known: mermaid, dot, containerlab, scenario");
  }
  const scenario::Scenario scenario = read(options);
  std::string text;
  if (options.to == "mermaid") {
    text = interchange::to_mermaid(scenario);
  } else if (options.to == "dot") {
    text = interchange::to_dot(scenario);
  } else if (options.to == "containerlab") {
    const interchange::Containerlab converted = interchange::to_containerlab(plan_anywhere(scenario), options.image);
    note_job(scenario);
    print_notes(converted.notes);
    text = converted.yaml;
  } else {
    text = scenario::write(scenario);
  }
  write_output(options.out, text);
  return 0;
}

}  // namespace

void add_convert(CLI::App& app, int& exit_code) {
  const auto options = std::make_shared<Options>();
  options->to = "scenario";
  CLI::App* command = app.add_subcommand("convert", "A scenario as a picture or for containerlab, and the other way");
  command->add_option("FILE", options->path, "A scenario, a containerlab .yml or a MiniEdit .mn file")->required();
  command->add_option("--to", options->to, "What it becomes (default: scenario)")
      ->type_name("FORMAT")
      ->check(CLI::IsMember({"mermaid", "dot", "containerlab", "scenario", "compose"}));
  command->add_option("--from", options->from, "What it is (default: by the file's ending)")
      ->type_name("FORMAT")
      ->check(CLI::IsMember({"scenario", "containerlab", "mininet"}));
  command->add_option("--image", options->image, "What containerlab's nodes run (default: alpine:3)")
      ->type_name("IMAGE");
  command->add_option("-o,--out", options->out, "Where to (default: standard output)")->type_name("FILE");
  command->footer(
      "What cannot be converted is said on standard error, a line for each.\n"
      "Examples:\n"
      "  geomx-emu convert scenarios/three-dc.json --to mermaid\n"
      "  geomx-emu convert scenarios/three-dc.json --to dot | dot -Tsvg > three-dc.svg\n"
      "  geomx-emu convert lab.clab.yml -o lab.json\n"
      "  geomx-emu convert campus.mn -o campus.json");
  command->callback([options, &exit_code] { exit_code = convert(*options); });
}

}  // namespace geomx::cli
