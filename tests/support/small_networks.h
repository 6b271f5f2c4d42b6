#pragma once

#include <functional>
#include <ostream>
#include <string>
#include <vector>

#include "trainer/model/graph.h"

namespace geomx::trainer::testing {

// A network that has a few of the ops, and is small enough to be computed with plain loops.
struct SmallNetwork {
  std::string name;
  std::function<Graph()> make;
};
inline std::ostream& operator<<(std::ostream& out, const SmallNetwork& network) {
  return out << network.name;
}

inline Graph chain(const Shape& input, const std::vector<Op>& ops) {
  Graph graph("test", input);
  graph.chain(Graph::input(), ops);
  return graph;
}

inline Graph residual() {
  Graph graph("residual", {3, 5, 5});
  const auto first = graph.chain(Graph::input(), {Convolution{8, 3, 1, 1, 1, false}, BatchNorm{}, Relu{}});
  const auto second = graph.chain(first, {Convolution{8, 3, 1, 1, 1, false}, BatchNorm{}});
  const auto sum = graph.chain(graph.add(Add{}, {second, first}), {Relu{}});
  const auto shrunk = graph.chain(sum, {Convolution{4, 1, 2, 0, 1, false}, BatchNorm{}});
  const auto other = graph.chain(sum, {Convolution{4, 3, 2, 1}, Relu{}});
  graph.chain(graph.add(Add{}, {shrunk, other}), {Relu{}, GlobalPool{}, Linear{4}});
  return graph;
}

inline Graph transformer() {
  Graph graph("transformer", {6});
  auto x = graph.chain(Graph::input(), {Embedding{7, 8, true}, Dropout{0.2}});
  x = graph.add(Add{}, {x, graph.chain(x, {LayerNorm{}, Linear{24}, Attention{2, true}, Linear{8}})});
  x = graph.add(Add{}, {x, graph.chain(x, {LayerNorm{}, Linear{16}, Gelu{}, Linear{8}})});
  graph.chain(x, {LayerNorm{}, Linear{7, false}});
  return graph;
}

inline const std::vector<SmallNetwork> kSmallNetworks{
    {"Linear",
     [] {
       return chain({5}, {Linear{8}, Relu{}, Linear{3}});
     }},
    {"LinearOfImages",
     [] {
       return chain({3, 4, 4}, {Linear{8, false}, Gelu{}, Linear{3}});
     }},
    {"Convolution",
     [] {
       return chain({2, 6, 6}, {Convolution{4, 3}, Relu{}, Convolution{8, 3, 2, 1}, Linear{4}});
     }},
    {"Pointwise",
     [] {
       return chain({3, 4, 4}, {Convolution{8, 1}, Relu{}, Convolution{4, 1, 1, 0, 1, false}, Linear{4}});
     }},
    {"Depthwise",
     [] {
       return chain({4, 5, 5}, {Convolution{8, 1}, Convolution{8, 3, 2, 1, 8}, Relu{}, Linear{4}});
     }},
    {"Grouped",
     [] {
       return chain({2, 5, 5}, {Convolution{4, 1}, Convolution{6, 3, 1, 0, 2, false}, Relu{}, Linear{4}});
     }},
    {"Pools",
     [] {
       return chain({2, 9, 9}, {Convolution{4, 1}, MaxPool{3, 2, 1}, AveragePool{3, 2, 1}, Linear{4}});
     }},
    {"SmallPools",
     [] {
       return chain({2, 9, 9}, {Convolution{4, 1}, AveragePool{}, MaxPool{}, GlobalPool{}, Linear{4}});
     }},
    {"BatchNorm",
     [] {
       return chain({3, 4, 4}, {BatchNorm{}, Convolution{5, 1}, BatchNorm{}, Gelu{}, Linear{4}});
     }},
    {"GroupNorm",
     [] {
       return chain({3, 4, 4}, {Convolution{6, 1}, GroupNorm{3}, Gelu{}, GroupNorm{1}, Linear{4}});
     }},
    {"Dropout",
     [] {
       return chain({3, 4, 4}, {Convolution{6, 1}, Dropout{0.3}, Linear{8}, Dropout{0.5}, Linear{4}});
     }},
    {"Attention",
     [] {
       return chain({5, 8}, {Linear{24}, Attention{2, false}, LayerNorm{}, Linear{3}});
     }},
    {"Residual", residual},
    {"Transformer", transformer},
};

// Tokens of networks that read some are below this.
inline constexpr std::size_t kVocabulary = 7;
inline bool reads_tokens(const Graph& graph) {
  return std::holds_alternative<Embedding>(graph.nodes()[1].op);
}

}  // namespace geomx::trainer::testing
