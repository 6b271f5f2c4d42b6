#pragma once

#include <cstdint>
#include <exception>
#include <string>

// The frames on the pipe from a lab being started to its starter: type, length, text.
namespace geomx::sandbox::report {

enum class Type : std::uint8_t { progress, ready, error };

struct Frame {
  Type type = Type::progress;
  std::string text;
};

void write(int fd, Type type, const std::string& text);  // throws SystemError
bool read(int fd, Frame& frame);                         // waits; false at the end; throws SystemError

// An exception as the text of an error frame, and thrown again from it. Of geomx::Error the type (InputError,
// SystemError, else WorkError), where, text and hint survive.
std::string encode(const std::exception& exception);
[[noreturn]] void rethrow(const std::string& text);

}  // namespace geomx::sandbox::report
