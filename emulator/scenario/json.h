#pragma once

#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

// Strict JSON that remembers where everything stood. Internal to this folder.
namespace geomx::scenario {

using Json = nlohmann::ordered_json;  // keys keep the file's order

struct Place {
  int line = 0;    // from 1
  int column = 0;  // from 1, in characters
  bool operator==(const Place&) const = default;
  bool operator<(const Place& other) const { return line != other.line ? line < other.line : column < other.column; }
};

// Something wrong at a JSON pointer. The pointer may name a key that is not there ("/topology/links/0/ends").
struct Problem {
  std::string pointer;
  std::string what;
  std::string hint;
  bool at_key = false;  // the key is to blame rather than its value
  bool operator==(const Problem&) const = default;
};
using Problems = std::vector<Problem>;

struct PlacedProblem {
  Place place;
  Problem problem;
};

struct Document {
  struct Places {
    Place key;  // of an array's element: the same as value
    Place value;
  };
  Json root;
  std::unordered_map<std::string, Places> places;  // by JSON pointer
  std::vector<PlacedProblem> problems;             // a syntax error (then root is null), duplicate keys
};

// Never throws: what is wrong is in `problems`.
Document read_json(std::string_view text);

// Appends one segment to a JSON pointer, escaped as RFC 6901 says.
std::string child(const std::string& pointer, std::string_view segment);

// What a value is, in words: "a number", "a list".
std::string kind_of(const Json& value);

}  // namespace geomx::scenario
