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

void require_available(const Device& device) {
  if (device.kind != Device::Kind::cuda) return;
  try {
    cuda::require_card(device.index);
  } catch (const Error& error) {
    throw Error("--device cuda:" + std::to_string(device.index) + ": " + error.what());
  }
}

std::unique_ptr<Backend> make_backend(const Device& device, const Subject& subject, const WorkerOptions& options,
                                      Timer& timer) {
  if (device.kind == Device::Kind::model) {
    return make_cost_backend(subject.profile.value(), options.cost, options.batch_size, options.seed,
                             options.data_slice.value_or(0), timer);
  }
  return make_backend(device, subject.model.value(),
                      {.batch = options.batch_size, .threads = options.threads, .seed = options.seed});
}

std::unique_ptr<Backend> make_backend(const Device& device, const Graph& graph, const BackendOptions& options) {
  const bool on_card =
      device.kind == Device::Kind::cuda || (device.kind == Device::Kind::automatic && has_card(device.index));
  return on_card ? cuda::make_backend(graph, options, device.index) : make_cpu_backend(graph, options);
}

}  // namespace geomx::trainer
