#include "emulator/interchange/importer.h"

#include <fmt/format.h>

#include <utility>

#include "emulator/base/error.h"

namespace geomx::interchange {
namespace {

constexpr std::size_t kLongestName = 40;
constexpr std::size_t kRoomForNumber = 6;

bool letter(char c) {
  return c >= 'a' && c <= 'z';
}
bool digit(char c) {
  return c >= '0' && c <= '9';
}

}  // namespace

std::string fit_name(const std::string& original) {
  std::string name;
  for (char c : original) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    if (!letter(c) && !digit(c)) c = '-';
    if (c == '-' && (name.empty() || name.back() == '-')) continue;
    if (digit(c) && name.empty()) name.push_back('n');
    if (name.size() < kLongestName) name += c;
  }
  while (!name.empty() && name.back() == '-') name.pop_back();
  return name.empty() ? "node" : name;
}

bool Importer::add_node(const std::string& where, const std::string& original, scenario::NodeKind kind) {
  if (!nodes_.emplace(original, import_.scenario.topology.nodes.size()).second) return false;
  const std::string fit = fit_name(original);
  std::string name = fit;
  for (int number = 2; !taken_.insert(name).second; ++number) {
    name = fmt::format("{}-{}", fit.substr(0, kLongestName - kRoomForNumber), number);
  }
  if (name != original) note(where, fmt::format("\"{}\" is called \"{}\"", original, name), "names are hostnames");
  scenario::Node node;
  node.name = name;
  node.kind = kind;
  import_.scenario.topology.nodes.push_back(std::move(node));
  return true;
}

scenario::Node* Importer::node(const std::string& original) {
  const auto found = nodes_.find(original);
  return found == nodes_.end() ? nullptr : &import_.scenario.topology.nodes[found->second];
}

scenario::Link& Importer::add_link(const std::string& a, const std::string& b) {
  scenario::Link link;
  link.ends[0] = node(a)->name;
  link.ends[1] = node(b)->name;
  const std::string name = link.ends[0] + "--" + link.ends[1];
  link.name = name;
  for (int number = 2; !links_.insert(link.name).second; ++number) link.name = fmt::format("{}-{}", name, number);
  import_.scenario.topology.links.push_back(std::move(link));
  return import_.scenario.topology.links.back();
}

void Importer::note(std::string where, std::string what, std::string hint) {
  import_.notes.push_back({std::move(where), std::move(what), std::move(hint)});
}

void Importer::set_name(const std::string& where, const std::string& original) {
  import_.scenario.name = fit_name(original);
  if (import_.scenario.name != original) {
    note(where, fmt::format("\"{}\" is called \"{}\"", original, import_.scenario.name), "names are hostnames");
  }
}

Import Importer::finish(const std::string& path) && {
  if (import_.scenario.topology.nodes.empty()) throw InputError(path, "has no nodes that a scenario could have");
  return std::move(import_);
}

}  // namespace geomx::interchange
