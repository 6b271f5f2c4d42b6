#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "trainer/cost/profile.h"
#include "trainer/cost/timer.h"
#include "trainer/loop/options.h"
#include "trainer/model/backend.h"
#include "trainer/model/graph.h"

namespace geomx::trainer {

// What a worker computes on.
struct Device {
  enum class Kind : std::uint8_t { automatic, cpu, cuda, model };
  Kind kind = Kind::automatic;
  int index = 0;  // of a card
};

// "auto" (a card where one can be used, else the CPU), "cpu", "cuda" or "cuda:N", "model" (nothing is computed:
// trainer/cost). Throws Error for another text.
Device parse_device(const std::string& text);

// What that is on this machine, never automatic. Throws Error, in one line, where the machine does not have it.
Device find_device(const Device& asked);

// What a worker trains: one of the two.
struct Subject {
  std::optional<Graph> model;
  std::optional<Profile> profile;  // device model
  std::vector<TensorSpec> parameters() const { return model ? model->parameters() : profile->parameters(); }
};

// The only place where devices are chosen. `timer` is that of a backend which computes nothing, and outlives it; the
// options' data slice tells such workers apart.
std::unique_ptr<Backend> make_backend(const Device& device, const Subject& subject, const WorkerOptions& options,
                                      Timer& timer);
// Of a device that computes.
std::unique_ptr<Backend> make_backend(const Device& device, const Graph& graph, const BackendOptions& options);

}  // namespace geomx::trainer
