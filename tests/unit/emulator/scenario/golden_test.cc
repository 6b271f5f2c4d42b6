#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "emulator/scenario/parse.h"
#include "emulator/scenario/write.h"

// tests/golden/scenarios: bad/NN-NAME.json each break one rule (88 breaks many), and NN-NAME.expected holds exactly
// what `geomx-emu check` says about it on standard error, run in that folder. good/*.json are read and written again.
// GEOMX_UPDATE_GOLDEN=1 rewrites the expected files: read the difference before you commit it.
namespace geomx::scenario {
namespace {

namespace fs = std::filesystem;

std::string read_file(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  EXPECT_TRUE(file) << path;
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

std::vector<fs::path> files(const char* folder) {
  const fs::path root = fs::path(std::getenv("GEOMX_SOURCE")) / "tests/golden/scenarios" / folder;
  std::vector<fs::path> found;
  for (const fs::directory_entry& entry : fs::directory_iterator(root)) {
    if (entry.path().extension() == ".json") found.push_back(entry.path());
  }
  std::sort(found.begin(), found.end());
  return found;
}

std::string complaints(const std::string& text, const std::string& path) {
  try {
    parse(text, path);
    return "";
  } catch (const ScenarioErrors& errors) {
    std::string lines;
    for (const InputError& error : errors.errors()) lines += "geomx-emu: " + error.line() + "\n";
    return lines;
  }
}

TEST(GoldenScenarios, EachBrokenFileGivesExactlyItsMessages) {
  const std::vector<fs::path> broken = files("bad");
  EXPECT_GE(broken.size(), 40u);
  const bool update = std::getenv("GEOMX_UPDATE_GOLDEN") != nullptr;
  for (const fs::path& path : broken) {
    const std::string said = complaints(read_file(path), path.filename());
    EXPECT_NE(said, "") << path << " was accepted";
    fs::path expected = path;
    expected.replace_extension(".expected");
    if (update) std::ofstream(expected, std::ios::binary) << said;
    EXPECT_EQ(said, read_file(expected)) << path;
  }
}

TEST(GoldenScenarios, EachGoodFileSurvivesWritingAndReading) {
  const std::vector<fs::path> good = files("good");
  EXPECT_GE(good.size(), 5u);
  for (const fs::path& path : good) {
    const std::string text = read_file(path);
    ASSERT_EQ(complaints(text, path), "");  // whose traces lie beside it
    const Scenario scenario = parse(text, path);
    const std::string written = write(scenario);
    EXPECT_EQ(complaints(written, "written"), "") << written;
    EXPECT_EQ(parse(written, "written"), scenario) << written;
    EXPECT_EQ(write(parse(written, "written")), written);
  }
}

}  // namespace
}  // namespace geomx::scenario
