#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace geomx::ps {

std::string plain(double number);  // "15", "0.5"

// Reads variables and says what is wrong with one: "DMLC_NUM_WORKER=0: an integer from 1 to 16777215 is wanted
// (worker)". `wanted_for` is the role in the guide's words. A variable that is set but empty counts as unset.
//
// Threading: none of its own. Errors: Error.
class Variables {
 public:
  using Lookup = std::function<std::optional<std::string>(const std::string&)>;

  explicit Variables(Lookup get) : get_(std::move(get)) {}
  void wanted_for(std::string role) { role_ = std::move(role); }

  std::optional<std::string> text(const std::string& name) const;
  bool is_set(const std::string& name) const { return text(name).has_value(); }

  // Required unless a fallback is given.
  long integer(const std::string& name, long low, long high, std::optional<long> fallback = {}) const;
  double number(const std::string& name, double low, double high, double fallback,
                const std::string& kind = "a number of seconds") const;
  std::string ipv4(const std::string& name) const;
  int port(const std::string& name) const;
  bool flag(const std::string& name) const;  // 0 (also when unset) or 1
  // One of `choices`; empty where it is unset.
  std::string choice(const std::string& name, const std::vector<std::string>& choices) const;

  [[noreturn]] void missing(const std::string& name, const std::string& wanted) const;
  [[noreturn]] void wrong(const std::string& name, const std::string& seen, const std::string& wanted) const;

 private:
  std::string suffix() const { return role_.empty() ? "" : " (" + role_ + ")"; }

  Lookup get_;
  std::string role_;
};

}  // namespace geomx::ps
