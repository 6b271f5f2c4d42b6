#include "tests/support/op_table.h"

#include <type_traits>

namespace geomx::trainer {
namespace {

constexpr int kClasses = 5;

// How much larger than they are written here.
struct Scale {
  int pixels = 1;  // of height and width
  int channels = 1;
  int positions = 1;
  int width = 1;  // of sequences
  std::size_t batch = 1;
};

Op enlarged(const Op& op, int channels) {
  return std::visit(
      [channels](auto larger) -> Op {
        using Kind = std::decay_t<decltype(larger)>;
        if constexpr (std::is_same_v<Kind, Convolution>) {
          if (larger.groups == larger.channels) larger.groups *= channels;  // depthwise stays so
          larger.channels *= channels;
        }
        if constexpr (std::is_same_v<Kind, Linear>) larger.units *= channels;
        return larger;
      },
      op);
}

std::vector<Op> enlarged(std::vector<Op> ops, int channels) {
  for (Op& op : ops) op = enlarged(op, channels);
  return ops;
}

std::vector<OpCase> make_table(const Scale& scale) {
  std::vector<OpCase> table;
  const auto add = [&](Graph graph, std::size_t batch, std::size_t first, std::size_t last) {
    const std::string name = graph.name();
    table.push_back({name, std::move(graph), batch * scale.batch, first, last});
  };
  // Of images: after a 1x1 convolution.
  const auto image = [&](const std::string& name, const Shape& input, int channels, const std::vector<Op>& ops,
                         std::size_t batch = 3) {
    Graph graph(name, {input[0], input[1] * scale.pixels, input[2] * scale.pixels});
    const auto before = graph.chain(graph.input(), {Convolution{.channels = channels * scale.channels}});
    const auto last = graph.chain(before, enlarged(ops, scale.channels));
    graph.chain(last, {Linear{kClasses}});
    add(std::move(graph), batch, before + 1, last);
  };
  // Of sequences: after an embedding.
  const auto sequence = [&](const std::string& name, long positions, int width, const std::vector<Op>& ops,
                            std::size_t batch = 3) {
    Graph graph(name, {positions * scale.positions});
    const auto before = graph.chain(
        graph.input(), {Embedding{.vocabulary = kClasses, .width = width * scale.width, .positions = true}});
    const auto last = graph.chain(before, enlarged(ops, scale.width));
    graph.chain(last, {Linear{kClasses}});
    add(std::move(graph), batch, ops.empty() ? before : before + 1, last);
  };

  image("convolution/3x3", {3, 9, 7}, 5, {Convolution{.channels = 7, .kernel = 3}});
  image("convolution/3x3_padded", {2, 8, 8}, 16, {Convolution{.channels = 16, .kernel = 3, .padding = 1}});
  image("convolution/3x3_stride_2", {2, 9, 9}, 16,
        {Convolution{.channels = 32, .kernel = 3, .stride = 2, .padding = 1, .bias = false}});
  image("convolution/1x1_stride_2", {2, 8, 8}, 16, {Convolution{.channels = 32, .stride = 2, .bias = false}});
  image("convolution/7x7_stride_2", {3, 20, 18}, 3,
        {Convolution{.channels = 8, .kernel = 7, .stride = 2, .padding = 3}});
  image("convolution/winograd", {3, 12, 12}, 64,
        {Convolution{.channels = 64, .kernel = 3, .padding = 1, .bias = false}}, 2);
  image("convolution/winograd_relu", {3, 8, 8}, 64, {Convolution{.channels = 96, .kernel = 3, .padding = 1}, Relu{}},
        2);
  image("convolution/2_groups", {2, 7, 7}, 8, {Convolution{.channels = 16, .kernel = 3, .padding = 1, .groups = 2}});
  image("convolution/depthwise", {2, 7, 7}, 16,
        {Convolution{.channels = 16, .kernel = 3, .padding = 1, .groups = 16, .bias = false}});
  image("convolution/relu_pool", {2, 11, 9}, 6, {Convolution{.channels = 7, .kernel = 3}, Relu{}, MaxPool{}});
  image("convolution/relu_pool_overlapping", {2, 11, 11}, 6,
        {Convolution{.channels = 16, .kernel = 3}, Relu{}, MaxPool{.size = 3, .stride = 2, .padding = 1}});

  image("linear/of_images", {3, 5, 6}, 7, {Linear{11}, Linear{9}});
  image("linear/relu", {3, 4, 4}, 4, {Linear{33}, Relu{}});
  image("linear/without_bias", {3, 4, 4}, 4, {Linear{.units = 16, .bias = false}});
  sequence("linear/of_sequences", 6, 12, {Linear{20}, Relu{}, Linear{10}});

  image("relu/alone", {2, 6, 6}, 8, {MaxPool{}, Relu{}});
  image("gelu/of_images", {2, 6, 6}, 8, {Gelu{}});
  sequence("gelu/of_sequences", 5, 24, {Gelu{}});

  image("max_pool/2x2_with_remainder", {2, 7, 9}, 5, {MaxPool{}});
  image("max_pool/3x3_stride_2_padded", {2, 9, 9}, 16, {MaxPool{.size = 3, .stride = 2, .padding = 1}});
  image("average_pool/2x2_with_remainder", {2, 7, 9}, 5, {AveragePool{}});
  image("average_pool/3x3_padded", {2, 8, 8}, 16, {AveragePool{.size = 3, .stride = 1, .padding = 1}});
  image("global_pool", {2, 7, 5}, 16, {GlobalPool{}});
  image("global_pool/odd_channels_then_norm", {2, 7, 5}, 11, {GlobalPool{}, LayerNorm{}});

  image("batch_norm", {2, 6, 5}, 16, {BatchNorm{}});
  image("batch_norm/relu", {2, 6, 6}, 8, {BatchNorm{}, Relu{}}, 5);
  image("batch_norm/odd_channels", {2, 5, 5}, 3, {BatchNorm{.momentum = 0.3, .epsilon = 1e-3}});
  image("group_norm/4", {2, 6, 5}, 16, {GroupNorm{.groups = 4}});
  image("group_norm/1_odd", {2, 5, 7}, 5, {GroupNorm{}});
  image("layer_norm/of_images", {2, 4, 10}, 3, {LayerNorm{}});
  sequence("layer_norm/of_sequences", 7, 32, {LayerNorm{}});
  sequence("layer_norm/odd_width", 4, 13, {LayerNorm{}});

  image("dropout/of_images", {2, 5, 5}, 7, {Dropout{}});
  image("dropout/of_features", {2, 4, 4}, 3, {Linear{40}, Dropout{.share = 0.2}});
  image("dropout/none", {2, 4, 4}, 3, {Dropout{.share = 0}});

  sequence("embedding", 6, 16, {});
  sequence("embedding/odd_width", 5, 19, {}, 4);
  sequence("attention/causal", 8, 48, {Attention{.heads = 2}});
  sequence("attention/of_all", 7, 36, {Attention{.heads = 3, .causal = false}});
  sequence("attention/one_head_of_5", 9, 15, {Attention{.heads = 1}}, 2);

  // Values that several read, and ReLUs that cannot be taken along for that.
  const auto convolution = [&](int channels, int padding, bool bias) {
    return Convolution{.channels = channels * scale.channels, .kernel = 3, .padding = padding, .bias = bias};
  };
  {
    Graph graph("add/residual", {3, 8 * scale.pixels, 8 * scale.pixels});
    const auto x = graph.chain(graph.input(), {convolution(16, 1, true), Relu{}});
    const auto y = graph.chain(x, {convolution(16, 1, false), BatchNorm{}});
    const auto sum = graph.add(Add{}, {y, x});
    const auto last = graph.chain(sum, {Relu{}});
    graph.chain(last, {GlobalPool{}, Linear{kClasses}});
    add(std::move(graph), 4, sum, last);
  }
  {
    Graph graph("add/with_itself_and_others", {3, 6 * scale.pixels, 6 * scale.pixels});
    const auto x = graph.chain(graph.input(), {convolution(5, 0, true)});
    const auto r = graph.add(Relu{}, {x});
    const auto twice = graph.add(Add{}, {x, x});
    const auto all = graph.add(Add{}, {graph.add(Add{}, {twice, r}), graph.add(Gelu{}, {x})});
    graph.chain(all, {Linear{kClasses}});
    add(std::move(graph), 3, r, all);
  }
  return table;
}

}  // namespace

const std::vector<OpCase>& op_table() {
  static const std::vector<OpCase> table = make_table({});
  return table;
}

const std::vector<OpCase>& large_op_table() {
  static const std::vector<OpCase> table =
      make_table({.pixels = 2, .channels = 4, .positions = 16, .width = 8, .batch = 8});
  return table;
}

}  // namespace geomx::trainer
