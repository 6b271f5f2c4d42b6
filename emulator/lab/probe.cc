#include "emulator/lab/probe.h"

#include <chrono>
#include <sstream>

#include "emulator/sandbox/lab_process.h"
#include "emulator/sandbox/namespace.h"
#include "emulator/sandbox/sysctl.h"

namespace geomx::lab {
namespace {

std::string encode(const shaper::KernelFeatures& features) {
  std::string flags;
  for (const bool flag : {features.tbf, features.netem, features.netem_seed, features.packet_vnet,
                          features.rcvbuf_force, features.held_frames}) {
    flags += flag ? '1' : '0';
  }
  return flags;
}

shaper::KernelFeatures decode(const std::string& flags) {
  const auto flag = [&flags](std::size_t number) { return flags.at(number) == '1'; };
  return {flag(0), flag(1), flag(2), flag(3), flag(4), flag(5)};
}

}  // namespace

Survey survey_kernel() {
  sandbox::LabProcess probe =
      sandbox::spawn_init({.name = "geomx-probe", .attached = true, .keep = {}}, [](sandbox::StartReport& report) {
        // One line for the features, one for the congestion controls, then one for each refusal.
        std::string text = encode(shaper::probe_features());
        std::vector<std::string> refused;
        const sandbox::Namespace node = sandbox::Namespace::create_network({}, &refused);
        const sandbox::ScopedNetwork inside(node);
        text += "\n" + sandbox::read_sysctl("net.ipv4.tcp_available_congestion_control");
        for (const std::string& line : refused) text += "\n" + line;
        report.ready(text);
        return 0;
      });
  std::istringstream lines(probe.wait_ready(std::chrono::seconds(10)));
  Survey survey;
  std::string line;
  std::getline(lines, line);
  survey.features = decode(line);
  std::getline(lines, survey.congestion_controls);
  while (std::getline(lines, line)) survey.refused.push_back(line);
  return survey;
}

shaper::KernelFeatures probe_kernel() {
  return survey_kernel().features;
}

}  // namespace geomx::lab
