#include "emulator/base/error.h"

#include <cerrno>
#include <cstring>
#include <utility>

namespace geomx {

Error::Error(std::string where, const std::string& what, std::string hint)
    : std::runtime_error(what), where_(std::move(where)), hint_(std::move(hint)) {}

std::string Error::line() const {
  std::string line = where_.empty() ? what() : where_ + ": " + what();
  if (!hint_.empty()) line += " (" + hint_ + ")";
  return line;
}

SystemError::SystemError(std::string where, const std::string& attempt, int error_number, std::string hint)
    : WorkError(std::move(where), attempt + ": " + std::strerror(error_number), std::move(hint)),
      error_number_(error_number) {}

int check(int result, const char* attempt, const std::string& where) {
  if (result < 0) throw SystemError(where, attempt, errno);
  return result;
}

}  // namespace geomx
