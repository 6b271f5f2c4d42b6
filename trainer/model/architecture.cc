#include "trainer/model/architecture.h"

#include <algorithm>
#include <cstdio>

#include "trainer/tensor/error.h"

namespace geomx::trainer {
namespace {

struct NamedLayer {
  std::string name;
  std::string kind;
};

NamedLayer describe(const Layer& layer, int& convolutions, int& pools, int& denses) {
  if (const auto* conv = std::get_if<Convolution>(&layer)) {
    const std::string kernel = std::to_string(conv->kernel);
    return {"conv" + std::to_string(++convolutions),
            "convolution " + kernel + "x" + kernel + (conv->relu ? ", ReLU" : "")};
  }
  if (const auto* pool = std::get_if<MaxPool>(&layer)) {
    const std::string size = std::to_string(pool->size);
    return {"pool" + std::to_string(++pools), "max-pool " + size + "x" + size};
  }
  return {"fc" + std::to_string(++denses), std::string("dense") + (std::get<Dense>(layer).relu ? ", ReLU" : "")};
}

std::vector<NamedLayer> describe(const std::vector<Layer>& layers) {
  int convolutions = 0;
  int pools = 0;
  int denses = 0;
  std::vector<NamedLayer> names;
  names.reserve(layers.size());
  for (const Layer& layer : layers) names.push_back(describe(layer, convolutions, pools, denses));
  return names;
}

std::vector<TensorSpec> parameters_of(const Layer& layer, const std::string& name, const ImageShape& input) {
  if (const auto* conv = std::get_if<Convolution>(&layer)) {
    return {{name + ".weight", {conv->channels, input.channels, conv->kernel, conv->kernel}},
            {name + ".bias", {conv->channels}}};
  }
  if (const auto* dense = std::get_if<Dense>(&layer)) {
    return {{name + ".weight", {dense->units, static_cast<long>(input.size())}}, {name + ".bias", {dense->units}}};
  }
  return {};
}

}  // namespace

std::vector<ImageShape> Architecture::outputs() const {
  std::vector<ImageShape> shapes;
  ImageShape shape = input;
  for (const Layer& layer : layers) {
    if (const auto* conv = std::get_if<Convolution>(&layer)) {
      shape = {conv->channels, shape.height - conv->kernel + 1, shape.width - conv->kernel + 1};
    } else if (const auto* pool = std::get_if<MaxPool>(&layer)) {
      shape = {shape.channels, shape.height / pool->size, shape.width / pool->size};
    } else {
      shape = {std::get<Dense>(layer).units, 1, 1};
    }
    if (shape.channels < 1 || shape.height < 1 || shape.width < 1) {
      throw Error("model " + name + ": images of " + std::to_string(input.height) + "x" + std::to_string(input.width) +
                  " are too small for layer " + std::to_string(shapes.size() + 1));
    }
    shapes.push_back(shape);
  }
  return shapes;
}

std::vector<TensorSpec> Architecture::parameters() const {
  const auto names = describe(layers);
  const auto shapes = outputs();
  std::vector<TensorSpec> specs;
  for (std::size_t i = 0; i < layers.size(); ++i) {
    for (TensorSpec& spec : parameters_of(layers[i], names[i].name, i == 0 ? input : shapes[i - 1])) {
      specs.push_back(std::move(spec));
    }
  }
  return specs;
}

int Architecture::classes() const {
  return outputs().back().channels;
}

Architecture make_model(const std::string& name, ImageShape input, int classes) {
  if (name != "cnn") throw Error("model \"" + name + "\" is not known (cnn)");
  Architecture model;
  model.name = name;
  model.input = input;
  model.layers = {Convolution{16, 5, true}, MaxPool{2},       Convolution{32, 5, true}, MaxPool{2},
                  Dense{256, true},         Dense{128, true}, Dense{classes, false}};
  return model;
}

std::string summary(const Architecture& model) {
  const auto names = describe(model.layers);
  const auto shapes = model.outputs();
  std::string table;
  char line[160];
  const auto row = [&](const std::string& name, const std::string& kind, const std::string& out,
                       const std::string& count) {
    std::snprintf(line, sizeof line, "%-8s %-26s %-10s %10s\n", name.c_str(), kind.c_str(), out.c_str(), count.c_str());
    table += line;
  };
  const auto shape_text = [](const ImageShape& shape) {
    return to_string(std::vector<long>{shape.channels, shape.height, shape.width});
  };
  row("layer", "kind", "output", "parameters");
  row("input", "", shape_text(model.input), "0");
  for (std::size_t i = 0; i < model.layers.size(); ++i) {
    const ImageShape& input = i == 0 ? model.input : shapes[i - 1];
    const auto count = total_size(parameters_of(model.layers[i], names[i].name, input));
    row(names[i].name, names[i].kind, shape_text(shapes[i]), std::to_string(count));
  }
  const auto specs = model.parameters();
  return table + model.name + ": " + std::to_string(total_size(specs)) + " parameters in " +
         std::to_string(specs.size()) + " tensors\n";
}

}  // namespace geomx::trainer
