// The part of the table of keys that says what happens while a lab runs.
#include <fmt/format.h>

#include <utility>

#include "emulator/scenario/formats.h"
#include "emulator/scenario/link_patch.h"
#include "emulator/scenario/table.h"

namespace geomx::scenario {
namespace {

using namespace std::chrono_literals;

constexpr Nanoseconds kLongestRun = 24h;
constexpr int kMostFlaps = 100'000;

// Properties by key. Each value is read as in the topology; null takes the property away.
Format<LinkPatch> patch() {
  const Object<LinkProperties>& table = link_properties_table();
  Json schema = table.schema();
  schema["title"] = "link properties";
  for (auto& [key, property] : schema["properties"].items()) {
    property["type"] = {property["type"], "null"};
    if (property.contains("enum")) property["enum"].push_back(nullptr);
  }
  return {std::move(schema),
          [&table](const Json& value, const std::string& pointer, LinkPatch& into, Problems& problems) {
            LinkProperties unused;
            Json set = value;
            if (set.is_object()) {
              for (const Field<LinkProperties>& field : table.fields()) {
                if (!field.later && set.contains(field.name) && set.at(field.name).is_null()) set.erase(field.name);
              }
            }
            const std::size_t before = problems.size();
            if (!table.read(set, pointer, unused, problems) || problems.size() > before) return false;
            into.clear();
            for (const auto& [key, property] : value.items()) into[key] = property.dump();
            if (into.empty()) problems.push_back({pointer, "sets nothing", "for example {\"rate\": \"10Mbit\"}"});
            return !into.empty();
          },
          [](const LinkPatch& from) {
            Json object = Json::object();
            for (const auto& [key, text] : from) object[key] = Json::parse(text);
            return object;
          }};
}

using Ranges = decltype(Random::set);

// {"rate": ["10Mbit", "100Mbit"]}
Format<Ranges> ranges() {
  const Json pair{{"title", "least and most"},
                  {"type", "array"},
                  {"minItems", 2},
                  {"maxItems", 2},
                  {"description", "a value between the two"}};
  Json schema{{"title", "ranges"}, {"type", "object"}, {"properties", Json::object()}, {"additionalProperties", false}};
  for (const char* key : {"rate", "delay", "jitter", "loss"}) schema["properties"][key] = pair;
  return {std::move(schema),
          [](const Json& value, const std::string& pointer, Ranges& into, Problems& problems) {
            if (!value.is_object()) {
              wrong_type("an object (ranges)", value, pointer, problems);
              return false;
            }
            const Format<LinkPatch> one = patch();
            into.clear();
            for (const auto& [key, range] : value.items()) {
              const std::string at = child(pointer, key);
              if (!range.is_array() || range.size() != 2) {
                problems.push_back({at, "a range has two ends", "write it as [\"10Mbit\", \"100Mbit\"]"});
                continue;
              }
              LinkPatch unused;
              const std::size_t before = problems.size();
              for (const Json& end : range) one.read(Json{{key, end}}, pointer, unused, problems);
              if (problems.size() > before) continue;
              try {
                between(key, range[0].dump(), range[1].dump(), 0);
                into[key] = {range[0].dump(), range[1].dump()};
              } catch (const std::exception& error) {
                problems.push_back({at, error.what(), "rate, delay, jitter and loss have ranges"});
              }
            }
            return true;
          },
          [](const Ranges& from) {
            Json object = Json::object();
            for (const auto& [key, range] : from) object[key] = {Json::parse(range.first), Json::parse(range.second)};
            return object.empty() ? Json() : object;
          }};
}

// true, or a duration.
Format<Lasting> lasting() {
  const Format<Nanoseconds> time = duration(kLongestRun);
  return {{{"title", "true or duration"}, {"type", {"boolean", "string"}}, {"examples", {true, "5s"}}},
          [time](const Json& value, const std::string& pointer, Lasting& into, Problems& problems) {
            if (value.is_boolean()) {
              if (!value.get<bool>()) problems.push_back({pointer, "false asks for nothing", "leave it out"});
              return value.get<bool>();
            }
            Nanoseconds read{};
            if (!time.read(value, pointer, read, problems)) return false;
            into.time = read;
            return true;
          },
          [time](const Lasting& from) { return from.time ? time.write(*from.time) : Json(true); }};
}

Object<Ramp> ramp() {
  using R = Ramp;
  return {"ramp",
          {
              required("to", "the properties at its end: of rate, delay, jitter and loss", &R::to, patch()),
              required("over", "how long it takes", &R::over, duration(kLongestRun)),
              optional("every", "time from one step to the next", &R::every, duration(kLongestRun)),
          }};
}

Object<Flap> flap() {
  using F = Flap;
  return {"flap",
          {
              required("down", "how long it is down each time", &F::down, duration(kLongestRun)),
              required("up", "and up in between", &F::up, duration(kLongestRun)),
              optional("times", "how often it goes down", &F::times, integer(1, kMostFlaps)),
          }};
}

Object<Random> random() {
  using R = Random;
  const std::uint64_t most = ~std::uint64_t{0};
  return {"random",
          {
              required("every", "time from one happening to the next", &R::every, duration(kLongestRun)),
              required("over", "how long it goes on", &R::over, duration(kLongestRun)),
              optional("set", "of a link: one of these properties gets a value from its range", &R::set, ranges()),
              optional("down", "of a link: it is down for so long", &R::down, duration(kLongestRun)),
              optional("kill", "of a node: it is killed, and restarted after so long", &R::kill, duration(kLongestRun)),
              optional("pause", "of a node: it is paused for so long", &R::pause, duration(kLongestRun)),
              optional("seed", "of the draws; made of the scenario's where left out", &R::seed, integer64(0, most)),
          }};
}

// A key that is there or not: true.
Field<Event> happens(const char* key, const char* description, bool Event::*member) {
  Field<Event> field = optional(key, description, member, boolean());
  field.schema.erase("default");
  field.write = [member](const Event& from) { return from.*member ? Json(true) : Json(); };
  return field;
}

Object<Event> event() {
  using E = Event;
  return {
      "event",
      {
          required("at", "when, after the start of the run or of the lab", &E::at, duration(kLongestRun)),
          optional("link", "the link it happens to; * with random: any of the topology", &E::link, word("link name")),
          optional("node", "or the node; * with random: any host", &E::node, word("node")),
          optional("direction", "of the link; both where left out", &E::direction, choice({"forward", "backward"})),
          optional("set", "properties change at once; null takes one away", &E::set, patch()),
          optional("ramp", "properties change in steps", &E::ramp, object(ramp())),
          optional("down", "the link is down, for good or for a time", &E::down, lasting()),
          happens("up", "the link is up again", &E::up),
          optional("flap", "the link goes down and up several times", &E::flap, object(flap())),
          optional("kill", "the node's processes are killed and its interfaces down, for good or until a restart",
                   &E::kill, lasting()),
          happens("restart", "the node is there again", &E::restart),
          optional("pause", "the node's processes stand still, for good or for a time", &E::pause, lasting()),
          happens("resume", "they go on", &E::resume),
          optional("random", "things happen at random, the same for the same seed", &E::random, object(random())),
      }};
}

}  // namespace

const Object<Event>& event_table() {
  static const Object<Event> table = event();
  return table;
}

}  // namespace geomx::scenario
