#include "trainer/cost/builtin.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "trainer/model/zoo.h"
#include "trainer/tensor/error.h"

namespace geomx::trainer {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

const ProfiledTensor& tensor(const Profile& profile, const std::string& name) {
  return *std::find_if(profile.tensors.begin(), profile.tensors.end(),
                       [&](const ProfiledTensor& each) { return each.spec.name == name; });
}

struct Known {
  const char* name;
  std::size_t tensors;
  std::size_t parameters;
  double samples_per_second;  // as published, or measured
};

class Builtin : public testing::TestWithParam<Known> {};

TEST_P(Builtin, HasTheModelsSizesAndThePublishedSpeed) {
  const Profile profile = builtin_profile(GetParam().name);
  EXPECT_EQ(profile.tensors.size(), GetParam().tensors);
  EXPECT_EQ(total_size(profile.parameters()), GetParam().parameters);
  const double speed = 1000 * static_cast<double>(profile.batch_size) / profile.step_ms();
  EXPECT_NEAR(speed, GetParam().samples_per_second, GetParam().samples_per_second / 1000);
  EXPECT_NEAR(profile.backward_ms() / profile.forward_ms(), 2, 0.3);
  std::set<std::string> names;
  for (const ProfiledTensor& each : profile.tensors) names.insert(each.spec.name);
  EXPECT_EQ(names.size(), profile.tensors.size());
}

INSTANTIATE_TEST_SUITE_P(Profiles, Builtin,
                         testing::Values(Known{"resnet50", 161, 25'557'032, 219}, Known{"vgg16", 32, 138'357'544, 154},
                                         Known{"bert-base", 199, 109'482'240, 93.06},
                                         Known{"gpt2-small", 148, 124'439'808, 12 / 0.1152},
                                         Known{"cnn", 10, 178'762, 32 / 0.002369}),
                         [](const auto& each) {
                           std::string name = each.param.name;
                           std::erase(name, '-');
                           return name;
                         });

TEST(BuiltinProfiles, AreTheseFiveAndNoOther) {
  EXPECT_THAT(builtin_profiles(), ElementsAre("resnet50", "vgg16", "bert-base", "gpt2-small", "cnn"));
  EXPECT_THROW(builtin_profile("resnet"), Error);
}

TEST(BuiltinProfiles, TheCnnIsTheOneThatIsTrained) {
  EXPECT_EQ(builtin_profile("cnn").parameters(), make_model("cnn", {1, 28, 28}, 10).parameters());
}

TEST(BuiltinProfiles, ShapesAreTheRealOnes) {
  const Profile resnet = builtin_profile("resnet50");
  EXPECT_THAT(tensor(resnet, "layer4.2.conv2.weight").spec.shape, ElementsAre(512, 512, 3, 3));
  EXPECT_THAT(tensor(resnet, "layer2.0.downsample.0.weight").spec.shape, ElementsAre(512, 256, 1, 1));
  const Profile vgg = builtin_profile("vgg16");
  EXPECT_THAT(tensor(vgg, "features.28.weight").spec.shape, ElementsAre(512, 512, 3, 3));
  EXPECT_THAT(tensor(vgg, "classifier.0.weight").spec.shape, ElementsAre(4096, 25088));
  EXPECT_THAT(tensor(builtin_profile("gpt2-small"), "h.11.attn.c_attn.weight").spec.shape, ElementsAre(2304, 768));
}

// By hand, of one image: conv1_2 has 224 x 224 x 64 x 64 x 9 products, fc6 has 25088 x 4096.
TEST(BuiltinProfiles, ALayersTimeIsItsShareOfTheOperations) {
  const Profile vgg = builtin_profile("vgg16");
  const double convolution = 224.0 * 224 * 64 * 64 * 9;
  const double dense = 25088.0 * 4096;
  EXPECT_NEAR(tensor(vgg, "features.2.bias").forward_ms / tensor(vgg, "classifier.0.bias").forward_ms,
              convolution / dense, 1e-6);
  // VGG-16 is known to take 15.5 billion products.
  EXPECT_NEAR(convolution / 15.47e9, tensor(vgg, "features.2.bias").forward_ms / vgg.forward_ms(), 1e-4);
}

}  // namespace
}  // namespace geomx::trainer
