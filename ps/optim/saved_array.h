#pragma once

#include <cstring>
#include <span>
#include <string>
#include <vector>

#include "ps/config/error.h"
#include "ps/proto/checkpoint.pb.h"

// Arrays in a checkpoint.
namespace geomx::ps {

inline std::string saved(std::span<const float> values) {
  return {reinterpret_cast<const char*>(values.data()), values.size_bytes()};
}

// Throws Error where that has another length.
inline void load(const std::string& bytes, std::span<float> values) {
  if (bytes.size() != values.size_bytes()) {
    throw Error("a checkpoint's array has " + std::to_string(bytes.size()) + " bytes, where " +
                std::to_string(values.size_bytes()) + " are wanted: it is of another job");
  }
  if (!values.empty()) std::memcpy(values.data(), bytes.data(), bytes.size());
}

inline const std::string& array_of(const proto::StepState& state, int index) {
  static const std::string none;
  return index < state.arrays_size() ? state.arrays(index) : none;
}

}  // namespace geomx::ps
