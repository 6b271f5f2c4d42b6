#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <vector>

#include "emulator/sandbox/namespace.h"
#include "ps/server/global_backing.h"
#include "ps/server/kv_server.h"
#include "ps/worker/kv_worker.h"
#include "tests/support/link_bed.h"
#include "tests/support/ps_cluster.h"
#include "tests/support/reference.h"

// A worker and its server on a real road: in the two namespaces of a LinkBed, over ZeroMQ.
namespace geomx::ps::testing {

using Arrays = std::vector<std::vector<float>>;

// Weights of ones, gradients of halves, of so many elements each; SGD with a rate of 0.1.
inline void run_on_a_road(const test::LinkBed& bed, const Settings& job, bool global,
                          const std::vector<std::size_t>& lengths,
                          const std::function<void(KvWorker& worker, Arrays& weights, Arrays& gradients)>& rounds) {
  // ZeroMQ's threads are in the namespace of the thread that starts them.
  const auto node_in = [](int netns) {
    return Medium{"zmq", [netns] {
                    const sandbox::ScopedNetwork inside(netns);
                    return make_zmq_transport();
                  }};
  };
  const auto serve = [&](Plane& plane) {
    const sandbox::ScopedNetwork inside(bed.b());
    auto member = plane.member(PlaneRole::server);
    GlobalBacking backing(1);
    KvServer server({.member = member.get(), .num_workers = 1, .has_master = true}, backing, job);
    member->join(soon());
    server.await_workers(soon());
    backing.begin(server.settings().job());
    server.open(1, server.settings());
    server.wait();
  };
  const auto work = [&](Plane& plane) {
    const sandbox::ScopedNetwork inside(bed.a());
    PlaneConfig config = plane.config(PlaneRole::worker);
    config.master = true;
    config.bind_host = config.advertised = test::LinkBed::kAddressA;
    Member member(config, node_in(bed.a()).node());
    Arrays weights, gradients;
    for (const std::size_t length : lengths) {
      weights.emplace_back(length, 1.0F);
      gradients.emplace_back(length, 0.5F);
    }
    KvWorker worker(member, {});
    member.join(soon());
    proto::Greeting greeting;
    greeting.set_all_workers(1);
    greeting.add_workers();
    worker.greet(greeting, job, soon());
    worker.configure(sgd(0.1));
    for (std::uint32_t layer = 0; layer < lengths.size(); ++layer) worker.init(layer, weights[layer]);
    worker.wait_all();
    rounds(worker, weights, gradients);
    member.leave();
  };
  const sandbox::ScopedNetwork inside(bed.b());
  Plane plane(node_in(bed.b()), 1, 1, [&](PlaneConfig& config) {
    config.scheduler_host = config.bind_host = config.advertised = test::LinkBed::kAddressB;
    config.global = global;
  });
  EXPECT_THAT(run_all({[&] { serve(plane); }, [&] { work(plane); }}), ::testing::Each(::testing::IsEmpty()));
}

}  // namespace geomx::ps::testing
