#pragma once

#include <gtest/gtest.h>

#include <optional>
#include <string>

#include "trainer/cuda/load.h"
#include "trainer/tensor/error.h"

namespace geomx::trainer::testing {

// Why no test can run here; none where there is a card.
inline const std::optional<std::string>& no_card() {
  static const std::optional<std::string> why = []() -> std::optional<std::string> {
    try {
      cuda::require_card(0);
      return std::nullopt;
    } catch (const Error& error) {
      return error.what();
    }
  }();
  return why;
}

}  // namespace geomx::trainer::testing

// The first line of every test here.
#define SKIP_WITHOUT_CARD() \
  if (geomx::trainer::testing::no_card()) GTEST_SKIP() << "no card: " << *geomx::trainer::testing::no_card()
