#include "gui/client/lab_documents.h"

#include <nlohmann/json.hpp>

#include "emulator/base/error.h"
#include "gui/client/text.h"

namespace geomx::gui {
namespace {

using Json = nlohmann::json;

QString text_of(const Json& value) {
  if (value.is_null()) return {};
  if (value.is_string()) return to_qt(value.get<std::string>());
  return to_qt(value.dump(-1, ' ', false, Json::error_handler_t::replace));
}

template <typename Read>
auto reading(const std::string& document, const char* where, const Read& read) {
  try {
    return read(Json::parse(document));
  } catch (const Json::exception& error) {
    throw WorkError(where, error.what(), "the lab may be of another version of geomx-emu");
  }
}

// What is not set reads "0ns", "0%" or null: left out, as it is in a scenario.
bool is_set(const std::string& key, const Json& value) {
  return !value.is_null() && value != "0ns" && value != "0%" && !(key == "order" && value == "kept") && key != "seed";
}

LinkWay way_of(const Json& direction) {
  LinkWay way;
  way.direction = text_of(direction.at("direction"));
  for (const auto& [key, value] : direction.at("asked").items()) {
    if (is_set(key, value)) way.asked[to_qt(key)] = text_of(value);
  }
  way.read_back = text_of(direction.value("read_back", Json()));
  return way;
}

}  // namespace

LabFacts facts_of(const std::string& inspection, const std::string& lab) {
  LabFacts facts = reading(inspection, "the lab's inspection", [&](const Json& json) {
    LabFacts found;
    found.lab = to_qt(lab);
    for (const Json& node : json.at("nodes")) {
      found.nodes.push_back({text_of(node.at("name")), text_of(node.at("kind")),
                             text_of(node.value("datacenter", Json())), text_of(node.value("state", Json()))});
    }
    if (const Json& scenario = json.at("scenario"); !scenario.is_null()) {
      found.scenario = QByteArray::fromStdString(scenario.dump(2, ' ', false, Json::error_handler_t::replace));
    }
    return found;
  });
  facts.links = control::watched_links(inspection);
  return facts;
}

LinkReading reading_of(const std::string& link) {
  return reading(link, "the lab's link", [](const Json& json) {
    LinkReading found;
    found.link = text_of(json.at("name"));
    found.up = json.at("up").get<bool>();
    found.shaper = text_of(json.at("shaper"));
    found.mtu = json.at("mtu").get<int>();
    found.ways = {way_of(json.at("forward")), way_of(json.at("backward"))};
    return found;
  });
}

}  // namespace geomx::gui
