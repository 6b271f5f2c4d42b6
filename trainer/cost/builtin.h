#pragma once

#include <string>
#include <vector>

#include "trainer/cost/profile.h"

namespace geomx::trainer {

// The profiles that come with the program. Shapes are the real models'; of each step, the whole is published (or
// measured), and the parts are derived: a third of it is the forward pass, two thirds are the backward pass, and within
// each pass a layer's share is its share of the floating-point operations.
//
//   resnet50     25,557,032 parameters   219 images/s, batch 64, Tesla P100, fp32, TensorFlow
//   vgg16       138,357,544              154 images/s, batch 64, likewise
//   bert-base   109,482,240              93.06 sequences/s of 128 tokens, batch 32, Tesla V100, fp32, TensorFlow
//   gpt2-small  124,439,808              12 sequences of 1024 tokens in 115 ms, A100, bfloat16, PyTorch
//   cnn             178,762              measured with this program; each layer by itself
//
// Each profile's `source` says where the numbers are from.
std::vector<std::string> builtin_profiles();

// Throws Error for another name.
Profile builtin_profile(const std::string& name);

// One file each:
Profile resnet50_profile();
Profile vgg16_profile();
Profile bert_base_profile();
Profile gpt2_small_profile();
Profile cnn_profile();

}  // namespace geomx::trainer
