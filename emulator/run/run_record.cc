#include "emulator/run/run_record.h"

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <nlohmann/json.hpp>
#include <thread>

#include "emulator/run/link_report.h"
#include "emulator/run/recorder.h"

namespace geomx::run {
namespace {

using nlohmann::ordered_json;

ordered_json now() {
  const double time = realtime();
  return {{"utc", fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", fmt::gmtime(static_cast<std::time_t>(time)))},
          {"seconds_since_epoch", time}};
}

}  // namespace

RunRecord::RunRecord(const scenario::Scenario& scenario, const lab::Plan& plan, const std::string& command_line) {
  utsname system{};
  ::uname(&system);
  ordered_json shapers = ordered_json::object();
  for (const lab::PlannedLink& link : plan.links) {
    if (counts(link)) shapers[link.name] = lab::to_string(link.shaper);
  }
  json_ = ordered_json{{"version", GEOMX_VERSION},
                       {"command", command_line},
                       {"scenario", scenario.name},
                       {"seed", scenario.seed},
                       {"kernel", fmt::format("{} {}", system.sysname, system.release)},
                       {"machine", system.machine},
                       {"cpus", std::thread::hardware_concurrency()},
                       {"root", ::geteuid() == 0},
                       {"shapers", shapers},
                       {"start", now()},
                       {"end", nullptr},
                       {"status", nullptr}}
              .dump();
}

void RunRecord::end(const std::string& status) {
  ordered_json document = ordered_json::parse(json_);
  document["end"] = now();
  document["status"] = status;
  json_ = document.dump();
}

std::string RunRecord::text() const {
  return ordered_json::parse(json_).dump(2) + "\n";
}

}  // namespace geomx::run
