#pragma once

#include <string>

#include "emulator/base/error.h"

namespace geomx::cli {

// What `parse` (one of base/units.h) makes of an option's text; its errors name the option.
template <class Parse>
auto option_value(const char* option, const std::string& text, Parse parse) {
  try {
    return parse(text);
  } catch (const InputError& error) {
    throw InputError(option, error.what(), error.hint());
  }
}

}  // namespace geomx::cli
