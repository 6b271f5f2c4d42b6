#pragma once

#include <string>
#include <vector>

#include "trainer/model/graph.h"

namespace geomx::trainer {

struct ZooEntry {
  std::string name;
  std::string about;  // one line for people
  Graph (*make)(const Shape& input, int classes);
};

// The models that are known by name:
//   cnn        the examples' network: conv 16 5x5, pool, conv 32 5x5, pool, fc 256, fc 128; 178,762 parameters for
//              1x28x28 and 10 classes
//   mlp        two hidden layers of 1024
//   lenet5     LeCun et al.: "Gradient-based learning applied to document recognition", 1998; with ReLU
//   alexnet    Krizhevsky, Sutskever, Hinton, 2012, in the form for small images
//   vgg11      Simonyan, Zisserman, 2014: configuration A with batch norm and one linear layer
//   resnet18, resnet50
//              He et al.: "Deep residual learning for image recognition", 2015. Images of up to 64 pixels keep their
//              size in the first layer, which is 3x3; larger ones get the original 7x7 and pool
//   gpt        Radford et al., 2018 and 2019, small: 4 blocks of width 128 with 4 heads, norms first
// All but gpt read images, gpt reads tokens.
const std::vector<ZooEntry>& zoo();

// The model of that name or, where `name` ends in ".json", the one that the file describes (model_file.h), for such
// samples. Throws Error: not known, or it does not fit the samples.
Graph make_model(const std::string& name, const Shape& input, int classes);

}  // namespace geomx::trainer
