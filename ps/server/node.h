#pragma once

#include "ps/config/interrupt.h"
#include "ps/config/log.h"
#include "ps/config/node_config.h"
#include "ps/server/round_recorder.h"
#include "ps/worker/session.h"

namespace geomx::ps {

struct ServeOptions {
  Interrupt* interrupt = nullptr;  // ends the node, and with it the job; outlives serve()
  Log log{};                       // registrations, the roster, rounds, departures, traffic; what is refused
  // A server's rounds, on one of its threads, one at a time.
  RoundRecorder::Told on_round{};
};

// Runs a node that is not a worker until its job is over: global scheduler, local scheduler, global server or party
// server. Returns when all of its workers have left; throws Error, in one line, when it cannot join, when a peer is
// lost or fails, or when two nodes disagree.
//
// Blocks the calling thread; the threads it starts have ended when it returns or throws.
//
// Without a factory, tcp_transport(config, options.log).
void serve(const NodeConfig& config, const TransportFactory& make_transport = {}, const ServeOptions& options = {});

}  // namespace geomx::ps
