#include "emulator/control/watched_fidelity.h"

#include <nlohmann/json.hpp>

#include "emulator/base/error.h"

namespace geomx::control {

WatchedFidelity watched_fidelity(const std::string& document) {
  using Json = nlohmann::ordered_json;
  WatchedFidelity fidelity;
  try {
    const Json json = Json::parse(document);
    fidelity.verdict = json.at("verdict");
    fidelity.now = json.at("now");
    for (const Json& link : json.at("links"))
      fidelity.directions[{link.at("name"), link.at("direction")}] = link.at("now");
    for (const Json& deviation : json.at("deviations")) {
      fidelity.deviations.push_back(deviation.at("text").get<std::string>() +
                                    (deviation.at("now").get<bool>() ? ", still" : ""));
    }
  } catch (const Json::exception& error) {
    throw WorkError("the lab's verdict", error.what(), "the lab may be of another version of geomx-emu");
  }
  return fidelity;
}

}  // namespace geomx::control
