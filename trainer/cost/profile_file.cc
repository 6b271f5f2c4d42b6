#include <cerrno>
#include <cmath>
#include <cstring>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <set>
#include <string>

#include "trainer/cost/builtin.h"
#include "trainer/cost/profile.h"
#include "trainer/tensor/error.h"

namespace geomx::trainer {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t kMostTensors = 1'000'000;
constexpr long kMostElements = 1'000'000'000'000;  // of a tensor
constexpr double kLongest = 1e9;                   // ms: 11 days
constexpr std::size_t kLargestBatch = 65536;       // as --batch-size takes it

// Complains of one place of one file.
class Reader {
 public:
  explicit Reader(const std::string& file) : file_(file) {}

  [[noreturn]] void fail(const std::string& where, const std::string& what) const {
    throw Error("profile " + file_ + ": " + where + (where.empty() ? "" : ": ") + what);
  }

  void only(const Json& object, const std::string& where, const std::set<std::string>& keys) const {
    if (!object.is_object()) fail(where, "an object is wanted");
    for (const auto& [key, value] : object.items()) {
      if (!keys.contains(key)) fail(where, "unknown key \"" + key + "\"");
    }
  }
  const Json& at(const Json& object, const std::string& where, const char* key) const {
    const auto found = object.find(key);
    if (found == object.end()) fail(where, std::string("\"") + key + "\" is missing");
    return *found;
  }
  std::string text(const Json& object, const std::string& where, const char* key) const {
    const Json& value = at(object, where, key);
    if (!value.is_string() || value.get<std::string>().empty()) fail(where + "/" + key, "a text is wanted");
    return value.get<std::string>();
  }
  double milliseconds(const Json& object, const std::string& where, const char* key) const {
    const Json& value = at(object, where, key);
    const double time = value.is_number() ? value.get<double>() : -1;
    if (!(time >= 0 && time <= kLongest)) fail(where + "/" + key, "milliseconds from 0 to 1e9 are wanted");
    return time;
  }
  std::vector<long> shape(const Json& object, const std::string& where) const {
    const Json& value = at(object, where, "shape");
    if (!value.is_array() || value.empty()) fail(where + "/shape", "a list of sizes is wanted, [64, 3, 3, 3] say");
    std::vector<long> sizes;
    double elements = 1;
    for (const Json& size : value) {
      const bool whole = size.is_number_unsigned() && size.get<std::uint64_t>() <= kMostElements;
      if (!whole || size.get<long>() < 1) fail(where + "/shape", "whole numbers from 1 are wanted");
      sizes.push_back(size.get<long>());
      elements *= static_cast<double>(sizes.back());
    }
    if (elements > static_cast<double>(kMostElements)) fail(where + "/shape", "too many elements");
    return sizes;
  }

 private:
  const std::string& file_;
};

ProfiledTensor read_tensor(const Json& json, const std::string& where, const Reader& reader) {
  reader.only(json, where, {"name", "shape", "forward_ms", "backward_ms"});
  ProfiledTensor tensor;
  tensor.spec = {reader.text(json, where, "name"), reader.shape(json, where)};
  tensor.forward_ms = reader.milliseconds(json, where, "forward_ms");
  tensor.backward_ms = reader.milliseconds(json, where, "backward_ms");
  return tensor;
}

}  // namespace

Profile parse_profile(const std::string& text, const std::string& file) {
  const Reader reader(file);
  Json json;
  try {
    json = Json::parse(text);
  } catch (const Json::exception& error) {
    reader.fail("", error.what());
  }
  reader.only(json, "", {"version", "name", "source", "batch_size", "tensors"});
  if (reader.at(json, "", "version") != 1) reader.fail("/version", "1 is wanted");
  Profile profile;
  profile.name = reader.text(json, "", "name");
  profile.source = reader.text(json, "", "source");
  const Json& batch = reader.at(json, "", "batch_size");
  if (!batch.is_number_unsigned() || batch.get<std::uint64_t>() < 1 || batch.get<std::uint64_t>() > kLargestBatch) {
    reader.fail("/batch_size", "a whole number from 1 to 65536 is wanted");
  }
  profile.batch_size = batch.get<std::size_t>();
  const Json& tensors = reader.at(json, "", "tensors");
  if (!tensors.is_array() || tensors.empty() || tensors.size() > kMostTensors) {
    reader.fail("/tensors", "a list of 1 to 1000000 tensors is wanted");
  }
  std::set<std::string> names;
  for (std::size_t i = 0; i < tensors.size(); ++i) {
    const std::string where = "/tensors/" + std::to_string(i);
    profile.tensors.push_back(read_tensor(tensors[i], where, reader));
    const std::string& name = profile.tensors.back().spec.name;
    if (!names.insert(name).second) reader.fail(where + "/name", "a second tensor \"" + name + "\"");
  }
  if (profile.step_ms() <= 0) reader.fail("", "a step takes no time");
  return profile;
}

Profile read_profile(const std::filesystem::path& file) {
  std::error_code error;
  const bool folder = std::filesystem::is_directory(file, error);
  std::ifstream in(file, std::ios::binary);
  if (!in || folder) {
    std::string names;
    for (const std::string& name : builtin_profiles()) names += (names.empty() ? "" : ", ") + name;
    throw Error("profile " + file.string() + ": no profile has that name (" + names +
                "), and the file cannot be read: " + std::strerror(folder ? EISDIR : errno));
  }
  return parse_profile({std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()}, file.string());
}

std::string to_json(const Profile& profile) {
  Json json = {{"version", 1},
               {"name", profile.name},
               {"source", profile.source},
               {"batch_size", profile.batch_size},
               {"tensors", Json::array()}};
  for (const ProfiledTensor& tensor : profile.tensors) {
    json["tensors"].push_back({{"name", tensor.spec.name},
                               {"shape", tensor.spec.shape},
                               {"forward_ms", tensor.forward_ms},
                               {"backward_ms", tensor.backward_ms}});
  }
  return json.dump(1) + "\n";
}

void write_profile(const std::filesystem::path& file, const Profile& profile) {
  const std::filesystem::path unfinished = file.string() + ".unfinished";
  std::ofstream out(unfinished, std::ios::binary | std::ios::trunc);
  out << to_json(profile);
  out.close();
  std::error_code error;
  if (out) std::filesystem::rename(unfinished, file, error);
  if (out && !error) return;
  const std::string why = error ? error.message() : std::strerror(errno);
  std::filesystem::remove(unfinished, error);
  throw Error("the profile cannot be written to " + file.string() + ": " + why);
}

}  // namespace geomx::trainer
