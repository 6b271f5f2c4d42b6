#pragma once

#include <cstdint>
#include <string_view>

#include "emulator/base/error.h"
#include "emulator/interchange/import.h"
#include "emulator/scenario/parse.h"
#include "emulator/scenario/write.h"

namespace geomx::fuzz {

// Whatever the bytes are, `read` refuses them with an InputError, or makes a valid scenario of them.
template <class Read>
int import(const std::uint8_t* data, std::size_t size, const Read& read) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  interchange::Import import;
  try {
    import = read(text, "input");
  } catch (const InputError&) {
    return 0;
  }
  scenario::parse(scenario::write(import.scenario), "converted");  // throws where it is not
  return 0;
}

}  // namespace geomx::fuzz
