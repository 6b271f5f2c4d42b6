#include "emulator/lab/probe.h"

#include <chrono>

#include "emulator/sandbox/lab_process.h"

namespace geomx::lab {
namespace {

std::string encode(const shaper::KernelFeatures& features) {
  std::string flags;
  for (const bool flag :
       {features.tbf, features.netem, features.netem_seed, features.packet_vnet, features.rcvbuf_force}) {
    flags += flag ? '1' : '0';
  }
  return flags;
}

shaper::KernelFeatures decode(const std::string& flags) {
  return {flags.at(0) == '1', flags.at(1) == '1', flags.at(2) == '1', flags.at(3) == '1', flags.at(4) == '1'};
}

}  // namespace

shaper::KernelFeatures probe_kernel() {
  sandbox::LabProcess probe =
      sandbox::spawn_init({.name = "geomx-probe", .attached = true, .keep = {}}, [](sandbox::StartReport& report) {
        report.ready(encode(shaper::probe_features()));
        return 0;
      });
  return decode(probe.wait_ready(std::chrono::seconds(10)));
}

}  // namespace geomx::lab
