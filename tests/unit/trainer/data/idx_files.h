#pragma once

#include <zlib.h>

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>
#include <vector>

// Writes files in the IDX format, right ones and wrong ones.
namespace geomx::trainer {

inline std::string idx_bytes(std::uint32_t magic, const std::vector<std::uint32_t>& shape,
                             const std::string& elements) {
  std::string bytes;
  const auto put = [&](std::uint32_t value) {
    for (int shift = 24; shift >= 0; shift -= 8) bytes += static_cast<char>(value >> shift);
  };
  put(magic);
  for (std::uint32_t size : shape) put(size);
  return bytes + elements;
}

inline void write_plain(const std::filesystem::path& file, const std::string& bytes) {
  std::ofstream(file, std::ios::binary) << bytes;
}

inline void write_gz(const std::filesystem::path& file, const std::string& bytes) {
  gzFile out = gzopen(file.c_str(), "wb");
  if (out == nullptr || gzwrite(out, bytes.data(), static_cast<unsigned>(bytes.size())) <= 0) {
    throw std::runtime_error("gzwrite " + file.string());
  }
  gzclose(out);
}

// A data set of `count` 28x28 images in the four files of MNIST; sample i has the label i % 10 and is filled with i %
// 251.
inline void write_dataset(const std::filesystem::path& folder, std::uint32_t count) {
  std::string images;
  std::string labels;
  for (std::uint32_t i = 0; i < count; ++i) {
    images.append(28 * 28, static_cast<char>(i % 251));
    labels += static_cast<char>(i % 10);
  }
  for (const std::string part : {"train", "t10k"}) {
    write_plain(folder / (part + "-images-idx3-ubyte"), idx_bytes(2051, {count, 28, 28}, images));
    write_gz(folder / (part + "-labels-idx1-ubyte.gz"), idx_bytes(2049, {count}, labels));
  }
}

}  // namespace geomx::trainer
