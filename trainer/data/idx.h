#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
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
// IDX, too small for what it says or, where it is not compressed, truncated or longer than it says. Throws Error as
// read_idx() does.
std::vector<std::uint32_t> read_idx_shape(const std::filesystem::path& file, int dimensions);

// Reads a plain or gzip-compressed file that must have `dimensions` dimensions, and to have this CRC-32, where it is
// given. Throws Error in one line that names the file and what is wrong with it: cannot be opened, not IDX, damaged,
// truncated, longer than its header says, another content.
IdxArray read_idx(const std::filesystem::path& file, int dimensions, std::optional<std::uint32_t> crc = {});

// Some of it: those elements of the first dimension, in that order; `shape` is the whole file's. Throws Error for one
// that there is not. Reads no further than the last of them, and so finds less than read_idx(), but damage is found by
// whoever needs what lies there, unless `to_the_end`, for which `crc` counts.
IdxArray read_idx_rows(const std::filesystem::path& file, int dimensions, std::span<const std::uint32_t> rows,
                       bool to_the_end, std::optional<std::uint32_t> crc = {});

}  // namespace geomx::trainer
