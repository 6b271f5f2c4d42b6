#include "trainer/tensor/safetensors.h"

#include <fmt/format.h>
#include <zlib.h>

#include <algorithm>
#include <bit>
#include <cstdint>
#include <cstring>
#include <nlohmann/json.hpp>
#include <set>
#include <utility>

#include "trainer/tensor/atomic_file.h"
#include "trainer/tensor/error.h"

namespace geomx::trainer {
namespace {

using Json = nlohmann::json;

static_assert(std::endian::native == std::endian::little, "elements are read and written as they lie in memory");

constexpr std::size_t kLength = 8;                   // bytes: the header's length in front of it
constexpr std::uint64_t kLongestHeader = 100 << 20;  // what other readers take
constexpr std::size_t kAligned = 8;                  // bytes: where the elements begin
constexpr const char* kMetadata = "__metadata__";
constexpr const char* kChecksum = "crc32";

[[noreturn]] void refuse(const std::string& file, const std::string& what) {
  throw Error(file + " is no whole safetensors file: " + what);
}

[[noreturn]] void refuse(const std::string& file, const std::string& tensor, const std::string& what) {
  throw Error(fmt::format("{}: tensor \"{}\": {}", file, tensor, what));
}

// JSON allows a key twice, and which one holds is then anybody's guess.
Json parse_header(std::string_view text, const std::string& file) {
  std::vector<std::set<std::string>> keys;
  std::string twice;
  const auto watch = [&](int, Json::parse_event_t event, Json& parsed) {
    if (event == Json::parse_event_t::object_start) keys.emplace_back();
    if (event == Json::parse_event_t::object_end) keys.pop_back();
    if (event == Json::parse_event_t::key && !keys.back().insert(parsed.get<std::string>()).second) {
      twice = parsed.get<std::string>();
    }
    return true;
  };
  Json header;
  try {
    header = Json::parse(text, watch);
  } catch (const Json::exception& error) {
    refuse(file, std::string("its header cannot be read: ") + error.what());
  }
  if (!twice.empty()) refuse(file, "its header has \"" + twice + "\" twice");
  if (!header.is_object()) refuse(file, "its header is no object");
  return header;
}

TensorFile::Metadata metadata_of(const Json& header, const std::string& file) {
  TensorFile::Metadata metadata;
  const auto found = header.find(kMetadata);
  if (found == header.end()) return metadata;
  if (!found->is_object()) refuse(file, "__metadata__ is no object");
  for (const auto& [key, value] : found->items()) {
    if (!value.is_string()) refuse(file, "__metadata__: \"" + key + "\" is no string");
    metadata[key] = value.get<std::string>();
  }
  return metadata;
}

// What the header says of one tensor.
struct Entry {
  std::string name;
  std::vector<long> shape;
  std::uint64_t begin = 0;  // bytes
  std::uint64_t end = 0;
};

std::uint64_t natural(const Json& value, const Entry& entry, const std::string& file, const char* what) {
  if (!value.is_number_unsigned()) {
    refuse(file, entry.name, fmt::format("its {} has {}, natural numbers wanted", what, value.dump()));
  }
  return value.get<std::uint64_t>();
}

const Json& part(const Json& json, const Entry& entry, const std::string& file, const char* key) {
  const auto found = json.find(key);
  if (found == json.end()) refuse(file, entry.name, fmt::format("its {} is missing", key));
  return *found;
}

// `size`: bytes of all elements.
Entry entry_of(const std::string& name, const Json& json, std::uint64_t size, const std::string& file) {
  Entry entry{.name = name, .shape = {}};
  if (name.empty()) refuse(file, "a tensor has no name");
  if (!json.is_object()) refuse(file, name, "is no object with dtype, shape and data_offsets");
  for (const auto& [key, value] : json.items()) {
    if (key != "dtype" && key != "shape" && key != "data_offsets") {
      refuse(file, name, fmt::format("\"{}\" is unknown (dtype, shape, data_offsets)", key));
    }
  }
  const Json& dtype = part(json, entry, file, "dtype");
  if (dtype != "F32") refuse(file, name, fmt::format("its dtype is {}, \"F32\" wanted", dtype.dump()));
  const Json& shape = part(json, entry, file, "shape");
  if (!shape.is_array()) refuse(file, name, "its shape is no list");
  std::uint64_t bytes = sizeof(float);
  for (const Json& extent : shape) {
    const std::uint64_t count = natural(extent, entry, file, "shape");
    if (count > size || (count > 0 && bytes > size / count)) {
      refuse(file, name, fmt::format("its shape {} is more than the file's {} bytes", shape.dump(), size));
    }
    bytes *= count;
    entry.shape.push_back(static_cast<long>(count));
  }
  const Json& offsets = part(json, entry, file, "data_offsets");
  if (!offsets.is_array() || offsets.size() != 2) refuse(file, name, "its data_offsets are no list of two");
  entry.begin = natural(offsets[0], entry, file, "data_offsets");
  entry.end = natural(offsets[1], entry, file, "data_offsets");
  if (entry.begin > entry.end || entry.end > size) {
    refuse(file, name, fmt::format("its data_offsets {} are not within the file's {} bytes", offsets.dump(), size));
  }
  if (entry.end - entry.begin != bytes) {
    refuse(file, name,
           fmt::format("its data_offsets {} are {} bytes, and its shape {} is {}", offsets.dump(),
                       entry.end - entry.begin, shape.dump(), bytes));
  }
  return entry;
}

std::string checksum_of(std::uint32_t crc) {
  return fmt::format("{:08x}", crc);
}

std::uint32_t add_to_checksum(std::uint32_t crc, const void* bytes, std::size_t size) {
  if (size == 0) return crc;  // zlib would begin anew where there is no array
  return static_cast<std::uint32_t>(::crc32_z(crc, static_cast<const Bytef*>(bytes), size));
}

}  // namespace

const TensorFile::Tensor* TensorFile::find(std::string_view name) const {
  const auto found = std::ranges::find_if(tensors, [&](const Tensor& tensor) { return tensor.name == name; });
  return found == tensors.end() ? nullptr : &*found;
}

TensorFile parse_safetensors(std::string_view bytes, const std::string& file) {
  if (bytes.size() < kLength) refuse(file, fmt::format("it has {} bytes, at least 8 wanted", bytes.size()));
  std::uint64_t length = 0;
  std::memcpy(&length, bytes.data(), kLength);
  if (length > kLongestHeader || length > bytes.size() - kLength) {
    refuse(file, fmt::format("its header is {} bytes long, and {} are there", length,
                             std::min<std::uint64_t>(bytes.size() - kLength, kLongestHeader)));
  }
  const Json header = parse_header(bytes.substr(kLength, length), file);
  const std::string_view data = bytes.substr(kLength + length);

  TensorFile read{.metadata = metadata_of(header, file), .tensors = {}};
  std::vector<Entry> entries;
  for (const auto& [name, json] : header.items()) {
    if (name != kMetadata) entries.push_back(entry_of(name, json, data.size(), file));
  }
  // Empty ones take no place: they come before what begins where they lie.
  std::ranges::sort(entries, {}, [](const Entry& entry) { return std::pair(entry.begin, entry.end); });
  std::uint64_t at = 0;
  for (const Entry& entry : entries) {
    if (entry.begin != at) {
      refuse(file, entry.name,
             fmt::format("begins at byte {}, {} the one before it, which ends at {}", entry.begin,
                         entry.begin < at ? "within" : "behind a gap after", at));
    }
    at = entry.end;
  }
  if (at != data.size()) refuse(file, fmt::format("its tensors end at byte {} of {}", at, data.size()));
  if (const auto sum = read.metadata.find(kChecksum); sum != read.metadata.end()) {
    const std::string seen = checksum_of(add_to_checksum(0, data.data(), data.size()));
    if (seen != sum->second) {
      refuse(file, fmt::format("its elements are damaged: their crc32 is {}, {} wanted", seen, sum->second));
    }
  }
  for (Entry& entry : entries) {
    std::vector<float> values((entry.end - entry.begin) / sizeof(float));
    if (!values.empty()) std::memcpy(values.data(), data.data() + entry.begin, entry.end - entry.begin);
    read.tensors.push_back({std::move(entry.name), std::move(entry.shape), std::move(values)});
  }
  return read;
}

TensorFile read_safetensors(const std::filesystem::path& file) {
  return parse_safetensors(read_whole_file(file), file.string());
}

std::string safetensors_header(TensorFile::Metadata metadata, const std::vector<TensorView>& tensors) {
  std::uint32_t crc = 0;
  for (const TensorView& tensor : tensors) {
    crc = add_to_checksum(crc, tensor.values.data(), tensor.values.size_bytes());
  }
  metadata[kChecksum] = checksum_of(crc);
  nlohmann::ordered_json header;
  header[kMetadata] = metadata;
  std::uint64_t at = 0;
  for (const TensorView& tensor : tensors) {
    const std::uint64_t end = at + tensor.values.size_bytes();
    header[tensor.name] = {{"dtype", "F32"}, {"shape", tensor.shape}, {"data_offsets", {at, end}}};
    at = end;
  }
  std::string text = header.dump();
  text.resize((text.size() + kAligned - 1) / kAligned * kAligned, ' ');
  const std::uint64_t length = text.size();
  std::string bytes(kLength, '\0');
  std::memcpy(bytes.data(), &length, kLength);
  return bytes + text;
}

void write_safetensors(const std::filesystem::path& file, TensorFile::Metadata metadata,
                       const std::vector<TensorView>& tensors) {
  const std::string header = safetensors_header(std::move(metadata), tensors);
  AtomicFile out(file);
  out.write(header.data(), header.size());
  for (const TensorView& tensor : tensors) out.write(tensor.values.data(), tensor.values.size_bytes());
  out.commit();
}

}  // namespace geomx::trainer
