#include "emulator/lab/needs.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <set>

#include "emulator/lab/device.h"
#include "emulator/lab/frr.h"
#include "emulator/lab/uplink.h"
#include "emulator/sandbox/cgroup.h"
#include "emulator/sandbox/oci_image.h"
#include "emulator/scenario/machine.h"

namespace geomx::lab {
namespace {

namespace fs = std::filesystem;

class Needs {
 public:
  void machine(const scenario::Machine& machine, const std::string& pointer) {
    if (machine.image) image(*machine.image, pointer + "/image");
    for (std::size_t i = 0; i < machine.files.size(); ++i) {
      const scenario::PlacedFile& file = machine.files[i];
      if (!file.from || ::access(file.from->c_str(), R_OK) == 0) continue;
      unmet_.emplace_back(fmt::format("{}/files/{}/from", pointer, i),
                          fmt::format("\"{}\" cannot be read: {}", *file.from, std::strerror(errno)),
                          "a relative path is relative to the scenario's folder");
    }
    // Tried once each: what one node can have, all can.
    if (machine.cpu && !cpu_) cpu_ = limits(sandbox::Limits{machine.cpu, std::nullopt}, pointer + "/cpu");
    if (machine.memory && !memory_)
      memory_ = limits(sandbox::Limits{std::nullopt, machine.memory}, pointer + "/memory");
  }

  void uplink(bool wanted, const std::string& pointer) {
    if (!wanted || uplink_) return;
    uplink_ = true;
    if (const auto obstacle = uplink_obstacle()) {
      unmet_.emplace_back(pointer + "/uplink", obstacle->what, obstacle->remedy);
    }
  }

  void device(const std::optional<scenario::Device>& device, const std::string& pointer) {
    if (!device) return;
    if (const auto obstacle = device_obstacle(device->name)) {
      unmet_.emplace_back(pointer + "/device", obstacle->what, obstacle->remedy);
    }
  }

  void routing(scenario::Routing routing) {
    if (routing == scenario::Routing::static_ || find_frr()) return;
    unmet_.emplace_back("/topology/routing",
                        fmt::format("{} needs FRRouting, which is not installed", to_string(routing)),
                        "apt-get install frr, or let it be static");
  }

  std::vector<InputError> unmet() && { return std::move(unmet_); }

 private:
  void image(const std::string& folder, const std::string& pointer) {
    std::error_code error;
    if (!asked_.insert(folder).second || fs::is_directory(folder, error)) return;
    if (!scenario::is_folder(folder)) {
      try {
        sandbox::find_image(folder);
      } catch (const WorkError& missing) {
        unmet_.emplace_back(pointer, missing.what(), missing.hint());
      }
      return;
    }
    unmet_.emplace_back(pointer, fmt::format("there is no folder \"{}\"", folder),
                        "a relative path is relative to the scenario's folder");
  }

  bool limits(const sandbox::Limits& wanted, const std::string& pointer) {
    if (const auto obstacle = sandbox::cgroup_obstacle(wanted)) {
      unmet_.emplace_back(pointer, obstacle->what, obstacle->remedy);
    }
    return true;
  }

  std::vector<InputError> unmet_;
  std::set<std::string> asked_;  // images
  bool cpu_ = false;             // whether it has been tried
  bool memory_ = false;
  bool uplink_ = false;
};

std::vector<InputError> unmet(const scenario::Scenario& scenario, bool running) {
  Needs needs;
  const scenario::Topology& topology = scenario.topology;
  for (std::size_t i = 0; i < topology.datacenters.size(); ++i) {
    needs.machine(topology.datacenters[i].machine, fmt::format("/topology/datacenters/{}", i));
    needs.uplink(topology.datacenters[i].uplink && !running, fmt::format("/topology/datacenters/{}", i));
    if (!running) needs.device(topology.datacenters[i].device, fmt::format("/topology/datacenters/{}", i));
  }
  for (std::size_t i = 0; i < topology.nodes.size(); ++i) {
    needs.machine(topology.nodes[i].machine, fmt::format("/topology/nodes/{}", i));
    needs.uplink(topology.nodes[i].uplink && !running, fmt::format("/topology/nodes/{}", i));
    if (!running) needs.device(topology.nodes[i].device, fmt::format("/topology/nodes/{}", i));
  }
  needs.routing(topology.routing);
  return std::move(needs).unmet();
}

}  // namespace

std::vector<InputError> unmet_needs(const scenario::Scenario& scenario) {
  return unmet(scenario, false);
}

void require_needs(const scenario::Scenario& scenario, bool running) {
  const std::vector<InputError> needs = unmet(scenario, running);
  if (!needs.empty()) throw needs.front();
}

void find_images(Plan& plan) {
  for (const PlannedNode& node : plan.nodes) {
    const auto& image = node.machine.image;
    if (!image || scenario::is_folder(*image) || plan.images.contains(*image)) continue;
    plan.images.emplace(*image, sandbox::find_image(*image));
  }
}

}  // namespace geomx::lab
