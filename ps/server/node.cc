#include "ps/server/node.h"

#include <functional>
#include <vector>

#include "ps/config/combinations.h"
#include "ps/config/error.h"
#include "ps/flow/losses.h"
#include "ps/flow/matchmaker.h"
#include "ps/membership/member.h"
#include "ps/membership/messages.h"
#include "ps/membership/scheduler.h"
#include "ps/server/census.h"
#include "ps/server/global_backing.h"
#include "ps/server/kv_server.h"
#include "ps/server/local_upstream.h"
#include "ps/server/party_backing.h"
#include "ps/server/remote_upstream.h"
#include "ps/server/state_relay.h"
#include "ps/sync/esync.h"
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

void tell_traffic(const Member& member, const KvServer* server, const PlaneConfig& plane, const Log& log) {
  if (!log) return;
  const std::string refused = server == nullptr ? "" : "; refused " + std::to_string(server->refused()) + " requests";
  log(kDetails, scheduler_name(plane) + "'s plane: " + traffic_text(member.traffic()) + refused);
}

Member::Clock::time_point after(std::chrono::duration<double> duration) {
  return Member::Clock::now() + std::chrono::duration_cast<Member::Clock::duration>(duration);
}

// Of workers that have all promised the same.
std::uint64_t rounds_of(const SyncConfig& sync, const std::vector<proto::Trainee>& workers) {
  if (workers.empty()) return 0;
  return workers.front().rounds() > 0 ? workers.front().rounds() : rounds_of(sync, workers.front().steps());
}

void serve_party(const NodeConfig& config, const TransportFactory& make_transport, const ServeOptions& options) {
  const PlaneConfig& party = *config.local;
  const PlaneConfig& above = *config.global;
  Member up(above, make_transport());
  Member down(party, make_transport());
  const auto losses = std::make_shared<Losses>();
  KvWorker worker(up, {.flow = {options.log, losses}});
  RemoteUpstream upstream(worker);
  PartyBacking backing(upstream, party.num_workers);
  StateRelay states(up);
  RoundRecorder recorder(options.on_round, [&worker] { return worker.take_road_times(); });
  KvServer server({.member = &down,
                   .num_workers = party.num_workers,
                   .recorder = recorder.heard(),
                   .states = &states,
                   .losses = losses},
                  backing, config.job, options.log);
  within({&down, &up}, options, [&] {
    join(up, above, options.log);
    join(down, party, options.log);
    proto::Greeting greeting;
    greeting.set_party(above.order);
    const auto workers = server.await_workers(after(party.join_timeout));
    if (down.self().rank == 0) {  // one of the party's servers speaks for all
      for (const proto::Trainee& trainee : workers) *greeting.add_workers() = trainee;
    }
    const auto greeted = worker.greet(greeting, server.settings(), after(2 * above.join_timeout));
    const JobConfig job = greeted.settings.job();
    backing.begin(job, rounds_of(job.sync, workers));
    server.open(greeted.all_workers, greeted.settings);
    server.wait();
    tell_traffic(down, &server, party, options.log);
    tell_traffic(up, nullptr, above, options.log);
  });
}

// The global server is also its party's: the one's rounds are gathered by the other, like those of any party.
void serve_globally(const NodeConfig& config, const TransportFactory& make_transport, const ServeOptions& options) {
  const PlaneConfig& above = *config.global;
  const PlaneConfig& below = *config.local;
  Member parties(above, make_transport());
  Member central(below, make_transport());
  GlobalBacking weights(config.num_all_workers);
  RoundRecorder recorder(options.on_round);
  KvServer global(
      {.member = &parties, .num_workers = above.num_workers, .of_parties = true, .recorder = recorder.heard()}, weights,
      config.job, options.log);
  LocalUpstream upstream(global);
  PartyBacking backing(upstream, below.num_workers);
  StateRelay states(parties);
  KvServer local({.member = &central,
                  .num_workers = below.num_workers,
                  .has_master = true,
                  .trains = config.central_worker,
                  .states = &states,
                  .sharded_by = &parties},
                 backing, config.job, options.log);
  local.on_failure([&](const std::string& why) { global.fail(why); });
  within({&central, &parties}, options, [&] {
    join(parties, above, options.log);
    join(central, below, options.log);
    // A party server greets when the workers of its party have joined, too.
    const auto deadline = after(2 * above.join_timeout);
    Census census(config.num_all_workers);
    for (const proto::Trainee& worker : global.await_workers(deadline)) census.count_party(worker);
    const auto workers = local.await_workers(deadline);
    for (const proto::Trainee& worker : workers) census.count_central(worker);
    if (const std::string line = census.disagreement(); !line.empty()) throw Error(line);
    Settings settings = global.settings();
    proto::Greeting told;
    local.settings().write(told);
    settings.take(told, "the central party's server", "the global server");
    const JobConfig job = settings.job();
    if (const std::string line = why_not(job, {global.num_parties(), config.central_worker}); !line.empty()) {
      throw Error(line);
    }
    weights.begin(job);
    backing.begin(job, rounds_of(job.sync, workers));
    local.open(config.num_all_workers, settings);
    global.open(config.num_all_workers, settings);
    local.wait();
    if (config.central_worker) global.depart("the central party");
    global.wait();
    tell_traffic(central, &local, below, options.log);
    tell_traffic(parties, &global, above, options.log);
  });
}

void schedule(const PlaneConfig& plane, const TransportFactory& make_transport, const ServeOptions& options) {
  Scheduler scheduler(plane, make_transport(), options.log);
  EsyncPlanner planner;
  if (plane.global) {
    scheduler.on_state([&](const proto::State& report) {
      proto::State answer = report;
      answer.set_steps(
          planner.steps(report.worker(), {report.step_seconds(), report.road_seconds()}, report.most_steps()));
      return answer;
    });
  }
  Matchmaker matchmaker;
  scheduler.on_ask([&](NodeId from, const proto::Ask& ask) { return matchmaker.ask(from, ask); });
  const Interrupt::Guard guard(options.interrupt, [&](const std::string& why) { scheduler.fail(why); });
  scheduler.run();
}

}  // namespace

void serve(const NodeConfig& config, const TransportFactory& factory, const ServeOptions& options) {
  const TransportFactory make_transport = factory ? factory : tcp_transport(config, options.log);
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
