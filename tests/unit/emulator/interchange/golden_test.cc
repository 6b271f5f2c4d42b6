#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "emulator/base/error.h"
#include "emulator/interchange/containerlab.h"
#include "emulator/interchange/diagram.h"
#include "emulator/interchange/import.h"
#include "emulator/lab/plan.h"
#include "emulator/scenario/parse.h"
#include "emulator/scenario/write.h"

// tests/golden/interchange: import/NN-NAME.{clab.yml,mn} and, as NN-NAME.expected, the scenario that each becomes,
// behind what is said about it; or the error that it is. export/NAME.json and what it becomes. GEOMX_UPDATE_GOLDEN=1
// rewrites the expected files: read the difference before you commit it.
namespace geomx::interchange {
namespace {

namespace fs = std::filesystem;

const fs::path kGolden = fs::path(std::getenv("GEOMX_SOURCE")) / "tests/golden/interchange";

std::string read_file(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  EXPECT_TRUE(file) << path;
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

void compare(const std::string& text, const fs::path& expected) {
  if (std::getenv("GEOMX_UPDATE_GOLDEN") != nullptr) std::ofstream(expected, std::ios::binary) << text;
  EXPECT_EQ(text, read_file(expected)) << expected;
}

std::string lines_of(const Notes& notes) {
  std::string lines;
  for (const Note& note : notes) lines += InputError(note.where, note.what, note.hint).line() + "\n";
  return lines;
}

std::string imported(const fs::path& path) {
  const std::string text = read_file(path);
  const std::string name = path.filename();
  try {
    const Import import = path.extension() == ".mn" ? read_mininet(text, name) : read_containerlab(text, name);
    const std::string written = scenario::write(import.scenario);
    EXPECT_EQ(scenario::parse(written, name), import.scenario) << "is no valid scenario";
    return lines_of(import.notes) + written;
  } catch (const InputError& error) {
    return error.line() + "\n";
  }
}

TEST(GoldenInterchange, EachImportGivesItsScenarioAndItsNotes) {
  std::vector<fs::path> files;
  for (const fs::directory_entry& entry : fs::directory_iterator(kGolden / "import")) {
    if (entry.path().extension() != ".expected") files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  EXPECT_GE(files.size(), 18u);
  for (const fs::path& path : files) {
    const std::string name = path.filename();
    compare(imported(path), kGolden / "import" / (name.substr(0, name.find('.')) + ".expected"));
  }
}

TEST(GoldenInterchange, EachExportIsAsItWas) {
  for (const char* name : {"campus", "job"}) {
    const fs::path base = kGolden / "export" / name;
    const scenario::Scenario scenario = scenario::load(base.string() + ".json");
    compare(to_mermaid(scenario), base.string() + ".mermaid");
    compare(to_dot(scenario), base.string() + ".dot");
    const lab::Plan plan = lab::make_plan(scenario, {true, true, true, true, true});
    const Containerlab converted = to_containerlab(plan, "alpine:3");
    compare(lines_of(converted.notes) + converted.yaml, base.string() + ".clab");
  }
}

// What we write for containerlab, we read back: the same nodes, joined in the same way.
TEST(Interchange, AnExportedLabIsImportedWhole) {
  const scenario::Scenario scenario = scenario::load(kGolden / "export/campus.json");
  const lab::Plan plan = lab::make_plan(scenario, {true, true, true, true, true});
  const Import back = read_containerlab(to_containerlab(plan, "alpine:3").yaml, "back.yml");
  EXPECT_EQ(back.scenario.name, plan.lab);
  ASSERT_EQ(back.scenario.topology.nodes.size(), plan.nodes.size());
  for (std::size_t n = 0; n < plan.nodes.size(); ++n) {
    EXPECT_EQ(back.scenario.topology.nodes[n].kind, plan.nodes[n].kind) << plan.nodes[n].name;
  }
  ASSERT_EQ(back.scenario.topology.links.size(), plan.links.size());
}

}  // namespace
}  // namespace geomx::interchange
