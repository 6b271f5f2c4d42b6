#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

// The values that a sweep gives to one path, from how they are written:
//
//   fsa,hfa,{"name":"diloco","k2":5}   values as --set takes them; commas within brackets and quotes are theirs
//   1..5   10ms..50ms:10ms             a range and its step, which whole numbers may leave out
//   1Mbit..1Gbit:x10                   each value ten times the one before it
//   1Mbit..1Gbit:log7                  seven values, evenly apart on a logarithmic scale
//   @rates.txt                         a value per line of a file; empty lines and those that begin with # are not
namespace geomx::sweep {

struct Value {
  std::string text;              // as it stands behind "PATH=" of --set
  std::optional<double> number;  // in bits per second, seconds, bytes, shares of 1 or packets where it has a unit
  bool operator==(const Value&) const = default;
};

inline constexpr std::size_t kMostValues = 10'000;  // of one path

Value to_value(std::string text);

// `where` is named in messages; a file's path is relative to `folder`. Never empty, no value twice. Throws InputError.
std::vector<Value> expand_values(std::string_view text, const std::string& where, const std::filesystem::path& folder);

// The same for values that are there already: throws InputError where there are none, too many, or one twice.
std::vector<Value> to_values(const std::vector<std::string>& texts, const std::string& where);

// For people: without the quotes of JSON.
std::string display(const std::string& text);

}  // namespace geomx::sweep
