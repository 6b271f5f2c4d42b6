#include "ps/membership/messages.h"

#include <cstdio>

namespace geomx::ps {

std::string describe(NodeId id, const std::string& name) {
  return name.empty() ? to_string(id) : to_string(id) + " (" + name + ")";
}

std::string seconds_text(double seconds) {
  char text[32];
  std::snprintf(text, sizeof text, "%.3g s", seconds);
  return text;
}

std::string missing(const PlaneConfig& plane, int servers, int workers, double seconds) {
  std::string text;
  const auto part = [&](int have, int want, const char* word, const char* variable) {
    if (have >= want) return;
    if (!text.empty()) text += "; ";
    text += std::to_string(have) + " of " + std::to_string(want) + " " + word + (want == 1 ? " has" : "s have") +
            " registered within " + seconds_text(seconds) + " (" + variable + "=" + std::to_string(want) + ")";
  };
  part(servers, plane.num_servers, "server", variables_of(plane).num_server);
  part(workers, plane.num_workers, "worker", variables_of(plane).num_worker);
  return text;
}

std::string lost_text(const proto::Lost& lost, const PlaneConfig& plane) {
  if (!lost.reason().empty()) return lost.name() + " has failed: " + lost.reason();
  std::string timeout = seconds_text(plane.heartbeat_timeout.count());
  timeout.resize(timeout.size() - 2);
  return lost.name() + " has been silent for " + seconds_text(lost.silent_seconds()) +
         " (PS_HEARTBEAT_TIMEOUT=" + timeout + ")";
}

}  // namespace geomx::ps
