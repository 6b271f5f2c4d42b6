#include "emulator/cli/inspect.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <ctime>
#include <memory>
#include <nlohmann/json.hpp>

#include "emulator/cli/lab_option.h"
#include "emulator/control/client.h"

namespace geomx::cli {
namespace {

std::string text_of(const nlohmann::ordered_json& value) {
  return value.is_string() ? value.get<std::string>() : "-";
}

void print_nodes(const nlohmann::ordered_json& nodes) {
  fmt::print("{:<28} {:<7} {}\n", "NODE", "KIND", "INTERFACES");
  for (const auto& node : nodes) {
    std::string interfaces;
    for (const auto& interface : node["interfaces"]) {
      if (interface["address"].is_null()) continue;
      interfaces += fmt::format("{}{} {}", interfaces.empty() ? "" : ", ", text_of(interface["name"]),
                                text_of(interface["address"]));
    }
    if (node.contains("uplink")) {
      interfaces += fmt::format("{}{} {}", interfaces.empty() ? "" : ", ", text_of(node["uplink"]["interface"]),
                                text_of(node["uplink"]["address"]));
    }
    if (text_of(node["kind"]) == "switch") interfaces = fmt::format("{} ports", node["interfaces"].size());
    if (node.contains("device")) {
      const auto& device = node["device"];
      const std::string address = device["address"].is_null() ? std::string() : " " + text_of(device["address"]);
      interfaces += fmt::format("{}{}{} = this machine's {}", interfaces.empty() ? "" : ", ",
                                text_of(device["interface"]), address, text_of(device["host_interface"]));
    }
    fmt::print("{:<28} {:<7} {}\n", text_of(node["name"]), text_of(node["kind"]), interfaces);
    if (node.contains("runs")) {
      for (const auto& [what, process] : node["runs"].items()) {
        fmt::print("  {}: {}, log {}\n", what, text_of(process["state"]), text_of(process["log"]));
      }
    }
    if (node.contains("memory")) {
      fmt::print("  memory: {} bytes used, {} processes killed for want of it\n",
                 node["memory"]["used"].get<std::uint64_t>(), node["memory"]["kills"].get<std::uint64_t>());
    }
    for (const auto& difference : node["differences"]) fmt::print("  differs: {}\n", text_of(difference));
  }
}

void print_links(const nlohmann::ordered_json& links) {
  fmt::print("\n{:<28} {:<6} {:<32} {:>10} {:>12} {:>7}  {}\n", "LINK", "SHAPER", "DIRECTION", "PACKETS", "BYTES",
             "DROPS", "READ BACK");
  for (const auto& link : links) {
    for (const char* way : {"forward", "backward"}) {
      const auto& direction = link[way];
      const auto& counters = direction["counters"];
      const auto drops = counters["dropped_queue"].get<std::uint64_t>() +
                         counters["dropped_loss"].get<std::uint64_t>() + counters["overruns"].get<std::uint64_t>();
      fmt::print("{:<28} {:<6} {:<32} {:>10} {:>12} {:>7}  {}\n", text_of(link["name"]), text_of(link["shaper"]),
                 text_of(direction["direction"]), counters["packets"].get<std::uint64_t>(),
                 counters["bytes"].get<std::uint64_t>(), drops, text_of(direction["read_back"]));
    }
  }
}

nlohmann::ordered_json json_of(const control::ServerStatus& status) {
  nlohmann::ordered_json json{{"protocol", status.protocol},
                              {"address", nullptr},
                              {"subscribers", status.subscribers},
                              {"refused", status.refused},
                              {"abandoned", status.abandoned}};
  if (!status.address.empty()) json["address"] = status.address;
  return json;
}

// Since the lab came up, and what was off in it.
void print_fidelity(const nlohmann::json& fidelity) {
  if (fidelity.is_null()) return;
  fmt::print("\nfidelity: {}, now {}\n", text_of(fidelity["verdict"]), text_of(fidelity["now"]));
  for (const auto& deviation : fidelity["deviations"]) {
    const auto since = static_cast<std::time_t>(deviation["since"].get<double>());
    std::tm local{};
    ::localtime_r(&since, &local);
    fmt::print("  {} since {:02}:{:02}:{:02}{}\n", text_of(deviation["text"]), local.tm_hour, local.tm_min,
               local.tm_sec, deviation["now"].get<bool>() ? ", still" : "");
  }
}

int inspect(const LabOption& lab, bool json) {
  control::Client client = connect(lab);
  auto inspection = nlohmann::ordered_json::parse(client.inspect());
  const control::ServerStatus status = client.status();
  if (json) {
    inspection["control"] = json_of(status);
    fmt::print("{}\n", inspection.dump(2));
    return 0;
  }
  print_nodes(inspection["nodes"]);
  print_links(inspection["links"]);
  for (const auto& line : inspection["refused"]) fmt::print("\nnot granted by this kernel: {}", text_of(line));
  if (!status.address.empty()) {
    fmt::print("\nlistens at {}; refused {} connections without its key\n", status.address, status.refused);
  }
  print_fidelity(inspection["fidelity"]);
  fmt::print("\n{}\n", inspection["as_planned"].get<bool>() ? "all as planned" : "differs from the plan, see above");
  return 0;
}

}  // namespace

void add_inspect(CLI::App& app, int& exit_code) {
  struct Options {
    LabOption lab;
    bool json = false;
  };
  const auto options = std::make_shared<Options>();
  CLI::App* command = app.add_subcommand("inspect", "What the kernel has of a lab, compared with its plan");
  add_lab(*command, options->lab);
  command->add_flag("--json", options->json, "Print one JSON object with the arrays nodes and links");
  command->footer("Examples:\n  geomx-emu inspect three-dc\n  geomx-emu inspect three-dc --json | jq '.links[].name'");
  command->callback([options, &exit_code] { exit_code = inspect(options->lab, options->json); });
}

}  // namespace geomx::cli
