#include "emulator/cli/generate.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <functional>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <utility>
#include <vector>

#include "emulator/base/error.h"
#include "emulator/cli/output_file.h"
#include "emulator/scenario/generate.h"
#include "emulator/scenario/parse.h"
#include "emulator/scenario/wan_maps.h"
#include "emulator/scenario/write.h"

namespace geomx::cli {
namespace {

struct Options {
  int hosts = 0;
  int sites = 0;
  int fanout = 2;
  int k = 0;
  std::uint64_t seed = 1;
  double alpha = scenario::WaxmanOptions{}.alpha;
  double beta = scenario::WaxmanOptions{}.beta;
  double span = scenario::WaxmanOptions{}.span_km;
  std::string map = "abilene";
  std::map<std::string, std::string> link;  // property of the scenario file -> value
  std::string name;
  std::string out;
};

// As the scenario file reads them: the same units, ranges and messages.
scenario::LinkProperties link_properties(const Options& options) {
  nlohmann::ordered_json link = {{"name", "link"}, {"ends", {"a", "b"}}};
  for (const auto& [key, value] : options.link) {
    if (!value.empty()) link[key] = value;
  }
  const nlohmann::ordered_json probe = {
      {"version", 1},
      {"name", "link"},
      {"topology", {{"nodes", {{{"name", "a"}}, {{"name", "b"}}}}, {"links", nlohmann::json::array({link})}}}};
  try {
    return scenario::parse(probe.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace), "options")
        .topology.links.at(0)
        .forward;
  } catch (const scenario::ScenarioErrors& errors) {
    const InputError& first = errors.errors().front();
    throw InputError("--" + first.where().substr(first.where().rfind('/') + 1), first.what(), first.hint());
  }
}

scenario::SiteOptions sites(const Options& options) {
  return {options.hosts, options.sites, link_properties(options)};
}

using Recipe = std::function<scenario::Scenario(const Options&)>;

void add_kind(CLI::App& generate, const char* kind, const char* description, bool hosts_required,
              const std::function<void(CLI::App&, Options&)>& add_options, const Recipe& recipe, int& exit_code) {
  const auto options = std::make_shared<Options>();
  CLI::App* command = generate.add_subcommand(kind, description);
  CLI::Option* hosts = command->add_option("--hosts", options->hosts, "How many hosts in all")->type_name("N");
  if (hosts_required) hosts->required();
  add_options(*command, *options);
  for (const auto& [property, help] :
       {std::pair{"rate", "Of each link, for example 100Mbit"},
        std::pair{"delay", "Of each link, one way, for example 10ms"},
        std::pair{"jitter", "Of each link, for example 1ms"}, std::pair{"loss", "Of each link, for example 0.1%"},
        std::pair{"queue", "Of each link, for example 500packets"}}) {
    command->add_option(std::string("--") + property, options->link[property], help)->type_name("VALUE");
  }
  command->add_option("--name", options->name, "The scenario's name (default: its kind)")->type_name("NAME");
  command->add_option("-o,--out", options->out, "Where to (default: standard output)")->type_name("FILE");
  command->callback([options, recipe, &exit_code] {
    scenario::Scenario scenario = recipe(*options);
    if (!options->name.empty()) scenario.name = options->name;
    const std::string text = scenario::write(scenario);
    scenario::parse(text, "generate");  // what is wrong with it, such as its name, is said now
    write_output(options->out, text);
    exit_code = 0;
  });
}

void add_sites_option(CLI::App& command, Options& options) {
  command.add_option("--sites", options.sites, "How many data centers share them (default: one host each)")
      ->type_name("N");
}

void add_seed_options(CLI::App& command, Options& options) {
  add_sites_option(command, options);
  command.add_option("--seed", options.seed, "Same seed, same graph (default: 1)")->type_name("N");
  command.add_option("--alpha", options.alpha, "The larger, the more long links (default: 0.4)")->type_name("X");
  command.add_option("--beta", options.beta, "The larger, the more links (default: 0.6)")->type_name("X");
  command.add_option("--span", options.span, "Side of the square in km, hence the delays (default: 3000)")
      ->type_name("KM");
}

std::vector<std::string> known_maps() {
  std::vector<std::string> names;
  for (const scenario::WanMap& map : scenario::wan_maps()) names.emplace_back(map.name);
  return names;
}

}  // namespace

void add_generate(CLI::App& app, int& exit_code) {
  CLI::App* generate = app.add_subcommand("generate", "Write a scenario of a well-known shape");
  generate->require_subcommand(1);
  const auto nothing_more = [](CLI::App&, Options&) {};
  add_kind(
      *generate, "star", "Hosts on one switch", true, nothing_more,
      [](const Options& options) { return scenario::generate_star(options.hosts, link_properties(options)); },
      exit_code);
  add_kind(
      *generate, "linear", "Data centers in a row", true, add_sites_option,
      [](const Options& options) { return scenario::generate_linear(sites(options)); }, exit_code);
  add_kind(
      *generate, "ring", "Data centers in a ring", true, add_sites_option,
      [](const Options& options) { return scenario::generate_ring(sites(options)); }, exit_code);
  add_kind(
      *generate, "mesh", "Data centers, every two joined", true, add_sites_option,
      [](const Options& options) { return scenario::generate_mesh(sites(options)); }, exit_code);
  add_kind(
      *generate, "tree", "Hosts below a tree of routers", true,
      [](CLI::App& command, Options& options) {
        command.add_option("--fanout", options.fanout, "Children of each router (default: 2)")->type_name("N");
      },
      [](const Options& options) {
        return scenario::generate_tree(options.hosts, options.fanout, link_properties(options));
      },
      exit_code);
  add_kind(
      *generate, "fat-tree", "Hosts below a k-ary fat tree of routers", true,
      [](CLI::App& command, Options& options) {
        command.add_option("--k", options.k, "Ports of each router (default: as few as will do)")->type_name("N");
      },
      [](const Options& options) {
        return scenario::generate_fat_tree(options.hosts, options.k, link_properties(options));
      },
      exit_code);
  add_kind(
      *generate, "waxman", "Data centers joined at random, near ones rather than far ones", true, add_seed_options,
      [](const Options& options) {
        return scenario::generate_waxman({sites(options), options.seed, options.alpha, options.beta, options.span});
      },
      exit_code);
  generate->get_subcommand("waxman")->alias("random");
  add_kind(
      *generate, "wan", "A real wide-area network", false,
      [](CLI::App& command, Options& options) {
        command.add_option("--map", options.map, "Which (default: abilene)")
            ->type_name("MAP")
            ->check(CLI::IsMember(known_maps()));
      },
      [](const Options& options) {
        return scenario::generate_wan(options.map, options.hosts, link_properties(options));
      },
      exit_code);
  // After the subcommands, which would inherit it in place of their own.
  generate->footer(
      "Examples:\n"
      "  geomx-emu generate star --hosts 1000 --rate 100Mbit --delay 5ms -o star.json\n"
      "  geomx-emu generate waxman --hosts 20 --seed 7 --rate 50Mbit\n"
      "  geomx-emu generate wan --map geant --rate 100Mbit -o geant.json\n"
      "'geomx-emu generate KIND --help' says what each kind takes.");
}

}  // namespace geomx::cli
