#pragma once

#include <nlohmann/json.hpp>
#include <string>

namespace geomx::test {

// A scenario for training between three data centers: "central" with a global server, and the parties "a" and "b" of so
// many workers each, joined to it by "wan-a" and "wan-b", which have these properties.
inline nlohmann::ordered_json two_parties(const std::string& name, const nlohmann::ordered_json& wan, int workers) {
  using Json = nlohmann::ordered_json;
  const auto link = [&](const std::string& party) {
    Json to{{"name", "wan-" + party}, {"ends", {"central", party}}};
    to.update(wan);
    return to;
  };
  return Json{
      {"version", 1},
      {"name", name},
      {"topology",
       {{"datacenters", {{{"name", "central"}}, {{"name", "a"}}, {{"name", "b"}}}}, {"links", {link("a"), link("b")}}}},
      {"training",
       {{"parties",
         {{{"datacenter", "central"}, {"global_servers", 1}},
          {{"datacenter", "a"}, {"workers", workers}},
          {{"datacenter", "b"}, {"workers", workers}}}},
        {"dataset", "mnist"},
        {"batch_size", 32}}}};
}

}  // namespace geomx::test
