// The reader of checkpoints: whatever the bytes are, they are refused with an Error, or they are tensors that lie
// within them and mean the same after they were written and read again.

#include "trainer/tensor/safetensors.h"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include "trainer/tensor/error.h"

namespace {

using namespace geomx::trainer;

void require(bool good) {
  if (!good) std::abort();
}

bool same(const TensorFile& a, const TensorFile& b) {
  if (a.tensors.size() != b.tensors.size()) return false;
  for (const TensorFile::Tensor& tensor : a.tensors) {
    const TensorFile::Tensor* other = b.find(tensor.name);
    if (other == nullptr || other->shape != tensor.shape || other->values.size() != tensor.values.size()) return false;
    // Bits, for NaN differs from itself.
    if (!tensor.values.empty() &&
        std::memcmp(tensor.values.data(), other->values.data(), tensor.values.size() * sizeof(float)) != 0) {
      return false;
    }
  }
  return true;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  TensorFile read;
  try {
    read = parse_safetensors(bytes, "input");
  } catch (const Error&) {
    return 0;
  }
  std::size_t held = 0;
  for (const TensorFile::Tensor& tensor : read.tensors) held += tensor.values.size() * sizeof(float);
  require(held <= size);
  std::vector<TensorView> views;
  for (const TensorFile::Tensor& tensor : read.tensors) views.push_back({tensor.name, tensor.shape, tensor.values});
  std::string written = safetensors_header(read.metadata, views);
  for (const TensorView& view : views) {
    written.append(reinterpret_cast<const char*>(view.values.data()), view.values.size_bytes());
  }
  const TensorFile again = parse_safetensors(written, "what was written");
  require(same(read, again));
  read.metadata["crc32"] = again.metadata.at("crc32");
  require(read.metadata == again.metadata);
  return 0;
}
