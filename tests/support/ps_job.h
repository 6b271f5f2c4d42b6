#pragma once

#include <algorithm>
#include <functional>
#include <future>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "ps/flow/matchmaker.h"
#include "ps/server/node.h"
#include "ps/sync/esync.h"
#include "ps/worker/replica.h"
#include "ps/worker/session.h"
#include "tests/support/ps_cluster.h"
#include "tests/support/reference.h"

// A whole training job inside one process: every node of the deployment guide as a thread, over any medium.
namespace geomx::ps::testing {

struct Deployment {
  std::vector<int> party_workers = {2, 2};
  int party_servers = 1;
  int global_servers = 1;
  int central_workers = 1;      // the master worker included
  bool central_trains = false;  // DMLC_ENABLE_CENTRAL_WORKER
  long bigarray_bound = 1'000'000;
  std::optional<int> num_all_workers{};  // what the nodes believe, where that is not the truth
  std::vector<std::uint64_t> slices{};   // where these are not 0, 1, ...
  std::vector<std::uint64_t> rounds{};   // that the workers promise; left out, they all promise the same
  bool master_has_slice = true;          // where the central party trains
  double join_timeout = 10;
  double wait_timeout = 60;                               // of workers, for an answer
  std::map<std::string, std::string> settings{};          // of the job; told to all nodes
  std::map<std::string, std::string> workers_settings{};  // told to the workers alone
  // ESync's state server: the steps of a data slice in the round after its so many-th report.
  std::function<std::uint32_t(const proto::State& report, std::uint64_t count)> steps{};
  std::function<void(PlaneConfig&)> adjust{};  // of every plane
  std::string checkpoints{};                   // of the global servers: the folder
  long checkpoint_every = 10;
  bool resume = false;
  Log log{};                                                   // of the servers
  std::function<void(const KvServer::Absence&)> on_absence{};  // on their threads

  int workers() const {
    int count = central_trains ? central_workers : 0;
    for (const int workers : party_workers) count += workers;
    return count;
  }
  // The data slices of each party, the central one last.
  std::vector<std::vector<std::size_t>> parties() const {
    std::vector<std::vector<std::size_t>> parties;
    std::size_t next = 0;
    std::vector<int> counts = party_workers;
    if (central_trains) counts.push_back(central_workers);
    for (const int workers_of_party : counts) {
      std::vector<std::size_t>& party = parties.emplace_back();
      for (int i = 0; i < workers_of_party; ++i) party.push_back(next++);
    }
    return parties;
  }
};

// What a worker throws that is to die: its transport is cut before. `again`: it is then started again.
struct Killed {
  bool again = false;
};

// A server of a job, as long as it lives; and the next one in its place.
class Lives {
 public:
  // Cuts it off, so that nothing is heard of it any more, and ends it. It is then started again, unless that is not
  // wanted.
  void kill() {
    const std::lock_guard lock(mutex_);
    ++killed_;
    life_->whole.cut();
    life_->interrupt.raise("killed");
  }
  // Of a party server: the road to the other parties.
  void cut_wan() {
    const std::lock_guard lock(mutex_);
    life_->wan.cut();
  }
  void heal_wan() {
    const std::lock_guard lock(mutex_);
    life_->wan.heal();
  }
  // The same, but that nothing is lost on it.
  void hold_wan() {
    const std::lock_guard lock(mutex_);
    life_->wan.hold();
  }
  void release_wan() {
    const std::lock_guard lock(mutex_);
    life_->wan.release();
  }

  void serve(const NodeConfig& config, const Medium& medium, const Log& log,
             const std::function<void(const KvServer::Absence&)>& on_absence) {
    for (;;) {
      std::shared_ptr<Life> life;
      int killed = 0;
      {
        const std::lock_guard lock(mutex_);
        life = life_;
        killed = killed_;
      }
      // The plane between parties comes first.
      auto count = std::make_shared<std::atomic<int>>(0);
      const auto transport = [&life, &medium, count] {
        const Medium whole = life->whole.on(medium);
        return count->fetch_add(1) == 0 ? life->wan.on(whole).node() : whole.node();
      };
      try {
        ps::serve(config, transport, {.interrupt = &life->interrupt, .log = log, .on_absence = on_absence});
        return;
      } catch (const Error&) {
        const std::lock_guard lock(mutex_);
        if (killed_ == killed) throw;
        life_ = std::make_shared<Life>();
      }
    }
  }

 private:
  struct Life {
    Cut whole, wan;
    Interrupt interrupt;
  };
  std::mutex mutex_;
  int killed_ = 0;
  std::shared_ptr<Life> life_ = std::make_shared<Life>();
};

// Every node's end: empty, or the error.
struct Ends {
  std::vector<std::string> servers, workers, schedulers;
  std::vector<std::string> all() const {
    std::vector<std::string> ends = servers;
    ends.insert(ends.end(), workers.begin(), workers.end());
    ends.insert(ends.end(), schedulers.begin(), schedulers.end());
    return ends;
  }
};

class Job {
 public:
  // What a worker does; `slice` counts the training workers from 0, or is absent on a master worker that does not
  // train.
  using Work = std::function<void(Session& session, std::optional<std::size_t> slice)>;

  Job(Deployment deployment, Medium the_medium) : deployment_(std::move(deployment)), medium_(std::move(the_medium)) {
    const auto adjust = [this](PlaneConfig& plane) {
      plane.join_timeout = std::chrono::duration<double>(deployment_.join_timeout);
      if (deployment_.adjust) deployment_.adjust(plane);
    };
    const auto parties = static_cast<int>(deployment_.party_workers.size());
    global_ = std::make_unique<Plane>(
        medium_, deployment_.global_servers, parties * deployment_.party_servers,
        [&](PlaneConfig& plane) {
          adjust(plane);
          plane.global = true;
        },
        [&](Scheduler& scheduler) {
          serve_states(scheduler);
          serve_matches(scheduler);
        });
    const auto prepare = [&](Scheduler& scheduler) { serve_matches(scheduler); };
    central_ =
        std::make_unique<Plane>(medium_, deployment_.global_servers, deployment_.central_workers, adjust, prepare);
    for (const int workers : deployment_.party_workers) {
      parties_.push_back(std::make_unique<Plane>(medium_, deployment_.party_servers, workers, adjust, prepare));
    }
    for (int i = 0; i < deployment_.global_servers; ++i) global_lives_[i];
    for (std::size_t party = 0; party < parties_.size(); ++party) {
      for (int i = 0; i < deployment_.party_servers; ++i) party_lives_[party * 100 + static_cast<std::size_t>(i)];
    }
  }

  // `tell` may alter what a worker has been told.
  Ends run(const Work& work, const std::function<void(NodeConfig& worker)>& tell = {}) {
    std::vector<std::function<void()>> servers, workers;
    for (int i = 0; i < deployment_.global_servers; ++i) {
      servers.push_back(
          [this, i] { global_lives_[i].serve(global_server(), medium_, deployment_.log, deployment_.on_absence); });
    }
    for (std::size_t party = 0; party < parties_.size(); ++party) {
      for (int i = 0; i < deployment_.party_servers; ++i) {
        servers.push_back([this, party, i] {
          party_lives_[party * 100 + static_cast<std::size_t>(i)].serve(party_server(party), medium_, deployment_.log,
                                                                        deployment_.on_absence);
        });
      }
    }
    std::size_t slice = 0;
    const auto add_worker = [&](const Plane& plane, bool master, bool trains) {
      const std::optional<std::size_t> mine = trains ? std::optional(slice++) : std::nullopt;
      workers.push_back([this, &plane, &work, &tell, master, mine] {
        SessionOptions options{.slice = mine, .timeout = std::chrono::duration<double>(deployment_.wait_timeout)};
        if (mine && !deployment_.slices.empty()) options.slice = deployment_.slices.at(*mine);
        if (mine && !deployment_.rounds.empty()) options.rounds = deployment_.rounds.at(*mine);
        NodeConfig config = worker(plane, master);
        if (tell) tell(config);
        const auto cut = mine ? worker_cuts_.find(*mine) : worker_cuts_.end();
        TransportFactory transport = node();
        if (cut != worker_cuts_.end()) transport = [this, cut] { return cut->second.on(medium_).node(); };
        for (bool alive = true; alive;) {
          try {
            Session session(config, options, transport);
            try {
              work(session, mine);
            } catch (const Error& error) {
              session.fail(error.what());
              throw;
            }
            session.leave();
            return;
          } catch (const Killed& killed) {
            alive = killed.again;
            transport = node();
          }
        }
      });
    };
    for (std::size_t party = 0; party < parties_.size(); ++party) {
      for (int i = 0; i < deployment_.party_workers[party]; ++i) add_worker(*parties_[party], false, true);
    }
    for (int i = 0; i < deployment_.central_workers; ++i) {
      add_worker(*central_, i == 0, deployment_.central_trains && (i > 0 || deployment_.master_has_slice));
    }
    // Servers first and last: a worker cannot go on without them.
    auto serving = std::async(std::launch::async, [&] { return run_all(servers); });
    Ends ends;
    ends.workers = run_all(workers);
    ends.servers = serving.get();
    ends.schedulers = {global_->end(), central_->end()};
    for (auto& party : parties_) ends.schedulers.push_back(party->end());
    return ends;
  }

  ~Job() {
    for (std::thread& thread : beside_) thread.join();
  }

  // While it runs: does something beside it, that ends before the job has gone.
  void beside(const std::function<void()>& what) {
    const std::lock_guard lock(mutex_);
    beside_.emplace_back(what);
  }

  // Before run(): what a worker is cut off by, before it throws Killed.
  Cut& cut_of(std::size_t slice) { return worker_cuts_[slice]; }
  // While it runs.
  Lives& global(int index = 0) { return global_lives_.at(index); }
  Lives& party(std::size_t party) { return party_lives_.at(party * 100); }
  void restart_schedulers() {
    global_->restart_scheduler(deployment_.log);
    central_->restart_scheduler(deployment_.log);
    for (auto& party : parties_) party->restart_scheduler(deployment_.log);
  }

 private:
  TransportFactory node() const { return medium_.node; }

  void serve_states(Scheduler& scheduler) {
    scheduler.on_state([this](const proto::State& report) {
      proto::State answer = report;
      const std::uint64_t count = ++reports_[report.worker()];
      answer.set_steps(
          deployment_.steps
              ? deployment_.steps(report, count)
              : planner_.steps(report.worker(), {report.step_seconds(), report.road_seconds()}, report.most_steps()));
      return answer;
    });
  }

  static void serve_matches(Scheduler& scheduler) {
    auto matchmaker = std::make_shared<Matchmaker>();
    scheduler.on_ask([matchmaker](NodeId from, const proto::Ask& ask) { return matchmaker->ask(from, ask); });
    scheduler.on_presence([matchmaker](const Scheduler::Presence& presence) {
      if (presence.lost) matchmaker->lose(presence.who);
    });
  }

  NodeConfig common() const {
    NodeConfig config;
    for (const auto& [name, value] : deployment_.settings) config.job.set(name, value);
    config.bigarray_bound = deployment_.bigarray_bound;
    config.num_all_workers = deployment_.num_all_workers.value_or(deployment_.workers());
    return config;
  }
  NodeConfig global_server() const {
    NodeConfig config = common();
    config.global = global_->config(PlaneRole::server);
    config.local = central_->config(PlaneRole::server);
    config.central_worker = deployment_.central_trains;
    config.checkpoint = {deployment_.checkpoints, deployment_.checkpoint_every, deployment_.resume};
    return config;
  }
  NodeConfig party_server(std::size_t party) const {
    NodeConfig config = common();
    config.num_all_workers = 0;  // the guide does not set it there
    config.global = global_->config(PlaneRole::worker);
    config.global->order = party;
    config.local = parties_[party]->config(PlaneRole::server);
    return config;
  }
  NodeConfig worker(const Plane& plane, bool master) const {
    NodeConfig config = common();
    config.num_all_workers = deployment_.workers();
    config.local = plane.config(PlaneRole::worker);
    config.local->master = master;
    config.master_worker = master;
    for (const auto& [name, value] : deployment_.workers_settings) config.job.set(name, value);
    return config;
  }

  Deployment deployment_;
  Medium medium_;
  EsyncPlanner planner_;
  std::map<std::uint64_t, std::uint64_t> reports_;  // of the scheduler's thread, as is the planner
  std::unique_ptr<Plane> global_, central_;
  std::vector<std::unique_ptr<Plane>> parties_;
  std::map<int, Lives> global_lives_;
  std::map<std::size_t, Lives> party_lives_;  // 100 of each party
  std::map<std::size_t, Cut> worker_cuts_;
  std::mutex mutex_;
  std::vector<std::thread> beside_;  // guarded by mutex_
};

// A job of one tensor, which is zero at first: until the worker may push.
inline void begin_with_zeros(Session& session, const proto::OptimizerConfig& optimizer, std::vector<float>& weights) {
  KvWorker& kv = session.kv();
  if (session.master()) {
    kv.configure(optimizer);
    kv.wait(kv.init(0, weights));
  }
  kv.wait(kv.pull(0, weights));
  session.barrier("initialised");
}

using Tensors = std::vector<std::vector<float>>;

// The replicas after each round: history[slice][round], round 0 being the initial values.
using History = std::vector<std::vector<Tensors>>;

struct Trained {
  Ends ends;
  History history;
  std::vector<Tensors> store;  // what each worker pulls when it has trained
};

struct Training {
  std::size_t rounds = 0;
  std::uint64_t disorder = 0;  // seeds the order and the moments in which workers push; it must not matter
  // Called before a worker pushes in a round, and when it has its answer; for those who take turns.
  std::function<void(std::size_t slice, std::size_t round)> before{}, after{};
  std::function<void(Job& job)> prepare{};  // before it runs
};

// All replicas after a round, bit for bit.
inline void expect_identical_replicas(const History& history, std::size_t round) {
  for (std::size_t slice = 0; slice < history.size(); ++slice) {
    ASSERT_GT(history[slice].size(), round) << "worker " << slice;
    EXPECT_EQ(history[slice][round], history[0][round]) << "worker " << slice << ", round " << round;
  }
}

// After every so many-th of the rounds.
inline void expect_identical_throughout(const History& history, std::size_t rounds, std::size_t every = 1) {
  for (std::size_t round = 0; round <= rounds; round += every) expect_identical_replicas(history, round);
}

// Trains the regression: the replicas after each round.
inline Trained train(Deployment deployment, const Medium& medium, const Regression& model,
                     const proto::OptimizerConfig& optimizer, const Training& training) {
  Trained trained;
  const auto workers = static_cast<std::size_t>(deployment.workers());
  trained.history.resize(workers);
  trained.store.resize(workers);
  if (deployment.rounds.empty()) deployment.rounds.assign(workers, training.rounds);
  Job job(deployment, medium);
  if (training.prepare) training.prepare(job);
  std::vector<Tensors> all_weights(workers + 1), all_gradients(workers + 1);  // they outlive the sessions
  trained.ends = job.run([&](Session& session, std::optional<std::size_t> slice) {
    KvWorker& kv = session.kv();
    const auto keys = static_cast<std::uint32_t>(model.lengths.size());
    if (session.master()) {
      kv.configure(optimizer);
      Tensors values;
      for (std::uint32_t key = 0; key < keys; ++key) values.push_back(model.initial(key));
      for (std::uint32_t key = 0; key < keys; ++key) kv.init(key, values[key]);
      kv.wait_all();
    }
    Tensors& weights = all_weights[slice.value_or(workers)];
    Tensors& gradients = all_gradients[slice.value_or(workers)];
    std::vector<std::span<float>> parameters;
    weights.clear();  // of an earlier life
    gradients.clear();
    for (const std::size_t length : model.lengths) {
      weights.emplace_back(length);
      gradients.emplace_back(length);
    }
    for (std::vector<float>& tensor : weights) parameters.emplace_back(tensor);
    Replica replica(kv, session.job(), parameters);
    replica.pull();
    session.barrier("initialised");
    if (!slice) return;
    std::mt19937_64 random(training.disorder * 100 + *slice);
    std::vector<Tensors>& mine = trained.history[*slice];
    mine.push_back(weights);
    while (replica.round() < training.rounds) {
      for (std::uint32_t key = 0; key < keys; ++key) {
        model.gradient<float>(key, *slice, replica.steps() + 1, weights[key], gradients[key]);
      }
      std::vector<std::uint32_t> order(keys);
      for (std::uint32_t key = 0; key < keys; ++key) order[key] = key;
      if (training.disorder != 0) std::shuffle(order.begin(), order.end(), random);
      if (training.before) training.before(*slice, replica.round() + 1);
      for (const std::uint32_t key : order) {
        for (std::uint64_t pause = training.disorder != 0 ? random() % 64 : 0; pause > 0; --pause) {
          std::this_thread::yield();
        }
        replica.learn(key, gradients[key]);
      }
      if (!replica.finish_step()) continue;
      if (training.after) {
        training.after(*slice, replica.round());
        replica.start_step();
      }
      mine.push_back(weights);
    }
    Tensors& store = trained.store[*slice] = weights;
    for (std::uint32_t key = 0; key < keys; ++key) kv.pull(key, store[key]);
    kv.wait_all();
  });
  return trained;
}

inline Trained train(const Deployment& deployment, const Medium& medium, const Regression& model,
                     const proto::OptimizerConfig& optimizer, std::size_t rounds, std::uint64_t disorder = 0) {
  return train(deployment, medium, model, optimizer, Training{.rounds = rounds, .disorder = disorder});
}

}  // namespace geomx::ps::testing
