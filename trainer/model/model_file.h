#pragma once

#include <filesystem>
#include <string>

#include "trainer/model/graph.h"

// A model as JSON:
//
//   {"name": "mine",
//    "layers": [
//      {"op": "convolution", "channels": 16, "kernel": 5, "name": "first"},
//      {"op": "relu"},
//      {"op": "convolution", "channels": 16, "kernel": 3, "padding": 1},
//      {"op": "add", "inputs": ["first", "conv2"]},
//      {"op": "linear", "units": "classes"}]}
//
// Ops and their settings are those of graph.h, whose defaults hold for what is left out; "classes" stands for how many
// the data set has. A layer's input is the layer before it unless "inputs" names others; the first one's is "input".
namespace geomx::trainer {

// Throws Error: where in the text (a JSON pointer), what, and what is wanted. `where` names the text in errors.
Graph parse_model(const std::string& text, const std::string& where, const Shape& input, int classes);
Graph read_model(const std::filesystem::path& file, const Shape& input, int classes);

// A text that parse_model() makes the same graph of.
std::string to_json(const Graph& graph);

}  // namespace geomx::trainer
