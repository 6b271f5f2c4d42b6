#include "emulator/scenario/profile.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <utility>

#include "emulator/base/error.h"
#include "emulator/scenario/files.h"
#include "emulator/scenario/suggest.h"

namespace geomx::scenario {
namespace {

namespace fs = std::filesystem;

// As trainer/cost has them, which the emulator does not know; a test holds the two together.
const std::vector<std::pair<std::string, ProfileSums>> kBuiltin{{"resnet50", {25'557'032, 161, 64.0 / 219, 64}},
                                                                {"vgg16", {138'357'544, 32, 64.0 / 154, 64}},
                                                                {"bert-base", {109'482'240, 199, 32 * 8 / 744.48, 32}},
                                                                {"gpt2-small", {124'439'808, 148, 0.1152, 12}},
                                                                {"cnn", {178'762, 10, 0.002369, 32}}};

constexpr double kMillisecondsPerSecond = 1000;

const ProfileSums* builtin(const std::string& name) {
  const auto found =
      std::find_if(kBuiltin.begin(), kBuiltin.end(), [&](const auto& known) { return known.first == name; });
  return found == kBuiltin.end() ? nullptr : &found->second;
}

std::uint64_t product(const Json& shape) {
  std::uint64_t elements = 1;
  for (const Json& size : shape) elements *= size.get<std::uint64_t>();
  return elements;
}

ProfileSums read_sums(const std::string& path) {
  const std::string text = read_text_file(path, "the profile");
  try {
    const Json json = Json::parse(text);
    if (json.at("version") != 1) throw InputError(path, "a profile has \"version\": 1");
    ProfileSums sums;
    sums.batch_size = json.at("batch_size").get<std::uint64_t>();
    for (const Json& tensor : json.at("tensors")) {
      ++sums.tensors;
      sums.elements += product(tensor.at("shape"));
      sums.step_seconds +=
          (tensor.at("forward_ms").get<double>() + tensor.at("backward_ms").get<double>()) / kMillisecondsPerSecond;
    }
    if (sums.batch_size == 0 || sums.elements == 0 || !(sums.step_seconds > 0)) {
      throw InputError(path, "a profile has a batch size, tensors and times");
    }
    return sums;
  } catch (const Json::exception& error) {
    throw InputError(path, fmt::format("no profile: {}", error.what()), "geomx-node --record-profile writes one");
  }
}

}  // namespace

const std::vector<std::string>& builtin_profiles() {
  static const std::vector<std::string> names = [] {
    std::vector<std::string> all;
    for (const auto& [name, sums] : kBuiltin) all.push_back(name);
    return all;
  }();
  return names;
}

ProfileSums profile_sums(const std::string& name_or_path) {
  const ProfileSums* known = builtin(name_or_path);
  return known != nullptr ? *known : read_sums(name_or_path);
}

StepSeconds step_seconds(const Training& training) {
  if (training.computes() || !training.profile) return {};
  double seconds = 0;
  if (training.compute_seconds) {
    seconds = *training.compute_seconds;
  } else {
    const ProfileSums sums = profile_sums(*training.profile);
    seconds = sums.step_seconds * training.batch_size / static_cast<double>(sums.batch_size);
  }
  double factor = 1;
  for (const auto& [name, each] : training.stragglers) factor = std::max(factor, each);
  return {seconds, seconds * factor};
}

void find_profile(Training& training, const std::string& folder, Problems& problems) {
  if (!training.profile || training.computes() || builtin(*training.profile) != nullptr) return;
  const std::string written = *training.profile;
  training.profile = fs::absolute(fs::path(folder) / written).lexically_normal().string();
  try {
    read_sums(*training.profile);
  } catch (const InputError& error) {
    const bool is_path = written.find_first_of("/.") != std::string::npos;
    problems.push_back({"/training/profile", fmt::format("{}: {}", written, error.what()),
                        is_path ? error.hint() : suggestion(written, builtin_profiles())});
  }
}

}  // namespace geomx::scenario
