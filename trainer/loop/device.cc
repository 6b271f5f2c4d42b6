#include "trainer/loop/device.h"

#include <charconv>

#include "trainer/cost/cost_backend.h"
#include "trainer/cpu/cpu_backend.h"
#include "trainer/cuda/load.h"
#include "trainer/tensor/error.h"

namespace geomx::trainer {
namespace {

constexpr std::string_view kCard = "cuda:";

bool has_card(int index) {
  try {
    cuda::require_card(index);
    return true;
  } catch (const Error&) {
    return false;
  }
}

}  // namespace

Device parse_device(const std::string& text) {
  if (text == "auto") return {Device::Kind::automatic};
  if (text == "cpu") return {Device::Kind::cpu};
  if (text == "model") return {Device::Kind::model};
  if (text == "cuda") return {Device::Kind::cuda, 0};
  int index = -1;
  if (text.starts_with(kCard)) {
    const char* const end = text.data() + text.size();
    const auto read = std::from_chars(text.data() + kCard.size(), end, index);
    if (read.ec != std::errc() || read.ptr != end) index = -1;
  }
  if (index < 0) throw Error("--device " + text + " is not known (auto, cpu, cuda:N or model)");
  return {Device::Kind::cuda, index};
}

Device find_device(const Device& asked) {
  if (asked.kind == Device::Kind::automatic)
    return has_card(0) ? Device{Device::Kind::cuda} : Device{Device::Kind::cpu};
  if (asked.kind != Device::Kind::cuda) return asked;
  try {
    cuda::require_card(asked.index);
  } catch (const Error& error) {
    throw Error("--device cuda:" + std::to_string(asked.index) + ": " + error.what());
  }
  return asked;
}

std::unique_ptr<Backend> make_backend(const Device& device, const Subject& subject, const WorkerOptions& options,
                                      Timer& timer) {
  if (device.kind == Device::Kind::model) {
    return make_cost_backend(subject.profile.value(), options.cost, options.batch_size, options.seed,
                             options.data_slice.value_or(0), timer);
  }
  return make_backend(
      device, subject.model.value(),
      {.batch = options.batch_size, .threads = options.threads, .precision = options.precision, .seed = options.seed});
}

std::unique_ptr<Backend> make_backend(const Device& device, const Graph& graph, const BackendOptions& options) {
  const Device found = find_device(device);
  if (found.kind == Device::Kind::model) throw Error("--device model computes nothing");
  return found.kind == Device::Kind::cuda ? cuda::make_backend(graph, options, found.index)
                                          : make_cpu_backend(graph, options);
}

}  // namespace geomx::trainer
