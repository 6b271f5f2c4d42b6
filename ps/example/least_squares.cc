// A worker of one's own: least squares over samples that it makes up. It finds the parameter server through the guide's
// variables (DMLC_...), as any worker does; whatever algorithm and codec the job has, this file stays the same.
#include <cstdio>
#include <random>
#include <stdexcept>
#include <string>
#include <vector>

#include "ps/worker/replica.h"
#include "ps/worker/session.h"

namespace ps = geomx::ps;

using Vector = std::vector<float>;
constexpr std::size_t kBatch = 64;
const Vector kTruth{3, -1, 4, -1, 5, -9, 2, -6};  // what is to be found

void train(ps::Session& session, unsigned long slice, Vector& weights, Vector& gradient) {
  if (session.master()) {  // one worker says where to begin, and how to step
    ps::proto::OptimizerConfig sgd;
    sgd.set_name("sgd");
    sgd.set_learning_rate(0.1);
    session.kv().configure(sgd);
    session.kv().init(0, weights);
    session.kv().wait_all();
  }
  ps::Replica replica(session.kv(), session.job(), {weights});
  replica.pull();
  session.barrier("initialised");
  std::mt19937 random(static_cast<std::uint32_t>(slice));
  std::normal_distribution<float> normal;
  while (replica.round() < session.rounds()) {
    gradient.assign(kTruth.size(), 0);
    for (std::size_t sample = 0; sample < kBatch; ++sample) {
      Vector x(kTruth.size());
      float error = -normal(random) / 10;  // of the measurement
      for (std::size_t i = 0; i < x.size(); ++i) {
        x[i] = normal(random);
        error += x[i] * (weights[i] - kTruth[i]);
      }
      for (std::size_t i = 0; i < x.size(); ++i) gradient[i] += x[i] * error / kBatch;
    }
    replica.learn(0, gradient);  // goes on its way
    replica.finish_step();       // and the new weights have come
  }
  for (const float weight : weights) std::printf("%.2f ", weight);
  std::printf("after %lu rounds\n", static_cast<unsigned long>(replica.round()));
}

int main(int argc, char** argv) try {
  if (argc != 3) throw std::invalid_argument("usage: least_squares SLICE STEPS, and the guide's variables");
  const auto slice = std::stoul(argv[1]);
  Vector weights(kTruth.size()), gradient(kTruth.size());  // messages read them: they outlive the session
  ps::Session session(ps::read_environment(), {.slice = slice, .steps = std::stoul(argv[2])});
  train(session, slice, weights, gradient);
  session.leave();
} catch (const std::exception& error) {
  std::fprintf(stderr, "least_squares: %s\n", error.what());
  return 1;
}
