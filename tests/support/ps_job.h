#pragma once

#include <algorithm>
#include <future>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "ps/server/node.h"
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
  FlowConfig flow{};

  int workers() const {
    int count = central_trains ? central_workers : 0;
    for (const int workers : party_workers) count += workers;
    return count;
  }
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
    };
    const auto parties = static_cast<int>(deployment_.party_workers.size());
    global_ = std::make_unique<Plane>(medium_, deployment_.global_servers, parties * deployment_.party_servers,
                                      [&](PlaneConfig& plane) {
                                        adjust(plane);
                                        plane.global = true;
                                      });
    central_ = std::make_unique<Plane>(medium_, deployment_.global_servers, deployment_.central_workers, adjust);
    for (const int workers : deployment_.party_workers) {
      parties_.push_back(std::make_unique<Plane>(medium_, deployment_.party_servers, workers, adjust));
    }
  }

  Ends run(const Work& work) {
    std::vector<std::function<void()>> servers, workers;
    for (int i = 0; i < deployment_.global_servers; ++i) servers.push_back([this] { serve(global_server(), node()); });
    for (std::size_t party = 0; party < parties_.size(); ++party) {
      for (int i = 0; i < deployment_.party_servers; ++i) {
        servers.push_back([this, party] { serve(party_server(party), node()); });
      }
    }
    std::size_t slice = 0;
    const auto add_worker = [&](const Plane& plane, bool master, bool trains) {
      const std::optional<std::size_t> mine = trains ? std::optional(slice++) : std::nullopt;
      workers.push_back([this, &plane, &work, master, mine] {
        SessionOptions options{.slice = mine};
        if (mine && !deployment_.slices.empty()) options.slice = deployment_.slices.at(*mine);
        if (mine && !deployment_.rounds.empty()) options.rounds = deployment_.rounds.at(*mine);
        Session session(worker(plane, master), options, node());
        work(session, mine);
        session.leave();
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

 private:
  TransportFactory node() const { return medium_.node; }

  NodeConfig common() const {
    NodeConfig config;
    config.bigarray_bound = deployment_.bigarray_bound;
    config.flow = deployment_.flow;
    config.num_all_workers = deployment_.num_all_workers.value_or(deployment_.workers());
    return config;
  }
  NodeConfig global_server() const {
    NodeConfig config = common();
    config.global = global_->config(PlaneRole::server);
    config.local = central_->config(PlaneRole::server);
    config.central_worker = deployment_.central_trains;
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
    return config;
  }

  Deployment deployment_;
  Medium medium_;
  std::unique_ptr<Plane> global_, central_;
  std::vector<std::unique_ptr<Plane>> parties_;
};

using Tensors = std::vector<std::vector<float>>;

// The replicas after each round: history[slice][round], round 0 being the initial values.
using History = std::vector<std::vector<Tensors>>;

struct Trained {
  Ends ends;
  History history;
};

// Trains the regression. `disorder` seeds the order and the moments in which workers push; it must not matter.
inline Trained train(const Deployment& deployment, const Medium& medium, const Regression& model,
                     const proto::OptimizerConfig& optimizer, std::size_t rounds, std::uint64_t disorder = 0) {
  Trained trained;
  trained.history.resize(static_cast<std::size_t>(deployment.workers()));
  Job job(deployment, medium);
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
    Tensors weights, gradients;
    for (const std::size_t length : model.lengths) {
      weights.emplace_back(length);
      gradients.emplace_back(length);
    }
    for (std::uint32_t key = 0; key < keys; ++key) kv.pull(key, weights[key]);
    kv.wait_all();
    session.barrier("initialised");
    if (!slice) return;
    std::mt19937_64 random(disorder * 100 + *slice);
    std::vector<Tensors>& mine = trained.history[*slice];
    mine.push_back(weights);
    for (std::size_t round = 1; round <= rounds; ++round) {
      for (std::uint32_t key = 0; key < keys; ++key) {
        model.gradient<float>(key, *slice, round, weights[key], gradients[key]);
      }
      std::vector<std::uint32_t> order(keys);
      for (std::uint32_t key = 0; key < keys; ++key) order[key] = key;
      if (disorder != 0) std::shuffle(order.begin(), order.end(), random);
      for (const std::uint32_t key : order) {
        for (std::uint64_t pause = disorder != 0 ? random() % 64 : 0; pause > 0; --pause) std::this_thread::yield();
        kv.push_pull(key, gradients[key], weights[key]);
      }
      kv.wait_all();
      mine.push_back(weights);
    }
  });
  return trained;
}

}  // namespace geomx::ps::testing
