// The reader of containerlab's topologies.

#include "tests/fuzz/import_target.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  return geomx::fuzz::import(data, size, geomx::interchange::read_containerlab);
}
