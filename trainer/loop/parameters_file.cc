#include "trainer/loop/parameters_file.h"

#include <unistd.h>

#include <bit>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <string>

#include "trainer/tensor/error.h"

namespace geomx::trainer {

static_assert(std::endian::native == std::endian::little, "the elements are written as they lie in memory");

void write_parameters(const std::filesystem::path& file, const Tensors& parameters) {
  const std::filesystem::path part = file.string() + ".part-" + std::to_string(::getpid());
  std::ofstream out(part, std::ios::binary | std::ios::trunc);
  out << "geomx-parameters 1";
  for (const TensorSpec& spec : parameters.specs()) out << ' ' << spec.name << '=' << to_string(spec.shape);
  out << '\n';
  for (std::size_t t = 0; t < parameters.count(); ++t) {
    const auto values = parameters[t];
    out.write(reinterpret_cast<const char*>(values.data()), static_cast<std::streamsize>(values.size_bytes()));
  }
  out.close();
  std::error_code failed(errno, std::generic_category());
  if (out) std::filesystem::rename(part, file, failed);
  if (!out || failed) {
    std::error_code ignored;
    std::filesystem::remove(part, ignored);
    throw Error("parameters cannot be written to " + file.string() + ": " + failed.message());
  }
}

}  // namespace geomx::trainer
