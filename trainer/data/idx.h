#pragma once

#include <cstdint>
#include <filesystem>
#include <vector>

namespace geomx::trainer {

// An array of bytes in the IDX format of the MNIST database (http://yann.lecun.com/exdb/mnist): big-endian magic
// 0x0000 08 DD (unsigned bytes, DD dimensions), one 32-bit size per dimension, then the elements, last dimension
// fastest.
struct IdxArray {
  std::vector<std::uint32_t> shape;
  std::vector<std::uint8_t> elements;
};

// The sizes that a file's header gives. Reads the header only, and so finds less: no more than that it is missing, not
// IDX, or, where it is not compressed, truncated or longer than it says. Throws Error as read_idx() does.
std::vector<std::uint32_t> read_idx_shape(const std::filesystem::path& file, int dimensions);

// Reads a plain or gzip-compressed file that must have `dimensions` dimensions. Throws Error in one line that names the
// file and what is wrong with it: cannot be opened, not IDX, damaged, truncated, longer than its header says.
IdxArray read_idx(const std::filesystem::path& file, int dimensions);

}  // namespace geomx::trainer
