#pragma once

#include <optional>
#include <string>

#include "emulator/lab/plan.h"

// Devices: network interfaces of the machine, real ones above all, that are nodes' as long as the lab lives. One is
// moved into its node's network namespace when the lab comes up (Lab::take_devices) and back when it has ended, by
// whoever sees to what a lab leaves (device_return.h).
namespace geomx::lab {

// A device's index in its node; fixed, so that it is found again whatever the node's programs have called it meanwhile.
inline constexpr int device_index = 97;

// What the device is called in its node: as on the machine, or nic-NAME where that is what a lab calls interfaces of
// its own (eth0, eth1, ..., br0, uplink).
std::string device_interface(const std::string& name);

struct DeviceObstacle {
  std::string what;
  std::string remedy;
};
// Why that interface of the calling thread's network namespace cannot be a node's; none: it can. Throws SystemError
// where the interfaces cannot be listed.
std::optional<DeviceObstacle> device_obstacle(const std::string& name);

}  // namespace geomx::lab
