#pragma once

#include <functional>

#include "ps/config/interrupt.h"
#include "ps/config/log.h"
#include "ps/config/node_config.h"
#include "ps/membership/scheduler.h"
#include "ps/server/kv_server.h"
#include "ps/server/round_recorder.h"
#include "ps/worker/session.h"

namespace geomx::ps {

struct ServeOptions {
  Interrupt* interrupt = nullptr;  // ends the node, and with it the job; outlives serve()
  Log log{};                       // registrations, the roster, rounds, departures, traffic; what is refused
  // A server's rounds, on one of its threads, one at a time.
  RoundRecorder::Told on_round{};
  // Of a server with workers: rounds that close without some of them. On its threads; of a global server, which is its
  // party's as well, on those of both planes.
  std::function<void(const KvServer::Absence&)> on_absence{};
  // Of a scheduler: who of its plane is lost, and comes back.
  std::function<void(const Scheduler::Presence&)> on_presence{};
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
