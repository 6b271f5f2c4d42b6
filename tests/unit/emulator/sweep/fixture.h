#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

#include "emulator/sweep/grid.h"

namespace geomx::sweep::test {

// A job of two parties that computes nothing.
inline constexpr const char* kScenario = R"({
  "version": 1, "name": "two", "seed": 7,
  "topology": {
    "datacenters": [{"name": "central"}, {"name": "a"}, {"name": "b"}],
    "links": [{"name": "wan-a", "ends": ["central", "a"], "rate": "100Mbit", "delay": "5ms"},
              {"name": "wan-b", "ends": ["central", "b"], "rate": "100Mbit", "delay": "5ms"}]},
  "training": {
    "parties": [{"datacenter": "central", "global_servers": 1}, {"datacenter": "a", "workers": 1},
                {"datacenter": "b", "workers": 1}],
    "device": "model", "profile": "cnn", "rounds": 4}
})";

// A folder of the test's own, with the scenario in it.
class SweepTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (std::filesystem::temp_directory_path() / "geomx-sweep-XXXXXX").string();
    ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
    base_ = pattern;
    std::ofstream(base_ / "two.json") << kScenario;
  }
  void TearDown() override { std::filesystem::remove_all(base_); }

  Variation vary(const std::string& path, const std::string& values) const {
    return {path, expand_values(values, "--vary " + path, base_)};
  }
  Grid grid(const std::vector<Variation>& variations, const std::vector<std::string>& set = {}) const {
    return make_grid({(base_ / "two.json").string(), set, std::nullopt, Sender::at_once}, variations);
  }

  std::filesystem::path base_;
};

}  // namespace geomx::sweep::test
