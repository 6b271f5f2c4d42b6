#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <vector>

#include "trainer/tensor/tensors.h"

// What a network's training costs, without the network: how large its tensors are, and how long a step computes before
// each is needed and until each one's gradient is there.
namespace geomx::trainer {

struct ProfiledTensor {
  TensorSpec spec;
  // From the moment at which the forward pass needs this tensor to that at which it needs the next one (of the last: to
  // the end of the forward pass).
  double forward_ms = 0;
  // From the moment at which the gradient of the next tensor is there (of the last: from the end of the forward pass)
  // to that at which this one's is. A layer's time is its last tensor's: the others are needed, and ready, with it.
  double backward_ms = 0;
  bool operator==(const ProfiledTensor&) const = default;
};

struct Profile {
  std::string name;
  std::string source;                   // where the numbers are from, for people
  std::size_t batch_size = 1;           // of the step that the times are of
  std::vector<ProfiledTensor> tensors;  // in the order of the forward pass; the backward pass goes the other way

  std::vector<TensorSpec> parameters() const;
  double forward_ms() const;
  double backward_ms() const;
  double step_ms() const { return forward_ms() + backward_ms(); }
  bool operator==(const Profile&) const = default;
};

// A table for people: each tensor with its times, and the sums.
std::string summary(const Profile& profile);

// The profile of that name (builtin.h) or, where there is none, in that file. Throws Error.
Profile find_profile(const std::string& name_or_file);

// As a file:
//
//   {"version": 1, "name": "vgg16", "source": "...", "batch_size": 64,
//    "tensors": [{"name": "features.0.weight", "shape": [64, 3, 3, 3], "forward_ms": 0, "backward_ms": 0}, ...]}
//
// Throws Error naming the file and what is wrong in it: nothing unknown, missing, negative or of another type is taken,
// and times are not all 0.
Profile read_profile(const std::filesystem::path& file);
Profile parse_profile(const std::string& text, const std::string& file);
// Whole or not at all: to a file beside it first.
void write_profile(const std::filesystem::path& file, const Profile& profile);
std::string to_json(const Profile& profile);

}  // namespace geomx::trainer
