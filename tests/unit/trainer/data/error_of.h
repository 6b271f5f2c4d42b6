#pragma once

#include <string>

#include "trainer/tensor/error.h"

namespace geomx::trainer {

template <typename Attempt>
std::string error_of(Attempt attempt) {
  try {
    attempt();
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

}  // namespace geomx::trainer
