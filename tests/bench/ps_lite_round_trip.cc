// One node of a ps-lite job, for ps_lite_comparison.sh, which builds it with ps-lite: one worker pushes and pulls one
// tensor, and one server steps (SGD) and answers, as in ps_bench. Prints, for each size, the medians in microseconds
// of a push that is waited for and then a pull, and of the two fused.

#include <ps/ps.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <unordered_map>
#include <vector>

namespace {

using Values = ps::SArray<float>;
using Clock = std::chrono::steady_clock;

constexpr float kLearningRate = 1e-6F;

// The first push of a key brings its value, each later one a gradient.
void handle(const ps::KVMeta& request, const ps::KVPairs<float>& data, ps::KVServer<float>* server) {
  static std::unordered_map<ps::Key, std::vector<float>> store;
  std::vector<float>& value = store[data.keys[0]];
  if (request.push) {
    if (value.empty()) {
      value.assign(data.vals.begin(), data.vals.end());
    } else {
      for (std::size_t i = 0; i < value.size(); ++i) value[i] -= kLearningRate * data.vals[i];
    }
  }
  ps::KVPairs<float> answer;
  if (request.pull) {
    answer.keys = data.keys;
    answer.vals = Values(value.data(), value.size());  // not copied
    answer.lens = {static_cast<int>(value.size())};
  }
  server->Response(request, answer);
}

template <typename Work>
double median_microseconds(int turns, Work work) {
  std::vector<double> taken;
  for (int turn = 0; turn < turns; ++turn) {
    const auto start = Clock::now();
    work();
    taken.push_back(std::chrono::duration<double, std::micro>(Clock::now() - start).count());
  }
  std::nth_element(taken.begin(), taken.begin() + turns / 2, taken.end());
  return taken[static_cast<std::size_t>(turns) / 2];
}

void work() {
  ps::KVWorker<float> kv(0, 0);
  ps::Key next = 0;
  for (const std::size_t bytes : {1UL << 10, 1UL << 20, 16UL << 20, 64UL << 20}) {
    const std::size_t length = bytes / sizeof(float);
    const ps::SArray<ps::Key> keys{next++};
    ps::SArray<int> lengths{static_cast<int>(length)};
    const Values gradient(length, 1.0F);
    Values value(length, 0.0F);
    const int turns = bytes > (16 << 20) ? 15 : bytes > (1 << 20) ? 40 : bytes > (1 << 10) ? 300 : 4000;
    kv.Wait(kv.ZPush(keys, gradient, lengths));
    const double apart = median_microseconds(turns, [&] {
      kv.Wait(kv.ZPush(keys, gradient, lengths));
      kv.Wait(kv.ZPull(keys, &value, &lengths));
    });
    const double fused = median_microseconds(turns, [&] { kv.Wait(kv.ZPushPull(keys, gradient, &value, &lengths)); });
    std::printf("%zu %.1f %.1f\n", bytes, apart, fused);
  }
}

}  // namespace

int main() {
  ps::Start(0);
  if (ps::IsServer()) {
    auto* server = new ps::KVServer<float>(0);
    server->set_request_handle(handle);
    ps::RegisterExitCallback([server] { delete server; });
  }
  if (ps::IsWorker()) work();
  ps::Finalize(0, true);
}
