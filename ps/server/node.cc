#include "ps/server/node.h"

#include <functional>
#include <vector>

#include "ps/config/error.h"
#include "ps/membership/member.h"
#include "ps/membership/scheduler.h"
#include "ps/server/kv_server.h"
#include "ps/server/optimizer_backing.h"
#include "ps/server/upstream_backing.h"
#include "ps/worker/kv_worker.h"

namespace geomx::ps {
namespace {

// Works in several planes until that returns, then leaves them. What ends it ends all of them, for the same reason.
void within(const std::vector<Member*>& planes, const std::function<void()>& work) {
  try {
    work();
  } catch (const Error& error) {
    for (Member* plane : planes) plane->fail(error.what());
    throw;
  }
  for (Member* plane : planes) plane->leave();
}

void serve_party(const PlaneConfig& party, const PlaneConfig& above, const TransportFactory& make_transport) {
  Member up(above, make_transport());
  Member down(party, make_transport());
  KvWorker upstream(up, {.party_workers = party.num_workers, .party_servers = party.num_servers});
  UpstreamBacking backing(upstream);
  KvServer server({{.member = &down, .num_workers = party.num_workers}}, backing, party.num_workers);
  within({&down, &up}, [&] {
    up.join();
    down.join();
    const auto patience = std::chrono::duration_cast<Member::Clock::duration>(above.join_timeout);
    server.open(Census(upstream.greet(Member::Clock::now() + patience)));
    server.wait();
  });
}

void serve_globally(const NodeConfig& config, const TransportFactory& make_transport) {
  Member parties(*config.global, make_transport());
  Member central(*config.local, make_transport());
  OptimizerBacking backing(config.num_all_workers);
  const int central_workers = config.central_worker ? config.local->num_workers : 0;
  KvServer server({{.member = &parties, .num_workers = config.global->num_workers, .of_parties = true},
                   {.member = &central,
                    .num_workers = config.local->num_workers,
                    .has_master = true,
                    .trains = config.central_worker}},
                  backing, config.num_all_workers);
  within({&central, &parties}, [&] {
    parties.join();
    central.join();
    server.open(Census(config.num_all_workers, config.global->num_workers, central_workers));
    server.wait();
  });
}

void serve_flat(const NodeConfig& config, const TransportFactory& make_transport) {
  const PlaneConfig& plane = *config.local;
  const int all_workers = config.num_all_workers > 0 ? config.num_all_workers : plane.num_workers;
  Member member(plane, make_transport());
  OptimizerBacking backing(all_workers);
  KvServer server({{.member = &member, .num_workers = plane.num_workers, .has_master = true}}, backing, all_workers);
  within({&member}, [&] {
    member.join();
    server.open(Census(all_workers, 0, plane.num_workers));
    server.wait();
  });
}

void schedule(const PlaneConfig& plane, const TransportFactory& make_transport) {
  Scheduler(plane, make_transport()).run();
}

}  // namespace

void serve(const NodeConfig& config, const TransportFactory& make_transport) {
  const auto role_in = [](const std::optional<PlaneConfig>& plane) {
    return plane ? std::optional(plane->role) : std::nullopt;
  };
  const auto local = role_in(config.local);
  const auto global = role_in(config.global);
  if (local == PlaneRole::scheduler && !global) return schedule(*config.local, make_transport);
  if (global == PlaneRole::scheduler && !local) return schedule(*config.global, make_transport);
  if (local == PlaneRole::server && global == PlaneRole::server) return serve_globally(config, make_transport);
  if (local == PlaneRole::server && global == PlaneRole::worker) {
    return serve_party(*config.local, *config.global, make_transport);
  }
  if (local == PlaneRole::server && !global) return serve_flat(config, make_transport);
  throw Error("a " + config.role_name() + " does not serve");
}

}  // namespace geomx::ps
