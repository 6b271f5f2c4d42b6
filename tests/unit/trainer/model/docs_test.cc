// What docs/models.md says of the models is so.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <regex>
#include <set>
#include <string>

#include "trainer/model/model_file.h"
#include "trainer/model/zoo.h"

namespace geomx::trainer {
namespace {

using ::testing::Contains;

std::string page() {
  std::ifstream file(std::string(std::getenv("GEOMX_SOURCE")) + "/docs/models.md");
  EXPECT_TRUE(file);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

std::size_t number(std::string text) {
  std::erase(text, ',');
  return std::stoul(text);
}

TEST(ModelsPage, HasTheSizesThatTheModelsHave) {
  const std::string text = page();
  const std::regex row(
      R"(\| `(\w+)` \| (?:(\d+)x(\d+)x(\d+), (\d+) classes|(\d+) tokens of (\d+)) \| ([\d,]+) \| (\d+) \|)");
  std::set<std::string> named;
  for (std::sregex_iterator it(text.begin(), text.end(), row); it != std::sregex_iterator(); ++it) {
    const std::smatch& match = *it;
    const auto field = [&](int i) { return static_cast<long>(number(match[static_cast<std::size_t>(i)])); };
    const bool tokens = match[6].matched;
    const Graph graph = tokens ? make_model(match[1], {field(6)}, static_cast<int>(field(7)))
                               : make_model(match[1], {field(2), field(3), field(4)}, static_cast<int>(field(5)));
    named.insert(graph.name());
    EXPECT_EQ(total_size(graph.parameters()), number(match[8])) << match.str();
    EXPECT_EQ(graph.parameters().size(), number(match[9])) << match.str();
  }
  for (const ZooEntry& model : zoo()) EXPECT_THAT(named, Contains(model.name));
}

TEST(ModelsPage, ItsExampleIsAModel) {
  const std::string text = page();
  const std::string fence = "```json\n";
  const std::size_t begin = text.find(fence) + fence.size();
  ASSERT_NE(text.find(fence), std::string::npos);
  const Graph graph =
      parse_model(text.substr(begin, text.find("```", begin) - begin), "docs/models.md", {1, 28, 28}, 10);
  EXPECT_EQ(graph.name(), "small-residual");
  EXPECT_EQ(graph.classes(), 10);
  EXPECT_EQ(graph.buffers().size(), 4u);
}

}  // namespace
}  // namespace geomx::trainer
