#include "ps/server/node.h"

#include <exception>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "ps/config/combinations.h"
#include "ps/config/error.h"
#include "ps/flow/losses.h"
#include "ps/flow/matchmaker.h"
#include "ps/membership/member.h"
#include "ps/membership/messages.h"
#include "ps/membership/scheduler.h"
#include "ps/server/census.h"
#include "ps/server/checkpoint.h"
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
void within(const std::vector<Member*>& planes, KvServer& server, const ServeOptions& options,
            const std::function<void()>& work) {
  const Interrupt::Guard guard(options.interrupt, [&](const std::string& why) {
    for (Member* plane : planes) plane->fail(why, kShortLinger);
    server.fail(why);  // whoever waits for its workers
  });
  try {
    work();
  } catch (const Error& error) {
    for (Member* plane : planes) plane->fail(error.what());
    throw;
  }
  for (Member* plane : planes) plane->leave();
}

// Joins the planes, one after the other. Where one fails before this node is in the next, it joins that all the same,
// as those who wait for it there could not be told why otherwise.
void join(const std::vector<Member*>& planes, const Log& log) {
  std::exception_ptr failed;
  for (Member* plane : planes) {
    try {
      plane->join();
      if (log) log(kDetails, "joined the " + scheduler_name(plane->plane()) + ": " + plane->roster());
    } catch (const Error&) {
      if (!failed) failed = std::current_exception();
      if (plane->failure().empty()) break;  // nobody has told of a failure: it is this node's own
    }
  }
  if (failed) std::rethrow_exception(failed);
}

void tell_notices(Member& member, const Log& log) {
  if (!log) return;
  member.on_notice([log](const std::string& line) { log(kNecessary, line); });
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
                   .losses = losses,
                   .rejoin_timeout = party.rejoin_timeout,
                   .on_absence = options.on_absence},
                  backing, config.job, options.log);
  for (Member* member : {&up, &down}) tell_notices(*member, options.log);
  within({&down, &up}, server, options, [&] {
    join({&up, &down}, options.log);
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

// What a global server begins from, if not from the master worker's values.
std::optional<Checkpoints::Content> checkpoint_for(const NodeConfig& config, bool instead, std::uint32_t shard,
                                                   const std::optional<Checkpoints>& checkpoints) {
  if (!instead && !config.checkpoint.resume) return std::nullopt;
  if (!checkpoints) {
    throw Error(
        "this global server is in the place of one that has died, and there are no checkpoints to begin from "
        "(GEOMX_CHECKPOINT_DIR)");
  }
  auto found = checkpoints->read(shard);
  if (!found && instead) {
    throw Error("this global server is in the place of one that has died, and there is no checkpoint of it in " +
                config.checkpoint.folder + " (GEOMX_CHECKPOINT_DIR)");
  }
  if (found && found->head.all_workers() != static_cast<std::uint32_t>(config.num_all_workers)) {
    throw Error("the checkpoint in " + config.checkpoint.folder + " is of a job with " +
                std::to_string(found->head.all_workers()) + " workers, not " + std::to_string(config.num_all_workers) +
                " (DMLC_NUM_ALL_WORKER)");
  }
  return found;
}

// The global server is also its party's: the one's rounds are gathered by the other, like those of any party.
void serve_globally(const NodeConfig& config, const TransportFactory& make_transport, const ServeOptions& options) {
  const PlaneConfig& above = *config.global;
  const PlaneConfig& below = *config.local;
  Member parties(above, make_transport());
  Member central(below, make_transport());
  GlobalBacking weights(config.num_all_workers);
  RoundRecorder recorder(options.on_round);
  std::optional<Checkpoints> checkpoints;
  if (!config.checkpoint.folder.empty()) checkpoints.emplace(config.checkpoint, options.log);
  KvServer global({.member = &parties,
                   .num_workers = above.num_workers,
                   .of_parties = true,
                   .has_stage = config.central_worker,
                   .recorder = recorder.heard(),
                   .checkpoints = checkpoints ? &*checkpoints : nullptr,
                   .rejoin_timeout = above.rejoin_timeout},
                  weights, config.job, options.log);
  LocalUpstream upstream(global);
  PartyBacking backing(upstream, below.num_workers);
  StateRelay states(parties);
  KvServer local({.member = &central,
                  .num_workers = below.num_workers,
                  .has_master = true,
                  .trains = config.central_worker,
                  .states = &states,
                  .sharded_by = &parties,
                  .rejoin_timeout = below.rejoin_timeout,
                  .on_absence = options.on_absence},
                 backing, config.job, options.log);
  for (Member* member : {&parties, &central}) tell_notices(*member, options.log);
  local.on_failure([&](const std::string& why) { global.fail(why); });
  within({&central, &parties}, local, options, [&] {
    join({&parties, &central}, options.log);
    // A party server greets when the workers of its party have joined, too.
    const auto deadline = after(2 * above.join_timeout);
    Census census(config.num_all_workers);
    const bool instead = parties.took_place();  // of one that has died
    const auto found = checkpoint_for(config, instead, parties.self().rank, checkpoints);
    for (const proto::Trainee& worker : global.await_workers(deadline)) census.count_party(worker);
    const auto workers = local.await_workers(deadline);
    for (const proto::Trainee& worker : workers) census.count_central(worker);
    // Of a job that runs already, some may have left.
    if (const std::string line = census.disagreement(); !instead && !line.empty()) throw Error(line);
    Settings settings = global.settings();
    proto::Greeting told;
    local.settings().write(told);
    settings.take(told, "the central party's server", "the global server");
    if (found) {
      proto::Greeting before;
      *before.mutable_settings() = found->head.settings();
      settings.take(before, "the checkpoint", "the global server");
    }
    const JobConfig job = settings.job();
    if (const std::string line = why_not(job, {global.num_parties(), config.central_worker}); !line.empty()) {
      throw Error(line);
    }
    weights.begin(job);
    backing.begin(job, rounds_of(job.sync, workers));
    if (checkpoints) {
      proto::CheckpointHead head;
      head.set_shard(parties.self().rank);
      head.set_all_workers(static_cast<std::uint32_t>(config.num_all_workers));
      proto::Greeting written;
      settings.write(written);
      *head.mutable_settings() = written.settings();
      checkpoints->begin(head, found ? found->chunks : std::vector<proto::ChunkState>());
      weights.on_configured([&](const proto::OptimizerConfig& optimizer) { checkpoints->set_optimizer(optimizer); });
    }
    if (found) {
      weights.configure(found->head.optimizer());
      global.restore(found->chunks);
    }
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
  scheduler.on_presence([&](const Scheduler::Presence& presence) {
    if (presence.lost) matchmaker.lose(presence.who);
    if (options.on_presence) options.on_presence(presence);
  });
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
