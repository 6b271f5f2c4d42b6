#pragma once

#include <stdexcept>

namespace geomx::trainer {

// What every folder of the trainer throws: one line for the user, naming the file, option or tensor. Never printed by
// the library.
class Error : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

}  // namespace geomx::trainer
