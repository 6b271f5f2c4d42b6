#pragma once

#include <filesystem>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace geomx::trainer {

// Named float arrays in a file, in the safetensors format (https://github.com/huggingface/safetensors), which PyTorch,
// JAX and others read and write:
//
//   8 bytes            N, the length of the header, little-endian
//   N bytes            JSON: {"__metadata__": {"key": "text", ...},
//                             "NAME": {"dtype": "F32", "shape": [16, 1, 5, 5], "data_offsets": [begin, end]}, ...}
//   the rest           the tensors' elements, row-major and little-endian, one tensor behind the other without gaps;
//                      offsets are bytes from here
//
// Here dtype is F32 and nothing else. The key "crc32" of the metadata, 8 hexadecimal digits, is that of the elements'
// bytes: what is written here has it, and it is checked where it is there.
//
// Errors: Error, naming the file, the tensor and what was wanted. Threading: any.
struct TensorFile {
  struct Tensor {
    std::string name;
    std::vector<long> shape;
    std::vector<float> values;
  };
  using Metadata = std::map<std::string, std::string>;

  Metadata metadata;
  std::vector<Tensor> tensors;  // in the order of their elements

  const Tensor* find(std::string_view name) const;  // null: there is none
};

// What is to be written: views.
struct TensorView {
  std::string name;
  std::vector<long> shape;
  std::span<const float> values;
};

// `file` is what errors call it.
TensorFile parse_safetensors(std::string_view bytes, const std::string& file);
TensorFile read_safetensors(const std::filesystem::path& file);

// All that comes before the elements, "crc32" included.
std::string safetensors_header(TensorFile::Metadata metadata, const std::vector<TensorView>& tensors);
// The same tensors and metadata give the same bytes. Written beside `file`, to disk, and renamed, so that a file is
// whole or the one before, whatever ends the process or the machine. Where that cannot be (a full disk, say), nothing
// is left of it and `file` is as it was.
void write_safetensors(const std::filesystem::path& file, TensorFile::Metadata metadata,
                       const std::vector<TensorView>& tensors);

}  // namespace geomx::trainer
