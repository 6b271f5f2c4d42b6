// VGG-16 for ImageNet (configuration D). Simonyan, Zisserman: "Very Deep Convolutional Networks for Large-Scale Image
// Recognition", ICLR 2015.
#include <string>

#include "trainer/cost/builtin.h"
#include "trainer/cost/layers.h"

namespace geomx::trainer {
namespace {

constexpr double kImagesPerSecond = 154;
constexpr std::size_t kBatch = 64;

struct Stage {
  long channels;
  int convolutions;
};
constexpr Stage kStages[] = {{64, 2}, {128, 2}, {256, 3}, {512, 3}, {512, 3}};

}  // namespace

Profile vgg16_profile() {
  Layers net;
  long size = 224;
  long channels = 3;
  int index = 0;  // in PyTorch's list, where ReLU and pooling have numbers, too
  for (const Stage& stage : kStages) {
    for (int i = 0; i < stage.convolutions; ++i) {
      net.convolution("features." + std::to_string(index), channels, stage.channels, 3,
                      static_cast<double>(size) * static_cast<double>(size), true);
      channels = stage.channels;
      index += 2;
    }
    ++index;
    size /= 2;
  }
  net.linear("classifier.0", channels * size * size, 4096);
  net.linear("classifier.3", 4096, 4096);
  net.linear("classifier.6", 4096, 1000);
  return net.profile("vgg16",
                     "154 images/s with a batch of 64 on one Tesla P100 (DGX-1, fp32): TensorFlow's benchmarks of May "
                     "2017, tensorflow/docs_src/performance/benchmarks.md; the time of each layer is derived from its "
                     "floating-point operations",
                     kBatch, 1000 * static_cast<double>(kBatch) / kImagesPerSecond);
}

}  // namespace geomx::trainer
