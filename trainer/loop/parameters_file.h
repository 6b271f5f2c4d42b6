#pragma once

#include <filesystem>

#include "trainer/tensor/tensors.h"

namespace geomx::trainer {

// Parameters as a file: one line of text, "geomx-parameters 1 conv1.weight=16x1x5x5 conv1.bias=16 ...\n", then the
// elements of all tensors in that order as little-endian float32. The same parameters give the same bytes. Written
// beside `file` and renamed, so that a file is whole or absent. Throws Error naming the file.
void write_parameters(const std::filesystem::path& file, const Tensors& parameters);

}  // namespace geomx::trainer
