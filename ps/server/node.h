#pragma once

#include "ps/config/node_config.h"
#include "ps/worker/session.h"

namespace geomx::ps {

// Runs a node that is not a worker until its job is over: global scheduler, local scheduler, global server, party
// server, or (a server without a global plane) the one server of a flat job. Returns when all of its workers have left;
// throws Error, in one line, when it cannot join, when a peer is lost or fails, or when two nodes disagree.
//
// Blocks the calling thread; the threads it starts have ended when it returns or throws.
void serve(const NodeConfig& config, const TransportFactory& make_transport = tcp_transport);

}  // namespace geomx::ps
