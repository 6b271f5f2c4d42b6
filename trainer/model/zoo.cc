#include "trainer/model/zoo.h"

#include <algorithm>

#include "trainer/model/model_file.h"
#include "trainer/tensor/error.h"

namespace geomx::trainer {
namespace {

using Value = Graph::Value;

Graph cnn(const Shape& input, int classes) {
  Graph graph("cnn", input);
  graph.chain(graph.input(),
              {Convolution{.channels = 16, .kernel = 5}, Relu{}, MaxPool{}, Convolution{.channels = 32, .kernel = 5},
               Relu{}, MaxPool{}, Linear{256}, Relu{}, Linear{128}, Relu{}, Linear{classes}});
  return graph;
}

Graph mlp(const Shape& input, int classes) {
  Graph graph("mlp", input);
  graph.chain(graph.input(), {Linear{1024}, Relu{}, Linear{1024}, Relu{}, Linear{classes}});
  return graph;
}

// Made for 32x32: images of 28x28 are padded to that.
Graph lenet5(const Shape& input, int classes) {
  const int padding = input.back() < 32 ? 2 : 0;
  Graph graph("lenet5", input);
  graph.chain(graph.input(), {Convolution{.channels = 6, .kernel = 5, .padding = padding}, Relu{}, AveragePool{},
                              Convolution{.channels = 16, .kernel = 5}, Relu{}, AveragePool{}, Linear{120}, Relu{},
                              Linear{84}, Relu{}, Linear{classes}});
  return graph;
}

Graph alexnet(const Shape& input, int classes) {
  const auto same = [](int channels) { return Convolution{.channels = channels, .kernel = 3, .padding = 1}; };
  Graph graph("alexnet", input);
  graph.chain(graph.input(), {Convolution{.channels = 64, .kernel = 3, .stride = 2, .padding = 1},
                              Relu{},
                              MaxPool{},
                              same(192),
                              Relu{},
                              MaxPool{},
                              same(384),
                              Relu{},
                              same(256),
                              Relu{},
                              same(256),
                              Relu{},
                              MaxPool{},
                              Dropout{},
                              Linear{4096},
                              Relu{},
                              Dropout{},
                              Linear{4096},
                              Relu{},
                              Linear{classes}});
  return graph;
}

Graph vgg11(const Shape& input, int classes) {
  constexpr int kPool = 0;
  Graph graph("vgg11", input);
  Value x = graph.input();
  for (const int channels : {64, kPool, 128, kPool, 256, 256, kPool, 512, 512, kPool, 512, 512, kPool}) {
    if (channels != kPool) {
      x = graph.chain(x, {Convolution{.channels = channels, .kernel = 3, .padding = 1}, BatchNorm{}, Relu{}});
    } else if (graph.nodes()[x].shape.back() > 1) {  // images of 28x28 are a pixel by then
      x = graph.add(MaxPool{}, {x});
    }
  }
  graph.add(Linear{classes}, {x});
  return graph;
}

Convolution plain(int channels, int kernel, int stride) {
  return {.channels = channels, .kernel = kernel, .stride = stride, .padding = kernel / 2, .bias = false};
}

// What is added to the block's result: its input, brought to that shape where it has another.
Value shortcut(Graph& graph, Value x, int channels, int stride) {
  if (stride == 1 && graph.nodes()[x].shape.front() == channels) return x;
  return graph.chain(x, {plain(channels, 1, stride), BatchNorm{}});
}

Value basic_block(Graph& graph, Value x, int channels, int stride) {
  const Value y = graph.chain(x, {plain(channels, 3, stride), BatchNorm{}, Relu{}, plain(channels, 3, 1), BatchNorm{}});
  return graph.add(Relu{}, {graph.add(Add{}, {y, shortcut(graph, x, channels, stride)})});
}

// The stride is in the 3x3 convolution, as in the usual variant "1.5".
Value bottleneck(Graph& graph, Value x, int channels, int stride) {
  const Value y = graph.chain(x, {plain(channels, 1, 1), BatchNorm{}, Relu{}, plain(channels, 3, stride), BatchNorm{},
                                  Relu{}, plain(4 * channels, 1, 1), BatchNorm{}});
  return graph.add(Relu{}, {graph.add(Add{}, {y, shortcut(graph, x, 4 * channels, stride)})});
}

Graph resnet(const std::string& name, const Shape& input, int classes, const std::vector<int>& blocks,
             Value (*block)(Graph&, Value, int, int)) {
  Graph graph(name, input);
  const bool small = input.back() <= 64;
  Value x = graph.chain(graph.input(), {plain(64, small ? 3 : 7, small ? 1 : 2), BatchNorm{}, Relu{}});
  if (!small) x = graph.add(MaxPool{.size = 3, .stride = 2, .padding = 1}, {x});
  int channels = 64;
  for (std::size_t stage = 0; stage < blocks.size(); ++stage, channels *= 2) {
    for (int i = 0; i < blocks[stage]; ++i) x = block(graph, x, channels, stage > 0 && i == 0 ? 2 : 1);
  }
  graph.chain(x, {GlobalPool{}, Linear{classes}});
  return graph;
}

Graph resnet18(const Shape& input, int classes) {
  return resnet("resnet18", input, classes, {2, 2, 2, 2}, basic_block);
}

Graph resnet50(const Shape& input, int classes) {
  return resnet("resnet50", input, classes, {3, 4, 6, 3}, bottleneck);
}

Graph gpt(const Shape& input, int classes) {
  constexpr int kWidth = 128;
  constexpr int kHeads = 4;
  constexpr int kBlocks = 4;
  Graph graph("gpt", input);
  Value x = graph.add(Embedding{.vocabulary = classes, .width = kWidth, .positions = true}, {graph.input()});
  const auto residual = [&](const std::vector<Op>& ops) { x = graph.add(Add{}, {x, graph.chain(x, ops)}); };
  for (int block = 0; block < kBlocks; ++block) {
    residual({LayerNorm{}, Linear{3 * kWidth}, Attention{.heads = kHeads}, Linear{kWidth}});
    residual({LayerNorm{}, Linear{4 * kWidth}, Gelu{}, Linear{kWidth}});
  }
  graph.chain(x, {LayerNorm{}, Linear{.units = classes, .bias = false}});
  return graph;
}

}  // namespace

const std::vector<ZooEntry>& zoo() {
  static const std::vector<ZooEntry> all{
      {"cnn", "the examples' network: two convolutions, three linear layers", cnn},
      {"mlp", "two hidden layers of 1024", mlp},
      {"lenet5", "LeNet-5 with ReLU", lenet5},
      {"alexnet", "AlexNet for small images", alexnet},
      {"vgg11", "VGG-11 with batch norm", vgg11},
      {"resnet18", "ResNet-18", resnet18},
      {"resnet50", "ResNet-50", resnet50},
      {"gpt", "a small GPT: 4 blocks of width 128", gpt},
  };
  return all;
}

Graph make_model(const std::string& name, const Shape& input, int classes) {
  if (name.ends_with(".json")) return read_model(name, input, classes);
  const auto entry = std::ranges::find(zoo(), name, &ZooEntry::name);
  if (entry == zoo().end()) {
    std::string known;
    for (const ZooEntry& model : zoo()) known += model.name + ", ";
    throw Error("model \"" + name + "\" is not known (" + known + "or a FILE.json that describes one)");
  }
  const std::size_t wanted = name == "gpt" ? 1 : 3;
  if (input.size() != wanted) {
    throw Error("model " + name + " reads " + (wanted == 1 ? "tokens" : "images") + ", and samples of " +
                to_string(input) + " are " + (wanted == 1 ? "not (use a data set of text)" : "none"));
  }
  return entry->make(input, classes);
}

}  // namespace geomx::trainer
