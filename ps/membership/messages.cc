#include "ps/membership/messages.h"

#include <cstdio>

#include "ps/config/variables.h"

namespace geomx::ps {

std::string describe(NodeId id, const std::string& name) {
  return name.empty() ? to_string(id) : to_string(id) + " (" + name + ")";
}

std::string traffic_text(const Transport::Counters& traffic) {
  const auto part = [](const char* what, std::uint64_t messages, std::uint64_t bytes) {
    return what + std::to_string(messages) + " messages, " + std::to_string(bytes) + " bytes; ";
  };
  return part("sent ", traffic.messages_sent, traffic.bytes_sent) +
         part("received ", traffic.messages_received, traffic.bytes_received) + "rejected " +
         std::to_string(traffic.rejected);
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
  return lost.name() + " has been silent for " + seconds_text(lost.silent_seconds()) +
         " (PS_HEARTBEAT_TIMEOUT=" + plain(plane.heartbeat_timeout.count()) + ")";
}

void write_peer(const Registry::Node& node, proto::Peer& peer) {
  peer.set_id(node.id.packed());
  peer.set_host(node.endpoint.host);
  peer.set_port(static_cast<std::uint32_t>(node.endpoint.port));
  peer.set_name(node.name);
  peer.set_order(node.order);
  peer.set_master(node.master);
  peer.set_presence(node.presence);
  peer.set_incarnation(node.incarnation);
}

}  // namespace geomx::ps
