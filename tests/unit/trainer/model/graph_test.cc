#include "trainer/model/graph.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <numeric>

#include "tests/unit/trainer/data/temporary_folder.h"
#include "trainer/model/initial.h"
#include "trainer/model/model_file.h"
#include "trainer/model/zoo.h"
#include "trainer/tensor/error.h"
#include "trainer/tensor/random.h"

namespace geomx::trainer {
namespace {

using ::testing::AllOf;
using ::testing::Each;
using ::testing::HasSubstr;

std::string message_of(const std::function<void()>& what) {
  try {
    what();
  } catch (const Error& error) {
    return error.what();
  }
  return "(no error)";
}

const Shape kMnist{1, 28, 28};
const Shape kCifar{3, 32, 32};
const Shape kImageNet{3, 224, 224};

std::size_t parameters(const std::string& model, const Shape& input, int classes) {
  return total_size(make_model(model, input, classes).parameters());
}

// The sizes that the papers' usual implementations have (torchvision's for ImageNet, the common forms for CIFAR).
TEST(Zoo, HasTheKnownSizes) {
  EXPECT_EQ(parameters("cnn", kMnist, 10), 178'762u);
  EXPECT_EQ(parameters("mlp", kMnist, 10), 784u * 1024 + 1024 + 1024 * 1024 + 1024 + 1024 * 10 + 10);
  EXPECT_EQ(parameters("lenet5", kMnist, 10), 61'706u);
  EXPECT_EQ(parameters("lenet5", kCifar, 10), 62'006u);
  EXPECT_EQ(parameters("alexnet", kCifar, 10), 23'272'266u);
  EXPECT_EQ(parameters("vgg11", kCifar, 10), 9'231'114u);
  EXPECT_EQ(parameters("resnet18", kCifar, 10), 11'173'962u);
  EXPECT_EQ(parameters("resnet18", kImageNet, 1000), 11'689'512u);
  EXPECT_EQ(parameters("resnet50", kImageNet, 1000), 25'557'032u);
  EXPECT_EQ(parameters("resnet50", kCifar, 10), 23'520'842u);
  EXPECT_EQ(parameters("gpt", {64}, 256), 4u * 198'272 + 256 * 128 + 64 * 128 + 256 + 256 * 128);
}

TEST(Zoo, EveryModelFitsItsSamples) {
  for (const ZooEntry& entry : zoo()) {
    const bool tokens = entry.name == "gpt";
    const Graph graph = make_model(entry.name, tokens ? Shape{32} : kMnist, tokens ? 256 : 10);
    EXPECT_EQ(graph.name(), entry.name);
    EXPECT_EQ(graph.classes(), tokens ? 256 : 10);
    EXPECT_EQ(graph.labels_per_sample(), tokens ? 32u : 1u);
    EXPECT_THAT(message_of([&] { make_model(entry.name, tokens ? kMnist : Shape{32}, 10); }), HasSubstr(entry.name));
  }
  EXPECT_THAT(message_of([] { make_model("inception", kMnist, 10); }),
              AllOf(HasSubstr("\"inception\" is not known"), HasSubstr("resnet18")));
}

TEST(Graph, ShapesParametersAndBuffers) {
  Graph graph("small", {3, 9, 9});
  const auto a = graph.chain(
      graph.input(),
      {Convolution{.channels = 6, .kernel = 3, .stride = 2, .padding = 1, .groups = 3}, BatchNorm{}, Relu{}});
  const auto b = graph.chain(a, {GroupNorm{.groups = 2}});
  graph.chain(graph.add(Add{}, {a, b}, "sum"), {MaxPool{.size = 2, .stride = 1}, GlobalPool{}, Linear{4}});
  std::vector<std::string> shapes;
  for (const Node& node : graph.nodes()) shapes.push_back(node.name + " " + to_string(node.shape));
  EXPECT_THAT(shapes, ::testing::ElementsAre("input 3x9x9", "conv1 6x5x5", "bn1 6x5x5", "relu1 6x5x5", "gn1 6x5x5",
                                             "sum 6x5x5", "pool1 6x4x4", "pool2 6", "fc1 4"));
  const std::vector<TensorSpec> wanted{{"conv1.weight", {6, 1, 3, 3}},
                                       {"conv1.bias", {6}},
                                       {"bn1.weight", {6}},
                                       {"bn1.bias", {6}},
                                       {"gn1.weight", {6}},
                                       {"gn1.bias", {6}},
                                       {"fc1.weight", {4, 6}},
                                       {"fc1.bias", {4}}};
  EXPECT_EQ(graph.parameters(), wanted);
  EXPECT_EQ(graph.buffers(), (std::vector<TensorSpec>{{"bn1.mean", {6}}, {"bn1.variance", {6}}}));
  EXPECT_THAT(summary(graph), AllOf(HasSubstr("convolution 3x3, stride 2, 3 groups"), HasSubstr("6x5x5"),
                                    HasSubstr("small: 112 parameters in 8 tensors\n")));
}

TEST(Graph, SaysWhatDoesNotFit) {
  Graph graph("wrong", kMnist);
  const auto image = graph.input();
  const auto says = [&](const Op& op, std::vector<Graph::Value> inputs, const std::string& what) {
    EXPECT_THAT(message_of([&] { graph.add(op, std::move(inputs)); }), HasSubstr(what));
  };
  says(Convolution{.channels = 4, .kernel = 31}, {image}, "model wrong: conv1 has a window of 31 for images of 28");
  says(Convolution{.channels = 4, .kernel = 3, .groups = 2}, {image}, "2 groups");
  says(Attention{}, {image}, "attention1 wants sequences");
  says(Embedding{.vocabulary = 9, .width = 2}, {image}, "embedding1 wants tokens {positions}, gets 1x28x28");
  says(Add{}, {image}, "add1 wants 2 inputs");
  says(Relu{}, {7}, "relu1 wants 1 inputs from earlier nodes");
  says(Dropout{.share = 1}, {image}, "share");
  says(Linear{0}, {image}, "0 units");
  graph.add(Relu{}, {image}, "twice");
  EXPECT_THAT(message_of([&] { graph.add(Relu{}, {image}, "twice"); }), HasSubstr("twice is there twice"));
}

TEST(Initial, IsXavierForWeightsOneForNormsAndTheSameForTheSameSeed) {
  Graph graph("small", kMnist);
  graph.chain(graph.input(), {Convolution{.channels = 8, .kernel = 5}, BatchNorm{}, Linear{10}});
  Tensors values(graph.parameters());
  initialise(graph, values, 3);
  const float bound = std::sqrt(6.0f / (25 + 8 * 25));
  EXPECT_THAT(values[0], Each(AllOf(::testing::Gt(-bound), ::testing::Lt(bound))));
  EXPECT_GT(*std::ranges::max_element(values[0]), 0.9f * bound);
  EXPECT_THAT(values[1], Each(0.0f));
  EXPECT_THAT(values[2], Each(1.0f));
  EXPECT_THAT(values[3], Each(0.0f));
  Tensors again(graph.parameters());
  initialise(graph, again, 3);
  Tensors other(graph.parameters());
  initialise(graph, other, 4);
  EXPECT_TRUE(std::ranges::equal(values[4], again[4]));
  EXPECT_FALSE(std::ranges::equal(values[4], other[4]));
  Tensors buffers(graph.buffers());
  initialise_buffers(buffers);
  EXPECT_THAT(buffers[0], Each(0.0f));
  EXPECT_THAT(buffers[1], Each(1.0f));
}

// The initial values of the examples' network are those that its accuracy was measured with: a stream
// of random numbers per tensor.
TEST(Initial, OfTheCnnIsXavierUniform) {
  const Graph graph = make_model("cnn", kMnist, 10);
  Tensors values(graph.parameters());
  initialise(graph, values, 7);
  constexpr double kFans = 256 + 512;  // of fc1
  const auto bound = static_cast<float>(std::sqrt(6.0 / kFans));
  Random random(7, 4);
  for (const float value : values[4]) ASSERT_EQ(value, random.uniform(-bound, bound));
}

TEST(ModelFile, EveryModelComesBackFromItsText) {
  for (const ZooEntry& entry : zoo()) {
    const Shape input = entry.name == "gpt" ? Shape{32} : kCifar;
    const Graph graph = make_model(entry.name, input, 10);
    const Graph back = parse_model(to_json(graph), "text", input, 10);
    EXPECT_EQ(summary(back), summary(graph));
    EXPECT_EQ(to_json(back), to_json(graph));
  }
}

TEST(ModelFile, DefaultsNamesAndClasses) {
  const TemporaryFolder folder;
  const auto file = folder.path() / "mine.json";
  std::ofstream(file) << R"({"name": "mine", "layers": [
      {"op": "convolution", "channels": 16, "kernel": 3, "padding": 1, "name": "first"}, {"op": "relu"},
      {"op": "convolution", "channels": 16, "kernel": 3, "padding": 1}, {"op": "add", "inputs": ["first", "conv2"]},
      {"op": "linear", "units": "classes"}]})";
  const Graph graph = make_model(file.string(), kMnist, 7);
  EXPECT_EQ(graph.classes(), 7);
  EXPECT_EQ(graph.nodes()[4].inputs, (std::vector<std::size_t>{1, 3}));
}

TEST(ModelFile, SaysWhereAndWhat) {
  const auto says = [](const std::string& layers, const std::string& what) {
    EXPECT_THAT(message_of([&] { parse_model(R"({"name": "m", "layers": [)" + layers + "]}", "m.json", kMnist, 10); }),
                AllOf(HasSubstr("m.json: "), HasSubstr(what)));
  };
  says(R"({"op": "conv"})", R"(/layers/0/op is "conv", which is not known (convolution, linear, relu, )");
  says(R"({"op": "relu", "kernel": 3})", "/layers/0 has a key that is not one of: op, name, inputs");
  says(R"({"op": "linear", "units": -1})", "/layers/0/units must be a whole number");
  says(R"({"op": "linear", "units": 3, "bias": 1})", "/layers/0/bias must be true or false");
  says(R"({"op": "relu"}, {"op": "add", "inputs": ["relu1", "relu9"]})", R"(/layers/1/inputs names "relu9")");
  says(R"({"op": "attention"})", "/layers/0 does not fit: model m: attention1 wants sequences");
  says(R"({"op": "linear", "units": 1048576}, {"op": "linear", "units": 1048576})", "more than can be");
  says("", "/layers must be a list");
  says(R"({"op": "linear", "units": 9})", "/layers end in 9 for each sample, and the data set wants 10");
  says(R"({"op": "convolution", "channels": 3})", "/layers end in 3x28x28 for each sample");
  const auto of_text = [](const std::string& layers) {
    return message_of([&] { parse_model(R"({"name": "m", "layers": [)" + layers + "]}", "m.json", {8}, 256); });
  };
  const std::string logits = R"(, {"op": "linear", "units": "classes"})";
  EXPECT_EQ(of_text(R"({"op": "embedding", "vocabulary": "classes", "width": 4})" + logits), "(no error)");
  EXPECT_THAT(of_text(R"({"op": "embedding", "vocabulary": 255, "width": 4})" + logits),
              HasSubstr("/layers have embedding1 with a vocabulary of 255, and the data set has 256 tokens"));
  EXPECT_THAT(message_of([] { parse_model("{", "m.json", kMnist, 10); }), HasSubstr("m.json: the text is not JSON"));
  EXPECT_THAT(message_of([] { make_model("/nowhere/m.json", kMnist, 10); }), HasSubstr("/nowhere/m.json"));
}

}  // namespace
}  // namespace geomx::trainer
