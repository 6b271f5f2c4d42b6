#pragma once

#include <string>
#include <unordered_map>
#include <unordered_set>

#include "emulator/interchange/import.h"

// What both readers do. Internal to this folder.
namespace geomx::interchange {

class Importer {
 public:
  // Adds a node whose name is as near to `original` as our names allow; says so where it had to be changed. False:
  // there is one of that name already.
  bool add_node(const std::string& where, const std::string& original, scenario::NodeKind kind);
  // nullptr: there is none of that original name.
  scenario::Node* node(const std::string& original);
  // The two must be there. Its name is A--B, with a number where that is taken.
  scenario::Link& add_link(const std::string& a, const std::string& b);
  void note(std::string where, std::string what, std::string hint = {});
  void set_name(const std::string& where, const std::string& original);

  // Throws InputError where there is no node.
  Import finish(const std::string& path) &&;

 private:
  Import import_;
  std::unordered_map<std::string, std::size_t> nodes_;  // by original name
  std::unordered_set<std::string> taken_;
  std::unordered_set<std::string> links_;
};

// Lower-case letters, digits and inner hyphens, a letter first, at most 40 characters; "node" where nothing is left.
std::string fit_name(const std::string& original);

}  // namespace geomx::interchange
