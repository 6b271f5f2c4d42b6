#include "trainer/model/graph.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <functional>
#include <numeric>

#include "trainer/tensor/error.h"

namespace geomx::trainer {
namespace {

template <typename... F>
struct Overloaded : F... {
  using F::operator()...;
};
template <typename... F>
Overloaded(F...) -> Overloaded<F...>;

// In the order of Op's alternatives: as model files call it, and as its nodes are called.
constexpr std::array<std::pair<std::string_view, std::string_view>, std::variant_size_v<Op>> kKinds{{
    {"input", "input"},
    {"convolution", "conv"},
    {"linear", "fc"},
    {"relu", "relu"},
    {"gelu", "gelu"},
    {"max_pool", "pool"},
    {"average_pool", "pool"},
    {"global_pool", "pool"},
    {"batch_norm", "bn"},
    {"group_norm", "gn"},
    {"layer_norm", "ln"},
    {"dropout", "dropout"},
    {"add", "add"},
    {"embedding", "embedding"},
    {"attention", "attention"},
}};

constexpr double kMaxElements = 1e11;  // of a value or a parameter: beyond any network that fits into a machine

// Why the op does not fit; made an Error, with the node's name, by Graph::add().
struct Misfit {
  std::string why;
};

void require(bool fits, const std::string& why) {
  if (!fits) throw Misfit{why};
}

void require_possible(const Shape& shape) {
  const double size = std::accumulate(shape.begin(), shape.end(), 1.0, std::multiplies<>());
  require(size <= kMaxElements, "would have " + to_string(shape) + " elements, more than can be");
}

void require_image(const Shape& in) {
  require(in.size() == 3, "wants images {channels, height, width}, gets " + to_string(in));
}

void require_sequence(const Shape& in) {
  require(in.size() == 2, "wants sequences {positions, width}, gets " + to_string(in));
}

long windows(long size, int window, int stride, int padding) {
  require(window >= 1 && stride >= 1 && padding >= 0 && padding < window,
          "has a window of " + std::to_string(window) + " with stride " + std::to_string(stride) + " and padding " +
              std::to_string(padding) + " (at least 1, at least 1, below the window)");
  const long room = size + 2L * padding - window;
  require(room >= 0, "has a window of " + std::to_string(window) + " for images of " + std::to_string(size));
  return room / stride + 1;
}

template <typename Pool>
Shape pooled(const Pool& op, const Shape& in) {
  require_image(in);
  return {in[0], windows(in[1], op.size, op.stride, op.padding), windows(in[2], op.size, op.stride, op.padding)};
}

Shape shape_of(const Op& op, const Shape& in, const Shape& other) {
  return std::visit(
      Overloaded{
          [&](const Input&) -> Shape { throw Misfit{"is not the first"}; },
          [&](const Convolution& o) -> Shape {
            require_image(in);
            require(o.channels >= 1, "has " + std::to_string(o.channels) + " channels");
            require(o.groups >= 1 && in[0] % o.groups == 0 && o.channels % o.groups == 0,
                    "has " + std::to_string(o.groups) + " groups, which do not divide " + std::to_string(in[0]) +
                        " and " + std::to_string(o.channels) + " channels");
            return {o.channels, windows(in[1], o.kernel, o.stride, o.padding),
                    windows(in[2], o.kernel, o.stride, o.padding)};
          },
          [&](const Linear& o) -> Shape {
            require(o.units >= 1, "has " + std::to_string(o.units) + " units");
            return in.size() == 2 ? Shape{in[0], o.units} : Shape{o.units};
          },
          [&](const MaxPool& o) { return pooled(o, in); },
          [&](const AveragePool& o) { return pooled(o, in); },
          [&](const GlobalPool&) -> Shape {
            require_image(in);
            return {in[0]};
          },
          [&](const BatchNorm&) -> Shape {
            require_image(in);
            return in;
          },
          [&](const GroupNorm& o) -> Shape {
            require_image(in);
            require(o.groups >= 1 && in[0] % o.groups == 0,
                    "has " + std::to_string(o.groups) + " groups of " + std::to_string(in[0]) + " channels");
            return in;
          },
          [&](const Dropout& o) -> Shape {
            require(o.share >= 0 && o.share < 1, "has a share of " + std::to_string(o.share) + ", not in [0, 1)");
            return in;
          },
          [&](const Add&) -> Shape {
            require(in == other, "adds " + to_string(in) + " and " + to_string(other));
            return in;
          },
          [&](const Embedding& o) -> Shape {
            require(in.size() == 1, "wants tokens {positions}, gets " + to_string(in));
            require(o.vocabulary >= 1 && o.width >= 1, "has no vocabulary or no width");
            return {in[0], o.width};
          },
          [&](const Attention& o) -> Shape {
            require_sequence(in);
            require(o.heads >= 1 && in[1] % (3L * o.heads) == 0,
                    "has " + std::to_string(o.heads) + " heads of queries, keys and values in a width of " +
                        std::to_string(in[1]));
            return {in[0], in[1] / 3};
          },
          [&](const auto&) -> Shape { return in; },
      },
      op);
}

using Specs = std::vector<TensorSpec>;

Specs parameters_of(const Op& op, const Shape& in) {
  const auto with_bias = [](Shape weight, long outputs, bool bias) {
    Specs specs{{"weight", std::move(weight)}};
    if (bias) specs.push_back({"bias", {outputs}});
    return specs;
  };
  return std::visit(Overloaded{
                        [&](const Convolution& o) {
                          return with_bias({o.channels, in[0] / o.groups, o.kernel, o.kernel}, o.channels, o.bias);
                        },
                        [&](const Linear& o) {
                          const long inputs = in.size() == 2 ? in[1] : static_cast<long>(elements(in));
                          return with_bias({o.units, inputs}, o.units, o.bias);
                        },
                        [&](const BatchNorm&) { return with_bias({in[0]}, in[0], true); },
                        [&](const GroupNorm&) { return with_bias({in[0]}, in[0], true); },
                        [&](const LayerNorm&) { return with_bias({in.back()}, in.back(), true); },
                        [&](const Embedding& o) {
                          Specs specs{{"weight", {o.vocabulary, o.width}}};
                          if (o.positions) specs.push_back({"position", {in[0], o.width}});
                          return specs;
                        },
                        [](const auto&) { return Specs{}; },
                    },
                    op);
}

Specs buffers_of(const Op& op, const Shape& in) {
  if (!std::holds_alternative<BatchNorm>(op)) return {};
  return {{"mean", {in[0]}}, {"variance", {in[0]}}};
}

std::string details(const Op& op) {
  const auto square = [](int size) { return " " + std::to_string(size) + "x" + std::to_string(size); };
  const auto window = [&](const auto& o) {
    return square(o.size) + (o.stride == o.size ? "" : ", stride " + std::to_string(o.stride));
  };
  return std::visit(Overloaded{
                        [&](const Convolution& o) {
                          return square(o.kernel) + (o.stride == 1 ? "" : ", stride " + std::to_string(o.stride)) +
                                 (o.groups == 1 ? "" : ", " + std::to_string(o.groups) + " groups");
                        },
                        [&](const MaxPool& o) { return window(o); },
                        [&](const AveragePool& o) { return window(o); },
                        [](const Attention& o) { return " of " + std::to_string(o.heads) + " heads"; },
                        [](const auto&) { return std::string(); },
                    },
                    op);
}

}  // namespace

std::string_view kind_of(const Op& op) {
  return kKinds[op.index()].first;
}

std::size_t elements(const Shape& shape) {
  return static_cast<std::size_t>(std::accumulate(shape.begin(), shape.end(), 1L, std::multiplies<>()));
}

Graph::Graph(std::string name, Shape input) : name_(std::move(name)) {
  if (input.empty() || std::ranges::any_of(input, [](long size) { return size < 1; })) {
    throw Error("model " + name_ + ": an input of " + to_string(input) + " is none");
  }
  nodes_.push_back({"input", Input{}, {}, std::move(input)});
}

Graph::Value Graph::add(const Op& op, std::vector<Value> inputs, std::string name) {
  if (name.empty()) {
    const std::string_view prefix = kKinds[op.index()].second;
    const auto before =
        std::ranges::count(nodes_, prefix, [](const Node& node) { return kKinds[node.op.index()].second; });
    name = std::string(prefix) + std::to_string(before + 1);
  }
  const std::string where = "model " + name_ + ": " + name;
  if (std::ranges::find(nodes_, name, &Node::name) != nodes_.end()) throw Error(where + " is there twice");
  const std::size_t wanted = std::holds_alternative<Add>(op) ? 2 : 1;
  if (inputs.size() != wanted || std::ranges::any_of(inputs, [&](Value value) { return value >= nodes_.size(); })) {
    throw Error(where + " wants " + std::to_string(wanted) + " inputs from earlier nodes");
  }
  const Shape& in = nodes_[inputs.front()].shape;
  Node node{std::move(name), op, std::move(inputs), {}, parameters_.size(), buffers_.size()};
  try {
    node.shape = shape_of(op, in, nodes_[node.inputs.back()].shape);
    require_possible(node.shape);
    for (const TensorSpec& spec : parameters_of(op, in)) require_possible(spec.shape);
  } catch (const Misfit& misfit) {
    throw Error(where + " " + misfit.why);
  }
  const auto append = [&](Specs& to, const Specs& specs) {
    for (const TensorSpec& spec : specs) to.push_back({node.name + "." + spec.name, spec.shape});
  };
  append(parameters_, parameters_of(op, in));
  append(buffers_, buffers_of(op, in));
  nodes_.push_back(std::move(node));
  return nodes_.size() - 1;
}

Graph::Value Graph::chain(Value from, const std::vector<Op>& ops) {
  for (const Op& op : ops) from = add(op, {from});
  return from;
}

int Graph::classes() const {
  return static_cast<int>(nodes_.back().shape.back());
}

std::size_t Graph::labels_per_sample() const {
  return elements(nodes_.back().shape) / static_cast<std::size_t>(classes());
}

std::string summary(const Graph& graph) {
  std::string table;
  char line[160];
  const auto row = [&](const std::string& name, const std::string& kind, const std::string& out,
                       const std::string& count) {
    std::snprintf(line, sizeof line, "%-12s %-28s %-12s %12s\n", name.c_str(), kind.c_str(), out.c_str(),
                  count.c_str());
    table += line;
  };
  row("layer", "op", "output", "parameters");
  for (const Node& node : graph.nodes()) {
    const Shape in = node.inputs.empty() ? Shape{} : graph.nodes()[node.inputs.front()].shape;
    const std::size_t count = total_size(parameters_of(node.op, in));
    std::string kind(kind_of(node.op));
    std::ranges::replace(kind, '_', ' ');
    row(node.name, kind + details(node.op), to_string(node.shape), std::to_string(count));
  }
  return table + graph.name() + ": " + std::to_string(total_size(graph.parameters())) + " parameters in " +
         std::to_string(graph.parameters().size()) + " tensors\n";
}

}  // namespace geomx::trainer
