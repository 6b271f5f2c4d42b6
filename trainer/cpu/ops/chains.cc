#include <algorithm>
#include <variant>

#include "trainer/cpu/ops/layer.h"
#include "trainer/tensor/error.h"

namespace geomx::trainer {
namespace {

// The only node that reads this one's value, or 0.
std::vector<std::size_t> only_readers(const Graph& graph) {
  const auto& nodes = graph.nodes();
  std::vector<std::size_t> reader(nodes.size());
  std::vector<int> readers(nodes.size());
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    for (const std::size_t input : nodes[i].inputs) {
      reader[input] = i;
      ++readers[input];
    }
  }
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    if (readers[i] != 1) reader[i] = 0;
  }
  return reader;
}

template <typename... Kinds>
bool is_one_of(const Op& op) {
  return (std::holds_alternative<Kinds>(op) || ...);
}

bool takes_relu_along(const Op& op) {
  return is_one_of<Convolution, Linear, BatchNorm, Add>(op);
}

}  // namespace

std::vector<Chain> chains(const Graph& graph) {
  const auto& nodes = graph.nodes();
  const auto reader = only_readers(graph);
  std::vector<bool> taken(nodes.size());
  std::vector<Chain> result;
  for (std::size_t i = 1; i < nodes.size(); ++i) {
    if (taken[i]) continue;
    Chain chain{{i}};
    const auto takes = [&](std::size_t last, auto wanted) {
      const std::size_t next = reader[last];
      if (next == 0 || !wanted(nodes[next].op)) return false;
      chain.nodes.push_back(next);
      taken[next] = true;
      return true;
    };
    if (takes_relu_along(nodes[i].op) && takes(i, is_one_of<Relu>) && is_one_of<Convolution>(nodes[i].op)) {
      takes(chain.nodes.back(), is_one_of<MaxPool>);
    }
    result.push_back(std::move(chain));
  }
  return result;
}

std::unique_ptr<Layer> make_layer(const Graph& graph, const Chain& chain) {
  const auto& nodes = graph.nodes();
  const Node& first = nodes[chain.nodes.front()];
  const Node& last = nodes[chain.nodes.back()];
  if (chain.nodes.size() == 3) {
    return make_layer(first, std::get<Convolution>(first.op), last, std::get<MaxPool>(last.op));
  }
  const bool relu = chain.nodes.size() == 2;
  return std::visit(
      [&](const auto& op) -> std::unique_ptr<Layer> {
        using Kind = std::decay_t<decltype(op)>;
        if constexpr (std::is_same_v<Kind, Input>) {
          throw Error("model " + graph.name() + ": " + first.name + " is not the first");
        } else if constexpr (std::is_same_v<Kind, Dropout>) {
          return make_layer(first, chain.nodes.front(), op);
        } else if constexpr (requires { make_layer(first, op, relu); }) {
          return make_layer(first, op, relu);
        } else {
          return make_layer(first, op);
        }
      },
      first.op);
}

}  // namespace geomx::trainer
