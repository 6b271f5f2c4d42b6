// ResNet-50 for ImageNet, in the form whose 3x3 convolutions have the stride. He, Zhang, Ren, Sun: "Deep Residual
// Learning for Image Recognition", CVPR 2016.
#include <string>

#include "trainer/cost/builtin.h"
#include "trainer/cost/layers.h"

namespace geomx::trainer {
namespace {

constexpr double kImagesPerSecond = 219;
constexpr std::size_t kBatch = 64;
constexpr long kWidening = 4;  // of a block's output, against its inner width

}  // namespace

Profile resnet50_profile() {
  Layers net;
  long size = 112;  // of the images, after the layer that is added next
  const auto convolution = [&](const std::string& name, const std::string& norm, long in, long out, long kernel) {
    net.convolution(name, in, out, kernel, static_cast<double>(size) * static_cast<double>(size), false);
    net.norm(norm, out);
  };
  convolution("conv1", "bn1", 3, 64, 7);
  size = 56;
  long channels = 64;
  const int blocks[] = {3, 4, 6, 3};
  for (int stage = 0; stage < 4; ++stage) {
    const long width = 64L << stage;
    for (int block = 0; block < blocks[stage]; ++block) {
      const std::string name = "layer" + std::to_string(stage + 1) + "." + std::to_string(block);
      convolution(name + ".conv1", name + ".bn1", channels, width, 1);
      if (stage > 0 && block == 0) size /= 2;
      convolution(name + ".conv2", name + ".bn2", width, width, 3);
      convolution(name + ".conv3", name + ".bn3", width, kWidening * width, 1);
      if (block == 0) convolution(name + ".downsample.0", name + ".downsample.1", channels, kWidening * width, 1);
      channels = kWidening * width;
    }
  }
  net.linear("fc", channels, 1000);
  return net.profile("resnet50",
                     "219 images/s with a batch of 64 on one Tesla P100 (DGX-1, fp32): TensorFlow's benchmarks of May "
                     "2017, tensorflow/docs_src/performance/benchmarks.md; the time of each layer is derived from its "
                     "floating-point operations",
                     kBatch, 1000 * static_cast<double>(kBatch) / kImagesPerSecond);
}

}  // namespace geomx::trainer
