#include "ps/server/node.h"

#include <functional>
#include <vector>

#include "ps/config/error.h"
#include "ps/membership/member.h"
#include "ps/membership/messages.h"
#include "ps/membership/scheduler.h"
#include "ps/server/census.h"
#include "ps/server/kv_server.h"
#include "ps/server/optimizer_backing.h"
#include "ps/server/upstream_backing.h"
#include "ps/worker/kv_worker.h"

namespace geomx::ps {
namespace {

// Works in several planes until that returns, then leaves them. What ends it ends all of them, for the same reason.
void within(const std::vector<Member*>& planes, const ServeOptions& options, const std::function<void()>& work) {
  const Interrupt::Guard guard(options.interrupt, [&](const std::string& why) {
    for (Member* plane : planes) plane->fail(why, kShortLinger);
  });
  try {
    work();
  } catch (const Error& error) {
    for (Member* plane : planes) plane->fail(error.what());
    throw;
  }
  for (Member* plane : planes) plane->leave();
}

void join(Member& member, const PlaneConfig& plane, const Log& log) {
  member.join();
  if (log) log(kDetails, "joined the " + scheduler_name(plane) + ": " + member.roster());
}

void tell_traffic(const Member& member, const PlaneConfig& plane, const Log& log) {
  if (log) log(kDetails, scheduler_name(plane) + "'s plane: " + traffic_text(member.traffic()));
}

Member::Clock::time_point after(std::chrono::duration<double> duration) {
  return Member::Clock::now() + std::chrono::duration_cast<Member::Clock::duration>(duration);
}

void serve_party(const NodeConfig& config, const TransportFactory& make_transport, const ServeOptions& options) {
  const PlaneConfig& party = *config.local;
  const PlaneConfig& above = *config.global;
  Member up(above, make_transport());
  Member down(party, make_transport());
  KvWorker upstream(up, {.flow = config.flow});
  UpstreamBacking backing(upstream);
  KvServer server({{.member = &down, .num_workers = party.num_workers, .flow = config.flow}}, backing,
                  party.num_workers, options.log);
  within({&down, &up}, options, [&] {
    join(up, above, options.log);
    join(down, party, options.log);
    proto::Greeting greeting;
    greeting.set_party(above.order);
    const auto workers = server.await_workers(after(party.join_timeout));
    if (down.self().rank == 0) {  // one of the party's servers speaks for all
      for (const proto::Trainee& worker : workers[0]) *greeting.add_workers() = worker;
    }
    server.open(upstream.greet(greeting, after(2 * above.join_timeout)));
    server.wait();
    tell_traffic(down, party, options.log);
    tell_traffic(up, above, options.log);
  });
}

void serve_globally(const NodeConfig& config, const TransportFactory& make_transport, const ServeOptions& options) {
  const PlaneConfig& above = *config.global;
  const PlaneConfig& below = *config.local;
  Member parties(above, make_transport());
  Member central(below, make_transport());
  OptimizerBacking backing(config.num_all_workers);
  KvServer server({{.member = &parties, .num_workers = above.num_workers, .of_parties = true, .flow = config.flow},
                   {.member = &central,
                    .num_workers = below.num_workers,
                    .has_master = true,
                    .trains = config.central_worker,
                    .flow = config.flow}},
                  backing, config.num_all_workers, options.log);
  within({&central, &parties}, options, [&] {
    join(parties, above, options.log);
    join(central, below, options.log);
    // A party server greets when the workers of its party have joined, too.
    const auto workers = server.await_workers(after(2 * above.join_timeout));
    Census census(config.num_all_workers);
    for (const proto::Trainee& worker : workers[0]) census.count_party(worker);
    for (const proto::Trainee& worker : workers[1]) census.count_central(worker);
    if (const std::string line = census.disagreement(); !line.empty()) throw Error(line);
    server.open(config.num_all_workers);
    server.wait();
    tell_traffic(central, below, options.log);
    tell_traffic(parties, above, options.log);
  });
}

void schedule(const PlaneConfig& plane, const TransportFactory& make_transport, const ServeOptions& options) {
  Scheduler scheduler(plane, make_transport(), options.log);
  const Interrupt::Guard guard(options.interrupt, [&](const std::string& why) { scheduler.fail(why); });
  scheduler.run();
}

}  // namespace

void serve(const NodeConfig& config, const TransportFactory& make_transport, const ServeOptions& options) {
  const auto role_in = [](const std::optional<PlaneConfig>& plane) {
    return plane ? std::optional(plane->role) : std::nullopt;
  };
  const auto local = role_in(config.local);
  const auto global = role_in(config.global);
  if (local == PlaneRole::scheduler && !global) return schedule(*config.local, make_transport, options);
  if (global == PlaneRole::scheduler && !local) return schedule(*config.global, make_transport, options);
  if (local == PlaneRole::server && global == PlaneRole::server) {
    return serve_globally(config, make_transport, options);
  }
  if (local == PlaneRole::server && global == PlaneRole::worker) {
    return serve_party(config, make_transport, options);
  }
  throw Error("a " + config.role_name() + " does not serve");
}

}  // namespace geomx::ps
