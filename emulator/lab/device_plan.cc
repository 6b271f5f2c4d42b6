#include "emulator/lab/device_plan.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "emulator/base/error.h"
#include "emulator/lab/device.h"

namespace geomx::lab {
namespace {

using Devices = std::map<std::string, PlannedDevice>;  // by node

Devices devices_of(const Plan& plan) {
  Devices devices;
  for (const PlannedNode& node : plan.nodes) {
    if (node.device) devices.emplace(node.name, *node.device);
  }
  return devices;
}

bool overlaps(const PlannedDevice& device, const PlannedInterface& interface) {
  if (interface.prefix == 0) return false;
  const std::uint32_t mask = ~0u << (32 - std::min(interface.prefix, device.prefix));
  return (interface.address.value & mask) == (device.address.value & mask);
}

// The lab's own networks are chosen by the lab; a node with the same one twice would not know where to send.
void require_foreign_address(const Plan& plan, const PlannedDevice& device, const std::string& pointer) {
  for (const PlannedNode& node : plan.nodes) {
    for (const PlannedInterface& interface : node.interfaces) {
      if (!overlaps(device, interface)) continue;
      throw InputError(
          pointer + "/device/address",
          fmt::format("{}/{} overlaps with a network of the lab: {} of {} is {}/{}", to_string(device.address),
                      device.prefix, interface.name, node.name, to_string(interface.address), interface.prefix),
          "give it one outside of 10.0.0.0/8 and 172.16.0.0/12, or let the device be a switch's");
    }
  }
}

void require_same_device(const Devices& before, const PlannedNode& node, const std::string& pointer) {
  const auto had = before.find(node.name);
  if (had == before.end()) {
    if (!node.device) return;
    throw InputError(pointer + "/device", fmt::format("'{}' cannot get a device while the lab runs", node.name),
                     "take the lab down and up again");
  }
  if (had->second == node.device) return;
  throw InputError(
      pointer,
      fmt::format("'{}' has the device {}, and keeps it as it is while the lab runs", node.name, had->second.name),
      "leave it, or take the lab down and up again");
}

}  // namespace

PlannedDevice planned_device(const scenario::Device& device) {
  PlannedDevice planned{device.name, device_interface(device.name), {}, 0};
  if (device.address) {
    planned.address.value = device.address->value;
    planned.prefix = device.address->prefix;
  }
  return planned;
}

void judge_devices(const Plan& plan, const std::vector<std::string>& pointers, const Plan* running) {
  const Devices before = running != nullptr ? devices_of(*running) : Devices();
  for (std::size_t n = 0; n < plan.nodes.size(); ++n) {
    const PlannedNode& node = plan.nodes[n];
    if (node.device && node.device->prefix != 0) require_foreign_address(plan, *node.device, pointers[n]);
    if (running != nullptr) require_same_device(before, node, pointers[n]);
  }
  for (const auto& [name, device] : before) {
    const auto is_there = [&name = name](const PlannedNode& node) { return node.name == name; };
    if (std::any_of(plan.nodes.begin(), plan.nodes.end(), is_there)) continue;
    throw InputError("/topology",
                     fmt::format("'{}' has the device {}, and cannot be removed while the lab runs", name, device.name),
                     "leave it, or take the lab down and up again");
  }
}

}  // namespace geomx::lab
