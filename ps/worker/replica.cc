#include "ps/worker/replica.h"

#include <algorithm>
#include <chrono>
#include <string>
#include <utility>

#include "ps/config/error.h"
#include "ps/optim/optimizer.h"
#include "ps/sync/answer.h"

namespace geomx::ps {
namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

// Of one parameter, as far as the algorithm needs them.
struct Arrays {
  std::vector<float> answer;    // the mean of all gradients
  std::vector<float> received;  // what came from the servers last
  std::vector<float> learnt;    // since then
  std::unique_ptr<Optimizer> optimizer;
};

}  // namespace

struct Replica::Impl {
  Impl(KvWorker& the_kv, const JobConfig& the_job, std::vector<std::span<float>> the_parameters)
      : kv(the_kv),
        job(the_job),
        locally(steps_locally(job.sync)),
        by_mean(answer_of(job, 0) == Answer::mean),
        parameters(std::move(the_parameters)),
        arrays(parameters.size()),
        handles(parameters.size()),
        awaited(parameters.size()) {
    if (job.sync.name == SyncName::hfa || job.sync.name == SyncName::diloco) {
      steps_in_round = static_cast<std::uint64_t>(job.sync.local_steps);
    }
  }

  void begin();
  void keep(std::size_t key);
  void need(std::size_t key);
  void learn(std::uint32_t key, std::span<const float> gradient);
  void exchange();

  KvWorker& kv;
  const JobConfig job;
  const bool locally;
  const bool by_mean;
  const std::vector<std::span<float>> parameters;
  std::vector<Arrays> arrays;
  std::vector<KvWorker::Handle> handles;
  std::vector<bool> awaited;  // whose answer to the last round has not been waited for
  bool overlaps = false;
  std::uint64_t steps_in_round = 1;
  std::uint64_t step = 0;  // of this round's, that have been completed
  std::uint64_t round = 0;
  std::uint64_t steps = 0;

  // For ESync's state server.
  Clock::time_point began;  // the step
  double computing = 0;     // in this round's steps
  double road = 0;          // seconds that the last report and its answer took
};

// What needs the job's optimizer, which has come with the first values.
void Replica::Impl::begin() {
  if (!locally && !by_mean) return;
  const auto config = kv.optimizer();
  if (!config) throw Error("the servers have not said which optimizer the job has");
  for (std::size_t key = 0; key < parameters.size(); ++key) {
    const std::size_t length = parameters[key].size();
    arrays[key].optimizer = make_optimizer(*config, length);
    if (by_mean) arrays[key].answer.resize(length);
    if (locally) arrays[key].learnt.resize(length);
  }
}

void Replica::Impl::keep(std::size_t key) {
  if (locally) arrays[key].received.assign(parameters[key].begin(), parameters[key].end());
}

void Replica::Impl::need(std::size_t key) {
  if (!awaited[key]) return;
  kv.wait(handles[key]);
  awaited[key] = false;
  if (by_mean) arrays[key].optimizer->step(parameters[key], arrays[key].answer, 1, parameters[key]);
  keep(key);
}

void Replica::Impl::learn(std::uint32_t key, std::span<const float> gradient) {
  const std::span<float> value = parameters.at(key);
  Arrays& own = arrays[key];
  if (!locally) {
    handles[key] = kv.push_pull(key, gradient, by_mean ? std::span<float>(own.answer) : value);
    return;
  }
  own.optimizer->step(value, gradient, 1, value);
  if (step + 1 < steps_in_round) return;
  for (std::size_t i = 0; i < value.size(); ++i) own.learnt[i] = value[i] - own.received[i];
  handles[key] = kv.push_pull(key, own.learnt, value);
}

void Replica::Impl::exchange() {
  if (job.sync.name == SyncName::esync) {
    // Behind this round's gradients, and before their answers, for which others are waited for.
    const auto asked = Clock::now();
    proto::State state;
    state.set_step_seconds(computing / static_cast<double>(steps_in_round));
    state.set_road_seconds(road);
    state.set_most_steps(static_cast<std::uint32_t>(job.sync.most_steps));
    steps_in_round = kv.report(state);
    road = seconds_since(asked);
    computing = 0;
  }
  for (std::size_t key = 0; key < parameters.size(); ++key) {
    awaited[key] = true;
    if (!overlaps) need(key);
  }
}

Replica::Replica(KvWorker& kv, const JobConfig& job, std::vector<std::span<float>> parameters)
    : kv_(kv), impl_(std::make_unique<Impl>(kv, job, std::move(parameters))) {}

Replica::~Replica() = default;

void Replica::pull() {
  for (std::size_t key = 0; key < impl_->parameters.size(); ++key) {
    impl_->handles[key] = impl_->kv.pull(static_cast<std::uint32_t>(key), impl_->parameters[key]);
  }
  for (const KvWorker::Handle handle : impl_->handles) impl_->kv.wait(handle);
  impl_->begin();
  for (std::size_t key = 0; key < impl_->parameters.size(); ++key) impl_->keep(key);
  impl_->began = Clock::now();
}

void Replica::overlap_rounds() {
  impl_->overlaps = true;
}

void Replica::need(std::uint32_t key) {
  const auto start = Clock::now();
  impl_->need(key);
  impl_->computing -= seconds_since(start);
}

void Replica::settle() {
  for (std::size_t key = 0; key < impl_->parameters.size(); ++key) impl_->need(key);
}

void Replica::learn(std::uint32_t key, std::span<const float> gradient) {
  impl_->learn(key, gradient);
}

void Replica::tell_loss(double loss) {
  impl_->kv.tell_loss(loss);
}

bool Replica::finish_step() {
  impl_->computing += seconds_since(impl_->began);
  ++impl_->steps;
  const bool last = ++impl_->step >= impl_->steps_in_round;
  if (last) {
    impl_->exchange();
    impl_->step = 0;
    ++impl_->round;
  }
  impl_->began = Clock::now();
  return last;
}

std::uint64_t Replica::round() const {
  return impl_->round;
}
std::uint64_t Replica::steps() const {
  return impl_->steps;
}

}  // namespace geomx::ps
