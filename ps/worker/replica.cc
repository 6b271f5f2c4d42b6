#include "ps/worker/replica.h"

#include <algorithm>
#include <chrono>
#include <optional>
#include <string>
#include <utility>

#include "ps/config/error.h"
#include "ps/optim/optimizer.h"
#include "ps/sync/answer.h"
#include "ps/worker/clipping.h"

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
  Impl(KvWorker& the_kv, const JobConfig& the_job, std::vector<std::span<float>> the_parameters,
       std::vector<Placeholder> the_placeholders)
      : kv(the_kv),
        job(the_job),
        locally(steps_locally(job.sync)),
        by_mean(answer_of(job, 0) == Answer::mean),
        parameters(std::move(the_parameters)),
        placeholders(std::move(the_placeholders)),
        hollow(!placeholders.empty()),
        count(hollow ? placeholders.size() : parameters.size()),
        arrays(count),
        handles(count),
        awaited(count) {
    if (job.sync.name == SyncName::hfa || job.sync.name == SyncName::diloco) {
      steps_in_round = static_cast<std::uint64_t>(job.sync.local_steps);
    }
  }

  KvWorker::Handle pull(std::uint32_t key);
  KvWorker::Handle pull(std::uint32_t key, std::uint64_t of_round);
  void begin();
  void keep(std::size_t key);
  void need(std::size_t key);
  void catch_up();
  void learn(std::uint32_t key, std::span<const float> gradient);
  void go_on(std::uint32_t key, std::span<const float> gradient);
  void exchange();

  KvWorker& kv;
  const JobConfig job;
  const bool locally;
  const bool by_mean;
  const std::vector<std::span<float>> parameters;  // or
  const std::vector<Placeholder> placeholders;
  const bool hollow;  // has placeholders: there is nothing to keep or to step
  const std::size_t count;
  std::vector<Arrays> arrays;
  std::optional<Clipping> clipping;
  const Clipping::PassOn pass_on = [this](std::uint32_t key, std::span<const float> gradient) { go_on(key, gradient); };
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

KvWorker::Handle Replica::Impl::pull(std::uint32_t key) {
  return hollow ? kv.pull(key, placeholders[key]) : kv.pull(key, parameters[key]);
}
KvWorker::Handle Replica::Impl::pull(std::uint32_t key, std::uint64_t of_round) {
  return hollow ? kv.pull(key, placeholders[key], of_round) : kv.pull(key, parameters[key], of_round);
}

// What needs the job's optimizer, which has come with the first values.
void Replica::Impl::begin() {
  if (hollow) return;
  const auto config = kv.optimizer();
  if (config && Clipping::wanted(*config)) clipping.emplace(*config, parameters.size());
  if (!locally && !by_mean) return;
  if (!config) throw Error("the servers have not said which optimizer the job has");
  for (std::size_t key = 0; key < parameters.size(); ++key) {
    const std::size_t length = parameters[key].size();
    arrays[key].optimizer = make_optimizer(*config, length);
    if (by_mean) arrays[key].answer.resize(length);
    if (locally) arrays[key].learnt.resize(length);
  }
}

void Replica::Impl::keep(std::size_t key) {
  if (locally && !hollow) arrays[key].received.assign(parameters[key].begin(), parameters[key].end());
}

void Replica::Impl::need(std::size_t key) {
  if (!awaited[key]) return;
  kv.wait(handles[key]);
  awaited[key] = false;
  if (by_mean && !hollow) arrays[key].optimizer->step(parameters[key], arrays[key].answer, 1, parameters[key]);
  keep(key);
  if (std::none_of(awaited.begin(), awaited.end(), [](bool one) { return one; })) catch_up();
}

// One that was away in the middle of a round has had some parameters before and the others after: all go on from the
// latest round.
void Replica::Impl::catch_up() {
  std::uint64_t latest = 0;
  for (std::uint32_t key = 0; key < count; ++key) latest = std::max(latest, kv.round_of(key));
  std::vector<std::uint32_t> behind;
  for (std::uint32_t key = 0; key < count; ++key) {
    if (kv.oldest_round_of(key) < latest) behind.push_back(key);
  }
  if (behind.empty()) return;
  for (const std::uint32_t key : behind) handles[key] = pull(key, latest);
  for (const std::uint32_t key : behind) {
    kv.wait(handles[key]);
    keep(key);
  }
}

void Replica::Impl::learn(std::uint32_t key, std::span<const float> gradient) {
  if (hollow) {
    if (step + 1 >= steps_in_round) handles[key] = kv.push_pull(key, placeholders.at(key));
    return;
  }
  if (!clipping) return go_on(key, gradient);
  clipping->take(key, gradient, pass_on);
}

void Replica::Impl::go_on(std::uint32_t key, std::span<const float> gradient) {
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
  awaited.assign(count, true);
  for (std::size_t key = 0; key < count && !overlaps; ++key) need(key);
}

Replica::Replica(KvWorker& kv, const JobConfig& job, std::vector<std::span<float>> parameters)
    : kv_(kv), impl_(std::make_unique<Impl>(kv, job, std::move(parameters), std::vector<Placeholder>())) {}
Replica::Replica(KvWorker& kv, const JobConfig& job, std::vector<Placeholder> parameters)
    : kv_(kv), impl_(std::make_unique<Impl>(kv, job, std::vector<std::span<float>>(), std::move(parameters))) {}

Replica::~Replica() = default;

void Replica::pull() {
  for (std::size_t key = 0; key < impl_->count; ++key) {
    impl_->handles[key] = impl_->pull(static_cast<std::uint32_t>(key));
  }
  for (const KvWorker::Handle handle : impl_->handles) impl_->kv.wait(handle);
  impl_->begin();
  for (std::size_t key = 0; key < impl_->count; ++key) impl_->keep(key);
  impl_->round = impl_->kv.begin_rounds();
  impl_->steps = impl_->round * impl_->steps_in_round;
  for (const Arrays& own : impl_->arrays) {
    if (own.optimizer) own.optimizer->begin_at(impl_->steps);
  }
  impl_->began = Clock::now();
}

Replica::State Replica::save() const {
  State state{.round = impl_->round, .steps = impl_->steps, .optimizers = {}};
  for (const Arrays& own : impl_->arrays) {
    if (own.optimizer) own.optimizer->save(state.optimizers.emplace_back());
  }
  return state;
}

void Replica::restore(const State& state) {
  std::size_t own_optimizers = 0;
  for (const Arrays& own : impl_->arrays) own_optimizers += own.optimizer ? 1 : 0;
  if (state.optimizers.size() != own_optimizers) {
    throw Error("a checkpoint has the states of " + std::to_string(state.optimizers.size()) +
                " optimizers, and this worker has " + std::to_string(own_optimizers) + ": it is of another job");
  }
  for (std::size_t key = 0; key < state.optimizers.size(); ++key) {
    impl_->arrays[key].optimizer->restore(state.optimizers[key]);
  }
  impl_->steps = state.steps;
}

void Replica::overlap_rounds() {
  impl_->overlaps = true;
}

void Replica::start_step() {
  impl_->began = Clock::now();
}

void Replica::need(std::uint32_t key) {
  const auto start = Clock::now();
  impl_->need(key);
  impl_->computing -= seconds_since(start);
}

void Replica::settle() {
  for (std::size_t key = 0; key < impl_->count; ++key) impl_->need(key);
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
    // More than one further, where the party has gone on without this worker for a while.
    impl_->round = impl_->kv.round_of(0) + (impl_->awaited[0] ? 1 : 0);
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
