#include "trainer/cost/profile.h"

#include <algorithm>
#include <iomanip>
#include <sstream>

#include "trainer/cost/builtin.h"

namespace geomx::trainer {

std::vector<TensorSpec> Profile::parameters() const {
  std::vector<TensorSpec> specs;
  for (const ProfiledTensor& tensor : tensors) specs.push_back(tensor.spec);
  return specs;
}

double Profile::forward_ms() const {
  double sum = 0;
  for (const ProfiledTensor& tensor : tensors) sum += tensor.forward_ms;
  return sum;
}

double Profile::backward_ms() const {
  double sum = 0;
  for (const ProfiledTensor& tensor : tensors) sum += tensor.backward_ms;
  return sum;
}

std::string summary(const Profile& profile) {
  std::size_t longest = 0;
  for (const ProfiledTensor& tensor : profile.tensors) longest = std::max(longest, tensor.spec.name.size());
  const int names = static_cast<int>(longest) + 2;
  constexpr int kShape = 16;
  constexpr int kNumber = 14;
  std::ostringstream text;
  text << profile.name << ", a step of " << profile.batch_size << " samples; " << profile.source << "\n\n"
       << std::left << std::setw(names) << "tensor" << std::setw(kShape) << "shape" << std::right << std::setw(kNumber)
       << "elements" << std::setw(kNumber) << "forward ms" << std::setw(kNumber) << "backward ms"
       << "\n"
       << std::fixed << std::setprecision(3);
  const auto line = [&](const std::string& name, const std::string& shape, std::size_t size, double forward,
                        double backward) {
    text << std::left << std::setw(names) << name << std::setw(kShape) << shape << std::right << std::setw(kNumber)
         << size << std::setw(kNumber) << forward << std::setw(kNumber) << backward << "\n";
  };
  for (const ProfiledTensor& tensor : profile.tensors) {
    line(tensor.spec.name, to_string(tensor.spec.shape), tensor.spec.size(), tensor.forward_ms, tensor.backward_ms);
  }
  line("all", "", total_size(profile.parameters()), profile.forward_ms(), profile.backward_ms());
  return text.str();
}

Profile find_profile(const std::string& name_or_file) {
  const std::vector<std::string> names = builtin_profiles();
  const bool known = std::find(names.begin(), names.end(), name_or_file) != names.end();
  return known ? builtin_profile(name_or_file) : read_profile(name_or_file);
}

}  // namespace geomx::trainer
