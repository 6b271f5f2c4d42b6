#pragma once

#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "ps/server/node.h"
#include "ps/transport/inproc.h"
#include "tests/unit/trainer/loop/guide_roles.h"

// The whole hierarchy in one process: the guide's roles as threads over the in-process transport.
namespace geomx::trainer {

using Work = std::function<void(const GuideRole& role, const ps::NodeConfig& config, const ps::TransportFactory&)>;

// `variables` are set for all; `work` is what a worker does. Returns the errors, "role: what".
inline std::vector<std::string> run_job(const std::vector<GuideRole>& roles, const Environment& variables,
                                        const Work& work) {
  const auto network = ps::InprocNetwork::make();
  const ps::TransportFactory transport = [&] { return network->transport(); };
  std::mutex mutex;
  std::vector<std::string> errors;
  std::vector<std::thread> threads;
  for (const GuideRole& role : roles) {
    threads.emplace_back([&] {
      try {
        const auto config = ps::read_config([&](const std::string& name) -> std::optional<std::string> {
          if (const auto given = variables.find(name); given != variables.end()) return given->second;
          const auto found = role.environment.find(name);
          return found == role.environment.end() ? std::nullopt : std::optional(found->second);
        });
        if (role.worker) {
          work(role, config, transport);
        } else {
          ps::serve(config, transport);
        }
      } catch (const std::exception& error) {
        const std::scoped_lock lock(mutex);
        errors.push_back(role.name + ": " + error.what());
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  return errors;
}

}  // namespace geomx::trainer
