#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "emulator/scenario/json.h"
#include "emulator/scenario/training.h"

// What the profile of a job with device "model" comes to: workers that compute nothing take its times, and their
// tensors have its sizes (docs/training.md). `geomx-node` reads it whole; the emulator needs the sums.
namespace geomx::scenario {

struct ProfileSums {
  std::uint64_t elements = 0;
  std::uint64_t tensors = 0;
  double step_seconds = 0;       // forward and backward,
  std::uint64_t batch_size = 1;  // with a batch of so many samples
};

const std::vector<std::string>& builtin_profiles();

// Of a name, or of a file. Throws InputError.
ProfileSums profile_sums(const std::string& name_or_path);

// How long the slowest worker's step computes, in the mean; and any other's. 0 where device is not "model".
struct StepSeconds {
  double usual = 0;
  double longest = 0;
};
StepSeconds step_seconds(const Training& training);

// Makes the path of a profile absolute, from `folder` on, and reports, at /training/profile, what is wrong with it.
// Internal to this folder.
void find_profile(Training& training, const std::string& folder, Problems& problems);

}  // namespace geomx::scenario
