#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <vector>

#include "tests/support/ps_cluster.h"

namespace geomx::ps::testing {

// For tests that mostly wait: all media wait together.
inline void on_all_media(const std::function<void(const Medium& network)>& test) {
  std::vector<std::function<void()>> runs;
  for (const std::string& name : all_media()) {
    runs.emplace_back([&test, name] {
      SCOPED_TRACE(name);
      test(medium(name));
    });
  }
  EXPECT_THAT(run_all(runs), ::testing::Each(::testing::IsEmpty()));
}

}  // namespace geomx::ps::testing
