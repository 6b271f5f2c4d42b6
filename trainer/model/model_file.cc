#include "trainer/model/model_file.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <sstream>
#include <type_traits>
#include <utility>

#include <nlohmann/json.hpp>

#include "trainer/tensor/error.h"

namespace geomx::trainer {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t kMaxText = 1 << 20;  // a model of 1000 layers has a tenth of it
constexpr int kMaxSize = 1 << 20;          // of anything that is counted in a layer: keeps products within 64 bits

// Every setting of an op by its name, to be read and to be written.
template <typename F>
void settings(Convolution& o, F f) {
  f("channels", o.channels), f("kernel", o.kernel), f("stride", o.stride), f("padding", o.padding);
  f("groups", o.groups), f("bias", o.bias);
}
template <typename F>
void settings(Linear& o, F f) {
  f("units", o.units), f("bias", o.bias);
}
template <typename F>
void settings(MaxPool& o, F f) {
  f("size", o.size), f("stride", o.stride), f("padding", o.padding);
}
template <typename F>
void settings(AveragePool& o, F f) {
  f("size", o.size), f("stride", o.stride), f("padding", o.padding);
}
template <typename F>
void settings(BatchNorm& o, F f) {
  f("momentum", o.momentum), f("epsilon", o.epsilon);
}
template <typename F>
void settings(GroupNorm& o, F f) {
  f("groups", o.groups), f("epsilon", o.epsilon);
}
template <typename F>
void settings(LayerNorm& o, F f) {
  f("epsilon", o.epsilon);
}
template <typename F>
void settings(Dropout& o, F f) {
  f("share", o.share);
}
template <typename F>
void settings(Embedding& o, F f) {
  f("vocabulary", o.vocabulary), f("width", o.width), f("positions", o.positions);
}
template <typename F>
void settings(Attention& o, F f) {
  f("heads", o.heads), f("causal", o.causal);
}
template <typename O, typename F>
void settings(O& /*op*/, F /*f*/) {}

template <std::size_t I = 1>
Op op_called(const std::string& kind) {  // Input for a kind that is not known
  if constexpr (I < std::variant_size_v<Op>) {
    const Op op(std::in_place_index<I>);
    return kind_of(op) == kind ? op : op_called<I + 1>(kind);
  } else {
    return Input{};
  }
}

template <std::size_t I = 1>
std::string all_kinds() {
  if constexpr (I < std::variant_size_v<Op>) {
    return (I == 1 ? "" : ", ") + std::string(kind_of(Op(std::in_place_index<I>))) + all_kinds<I + 1>();
  } else {
    return {};
  }
}

class Parser {
 public:
  Parser(std::string where, int classes) : where_(std::move(where)), classes_(classes) {}

  Graph parse(const std::string& text, const Shape& input) {
    if (text.size() > kMaxText) fail("", "is longer than a megabyte");
    Json json;
    try {
      json = Json::parse(text);
    } catch (const Json::exception& error) {
      fail("", std::string("is not JSON: ") + error.what());
    }
    if (!json.is_object()) fail("", "must be an object with \"name\" and \"layers\"");
    for (const auto& [key, value] : json.items()) {
      if (key != "name" && key != "layers") fail("/" + key, "is not known (name, layers)");
    }
    if (!json.contains("name") || !json["name"].is_string()) fail("/name", "must be a text");
    if (!json.contains("layers") || !json["layers"].is_array() || json["layers"].empty()) {
      fail("/layers", "must be a list with at least one layer");
    }
    Graph graph(json["name"], input);
    std::size_t index = 0;
    for (const Json& layer : json["layers"]) add(graph, layer, "/layers/" + std::to_string(index++));
    require_output(graph);
    return graph;
  }

 private:
  [[noreturn]] void fail(const std::string& pointer, const std::string& what) const {
    throw Error(where_ + ": " + (pointer.empty() ? "the text" : pointer) + " " + what);
  }

  // The labels say which of the last layer's values is the right one, and tokens which row of an embedding.
  void require_output(const Graph& graph) const {
    const Shape& input = graph.input_shape();
    const std::size_t labels = input.size() == 1 ? elements(input) : 1;
    if (graph.classes() != classes_ || graph.labels_per_sample() != labels) {
      fail("/layers", "end in " + to_string(graph.nodes().back().shape) + " for each sample, and the data set wants " +
                          (labels == 1 ? "" : std::to_string(labels) + "x") + std::to_string(classes_) +
                          " (a linear layer with \"units\": \"classes\")");
    }
    for (const Node& node : graph.nodes()) {
      const auto* embedding = std::get_if<Embedding>(&node.op);
      if (embedding != nullptr && embedding->vocabulary < classes_) {
        fail("/layers", "have " + node.name + " with a vocabulary of " + std::to_string(embedding->vocabulary) +
                            ", and the data set has " + std::to_string(classes_) + " tokens");
      }
    }
  }

  void read(const Json& value, const std::string& pointer, int& into) const {
    if (value == "classes") {
      into = classes_;
    } else if (!value.is_number_integer() || value < 0 || value > kMaxSize) {
      fail(pointer, "must be a whole number of at most " + std::to_string(kMaxSize) + ", or \"classes\"");
    } else {
      into = value.get<int>();
    }
  }
  void read(const Json& value, const std::string& pointer, bool& into) const {
    if (!value.is_boolean()) fail(pointer, "must be true or false");
    into = value.get<bool>();
  }
  void read(const Json& value, const std::string& pointer, double& into) const {
    if (!value.is_number() || value < 0 || value > 1) fail(pointer, "must be a number between 0 and 1");
    into = value.get<double>();
  }

  void add(Graph& graph, const Json& layer, const std::string& pointer) const {
    if (!layer.is_object() || !layer.contains("op") || !layer["op"].is_string()) {
      fail(pointer, "must be an object with an \"op\"");
    }
    Op op = op_called(layer["op"]);
    if (std::holds_alternative<Input>(op)) {
      fail(pointer + "/op", "is \"" + layer["op"].get<std::string>() + "\", which is not known (" + all_kinds() + ")");
    }
    std::string known = "op, name, inputs";
    std::size_t found = 1 + layer.count("name") + layer.count("inputs");
    const auto setting = [&](const char* key, auto& into) {
      known += std::string(", ") + key;
      if (const auto it = layer.find(key); it != layer.end()) {
        ++found;
        read(*it, pointer + "/" + key, into);
      }
    };
    std::visit([&](auto& o) { settings(o, setting); }, op);
    if (found != layer.size()) fail(pointer, "has a key that is not one of: " + known);
    try {
      graph.add(op, inputs(graph, layer, pointer), name(layer, pointer));
    } catch (const Error& error) {
      fail(pointer, std::string("does not fit: ") + error.what());
    }
  }

  std::string name(const Json& layer, const std::string& pointer) const {
    if (!layer.contains("name")) return {};
    if (!layer["name"].is_string() || layer["name"].get_ref<const std::string&>().empty()) {
      fail(pointer + "/name", "must be a text");
    }
    return layer["name"];
  }

  std::vector<Graph::Value> inputs(const Graph& graph, const Json& layer, const std::string& pointer) const {
    if (!layer.contains("inputs")) return {graph.nodes().size() - 1};
    if (!layer["inputs"].is_array()) fail(pointer + "/inputs", "must be a list of earlier layers' names");
    std::vector<Graph::Value> values;
    for (const Json& input : layer["inputs"]) {
      const auto node = std::ranges::find_if(graph.nodes(), [&](const Node& n) { return input == n.name; });
      if (node == graph.nodes().end())
        fail(pointer + "/inputs", "names " + input.dump() + ", which is no earlier layer");
      values.push_back(static_cast<Graph::Value>(node - graph.nodes().begin()));
    }
    return values;
  }

  std::string where_;
  int classes_;
};

}  // namespace

Graph parse_model(const std::string& text, const std::string& where, const Shape& input, int classes) {
  return Parser(where, classes).parse(text, input);
}

Graph read_model(const std::filesystem::path& file, const Shape& input, int classes) {
  std::ifstream in(file);
  std::stringstream text;
  text << in.rdbuf();
  if (!in) throw Error(file.string() + ": the model cannot be read: " + std::strerror(errno));
  return parse_model(text.str(), file.string(), input, classes);
}

std::string to_json(const Graph& graph) {
  Json layers = Json::array();
  for (std::size_t i = 1; i < graph.nodes().size(); ++i) {
    const Node& node = graph.nodes()[i];
    Json layer{{"op", kind_of(node.op)}, {"name", node.name}};
    Op op = node.op;
    std::visit([&](auto& o) { settings(o, [&](const char* key, const auto& value) { layer[key] = value; }); }, op);
    for (const std::size_t input : node.inputs) layer["inputs"].push_back(graph.nodes()[input].name);
    layers.push_back(std::move(layer));
  }
  return Json{{"name", graph.name()}, {"layers", std::move(layers)}}.dump();
}

}  // namespace geomx::trainer
