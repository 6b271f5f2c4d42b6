#include "ps/server/node.h"

#include <utility>

#include "ps/config/error.h"
#include "ps/membership/member.h"
#include "ps/membership/scheduler.h"
#include "ps/server/kv_server.h"
#include "ps/server/optimizer_backing.h"
#include "ps/server/upstream_backing.h"
#include "ps/worker/kv_worker.h"

namespace geomx::ps {
namespace {

// Serves to the end. What ends one plane ends the other, and for the same reason.
void serve_to_the_end(KvServer& server, const std::vector<Member*>& members) {
  try {
    server.wait();
  } catch (const Error& error) {
    for (Member* member : members) member->fail(error.what());
    throw;
  }
  for (Member* member : members) member->leave();
}

void serve_party(const PlaneConfig& party, const PlaneConfig& above, const TransportFactory& make_transport) {
  Member up(above, make_transport());
  Member down(party, make_transport());
  KvWorker upstream(up, {.party_workers = party.num_workers, .party_servers = party.num_servers});
  up.join();
  const int all_workers =
      upstream.greet(Member::Clock::now() + std::chrono::duration_cast<Member::Clock::duration>(above.join_timeout));
  UpstreamBacking backing(upstream);
  KvServer server({{.member = &down, .num_workers = party.num_workers}}, backing,
                  {.round_workers = static_cast<std::uint32_t>(party.num_workers),
                   .num_all_workers = all_workers,
                   .census = Census(all_workers)});
  down.join();
  serve_to_the_end(server, {&down, &up});
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
                  backing,
                  {.round_workers = static_cast<std::uint32_t>(config.num_all_workers),
                   .num_all_workers = config.num_all_workers,
                   .census = Census(config.num_all_workers, config.global->num_workers, central_workers)});
  parties.join();
  central.join();
  serve_to_the_end(server, {&central, &parties});
}

void serve_flat(const NodeConfig& config, const TransportFactory& make_transport) {
  const PlaneConfig& plane = *config.local;
  const int all_workers = config.num_all_workers > 0 ? config.num_all_workers : plane.num_workers;
  Member member(plane, make_transport());
  OptimizerBacking backing(all_workers);
  KvServer server({{.member = &member, .num_workers = plane.num_workers, .has_master = true}}, backing,
                  {.round_workers = static_cast<std::uint32_t>(all_workers),
                   .num_all_workers = all_workers,
                   .census = Census(all_workers, 0, plane.num_workers)});
  member.join();
  serve_to_the_end(server, {&member});
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
