#pragma once

#include <string>

#include "ps/config/node_config.h"
#include "ps/membership/registry.h"
#include "ps/transport/transport.h"

// The sentences that membership says to people, the same on every node, and who a node is in a message.
namespace geomx::ps {

// "server 0 (a-server-0:812)"
std::string describe(NodeId id, const std::string& name);

// "sent 12 messages, 3456 bytes; received 10 messages, 2345 bytes; rejected 0"
std::string traffic_text(const Transport::Counters& traffic);

// Durations: "10 s", "0.5 s".
std::string seconds_text(double seconds);

// "2 of 3 workers have registered within 10 s (DMLC_NUM_WORKER=3)": only what is missing.
std::string missing(const PlaneConfig& plane, int servers, int workers, double seconds);

// "worker 1 (b-worker-1:99) has been silent for 15.1 s (PS_HEARTBEAT_TIMEOUT=15)", or "... has failed: REASON".
std::string lost_text(const proto::Lost& lost, const PlaneConfig& plane);

void write_peer(const Registry::Node& node, proto::Peer& peer);

}  // namespace geomx::ps
