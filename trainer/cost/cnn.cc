// The CNN of the examples (trainer/model/zoo.h), as this program computes it.
#include "trainer/cost/builtin.h"

namespace geomx::trainer {

Profile cnn_profile() {
  return {"cnn",
          "measured with geomx-node --record-profile: 400 steps with a batch of 32 on one thread of an AMD EPYC with "
          "AVX-512 (2 virtual cores, fp32, oneDNN 2.6), 2026-11-23",
          32,
          {{{"conv1.weight", {16, 1, 5, 5}}, 0, 0},
           {{"conv1.bias", {16}}, 0.184, 0.214},
           {{"conv2.weight", {32, 16, 5, 5}}, 0, 0},
           {{"conv2.bias", {32}}, 0.476, 1.051},
           {{"fc1.weight", {256, 512}}, 0, 0},
           {{"fc1.bias", {256}}, 0.150, 0.171},
           {{"fc2.weight", {128, 256}}, 0, 0},
           {{"fc2.bias", {128}}, 0.039, 0.053},
           {{"fc3.weight", {10, 128}}, 0, 0},
           {{"fc3.bias", {10}}, 0.010, 0.021}}};
}

}  // namespace geomx::trainer
