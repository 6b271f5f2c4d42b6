// The part of the table of keys that says what a node is beside its network.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <filesystem>

#include "emulator/scenario/formats.h"
#include "emulator/scenario/machine.h"
#include "emulator/scenario/table.h"

namespace geomx::scenario {
namespace {

constexpr double kMostCores = 1024;
constexpr double kLeastCores = 0.01;  // a quota below 1 ms per 100 ms is less than the kernel hands out at a time
constexpr Bytes kLeastMemory{4 << 20};
constexpr Bytes kMostMemory{std::uint64_t{64} << 40};

using Variables = std::map<std::string, std::string>;

bool is_variable_name(const std::string& name) {
  return !name.empty() && std::isdigit(static_cast<unsigned char>(name.front())) == 0 &&
         std::all_of(name.begin(), name.end(), [](unsigned char c) { return std::isalnum(c) != 0 || c == '_'; });
}

Format<Variables> variables() {
  return {{{"title", "variables"}, {"type", "object"}, {"additionalProperties", {{"type", "string"}}}},
          [](const Json& value, const std::string& pointer, Variables& into, Problems& problems) {
            if (!value.is_object()) {
              wrong_type("an object (variables)", value, pointer, problems);
              return false;
            }
            into.clear();
            for (const auto& [name, text] : value.items()) {
              const std::string at = child(pointer, name);
              if (!is_variable_name(name)) {
                problems.push_back({at, fmt::format("\"{}\" cannot be a variable's name", name),
                                    "letters, digits and underscores, no digit first", true});
              } else if (!text.is_string()) {
                wrong_type("a string", text, at, problems);
              } else {
                into[name] = text.get<std::string>();
              }
            }
            return true;
          },
          [](const Variables& from) { return from.empty() ? Json() : Json(from); }};
}

// Where the lab itself puts something, or what is not a file system of files.
bool is_taken(const std::string& path) {
  constexpr std::array kTaken{"/proc", "/sys", "/dev", "/etc/hosts"};
  return std::any_of(kTaken.begin(), kTaken.end(),
                     [&](const std::string& taken) { return path == taken || path.starts_with(taken + "/"); });
}

Format<std::string> path_in_node() {
  return {{{"title", "path in the node"}, {"type", "string"}, {"pattern", "^/."}},
          [](const Json& value, const std::string& pointer, std::string& into, Problems& problems) {
            if (!value.is_string()) {
              wrong_type("a string", value, pointer, problems);
              return false;
            }
            into = value.get<std::string>();
            const bool plain = into.size() > 1 && into.front() == '/' && into.back() != '/' &&
                               std::filesystem::path(into).lexically_normal() == into;
            if (!plain) {
              problems.push_back({pointer, fmt::format("\"{}\" is no path of a file in a node", into),
                                  "write it from the root, without \".\" and \"..\": \"/etc/app.conf\""});
            } else if (is_taken(into)) {
              problems.push_back({pointer, fmt::format("\"{}\" belongs to the lab", into), "choose another place"});
            }
            return true;
          },
          [](const std::string& value) { return Json(value); }};
}

Format<double> cores() {
  return {{{"title", "number"}, {"type", "number"}, {"minimum", kLeastCores}, {"maximum", kMostCores}},
          [](const Json& value, const std::string& pointer, double& into, Problems& problems) {
            if (!value.is_number()) {
              wrong_type("a number", value, pointer, problems);
              return false;
            }
            into = value.get<double>();
            if (into >= kLeastCores && into <= kMostCores) return true;
            problems.push_back({pointer, fmt::format("{} is out of range", value.dump()),
                                fmt::format("{} to {} cores", kLeastCores, kMostCores)});
            return false;
          },
          [](double value) { return Json(value); }};
}

Object<PlacedFile> placed_file() {
  using F = PlacedFile;
  Field<F> executable = optional("executable", "a program", &F::executable, boolean());
  return {"file",
          {
              required("path", "where it is in the node, and nowhere else", &F::path, path_in_node()),
              optional("text", "its content", &F::text, text()),
              optional("from",
                       "or the file of this machine that it is a copy of, or a folder, which the node can read; "
                       "relative to the scenario's folder",
                       &F::from, word("path")),
              std::move(executable),
          }};
}

}  // namespace

bool is_folder(const std::string& image) {
  return image.starts_with('/') || image.starts_with("./") || image.starts_with("../");
}

Fields<Machine> machine_fields() {
  using M = Machine;
  return {
      optional("image",
               "the root of its file system: a folder, which starts with / or ./, or an OCI image that podman has; "
               "neither is written to",
               &M::image, word("image")),
      optional("cpu", "cores that all its processes together may use; all where left out; needs root", &M::cpu,
               cores()),
      optional("memory", "that all its processes together may use: one that wants more is killed; needs root",
               &M::memory, size(kLeastMemory, kMostMemory)),
      optional("env", "environment variables of all its processes, over whatever else they would have", &M::env,
               variables()),
      optional("files", "that it has and nobody else", &M::files, list_of(object(placed_file()))),
      optional("start", "a command that is started when the node comes up, and ends with it at the latest", &M::start,
               list_of(text())),
  };
}

}  // namespace geomx::scenario
