#pragma once

#include <stdexcept>
#include <string>

namespace geomx::ps {

// What every folder of ps throws: one line for the user, naming the variable, node or tensor. Never printed by the
// library.
class Error : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

}  // namespace geomx::ps
