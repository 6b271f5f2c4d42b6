#pragma once

#include <stdexcept>
#include <string>

// The error policy. Libraries throw; they never print, exit or abort. Each error says where (a file position, a JSON
// pointer, a node, a link), what was attempted and failed, and what the user can do. Mains catch once and print
// "geomx-emu: WHERE: WHAT (HINT)".
namespace geomx {

class Error : public std::runtime_error {
 public:
  Error(std::string where, const std::string& what, std::string hint = {});
  const std::string& where() const { return where_; }
  const std::string& hint() const { return hint_; }
  // "WHERE: WHAT (HINT)"; parts that are empty are left out.
  std::string line() const;

 private:
  std::string where_;
  std::string hint_;
};

// The user's input is wrong: exit code 2.
class InputError : public Error {
  using Error::Error;
};

// The work failed: exit code 1.
class WorkError : public Error {
  using Error::Error;
};

// A system call failed. `attempt` is what was being done, in words: "create namespace".
class SystemError : public WorkError {
 public:
  SystemError(std::string where, const std::string& attempt, int error_number, std::string hint = {});
  int error_number() const { return error_number_; }

 private:
  int error_number_;
};

// Throws SystemError from errno where `result` is negative, else returns it.
int check(int result, const char* attempt, const std::string& where = {});

}  // namespace geomx
