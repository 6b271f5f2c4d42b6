#include "trainer/cost/builtin.h"

#include <utility>

#include "trainer/tensor/error.h"

namespace geomx::trainer {
namespace {

using Make = Profile (*)();
constexpr std::pair<const char*, Make> kProfiles[] = {{"resnet50", resnet50_profile},
                                                      {"vgg16", vgg16_profile},
                                                      {"bert-base", bert_base_profile},
                                                      {"gpt2-small", gpt2_small_profile},
                                                      {"cnn", cnn_profile}};

}  // namespace

std::vector<std::string> builtin_profiles() {
  std::vector<std::string> names;
  for (const auto& [name, make] : kProfiles) names.emplace_back(name);
  return names;
}

Profile builtin_profile(const std::string& name) {
  for (const auto& [known, make] : kProfiles) {
    if (name == known) return make();
  }
  throw Error("there is no profile \"" + name + "\"");
}

}  // namespace geomx::trainer
