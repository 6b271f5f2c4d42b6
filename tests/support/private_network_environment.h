#pragma once

#include <gtest/gtest.h>

#include <string>

#include "tests/support/private_network.h"

namespace geomx::test {

// All tests of a program in one network namespace of its own; skipped where that cannot be made.
//   const auto* const environment = testing::AddGlobalTestEnvironment(new test::PrivateNetwork);
class PrivateNetwork : public testing::Environment {
 public:
  void SetUp() override {
    const std::string obstacle = enter_private_network(false);
    if (!obstacle.empty()) GTEST_SKIP() << "SKIPPED: " << obstacle;
  }
};

}  // namespace geomx::test
