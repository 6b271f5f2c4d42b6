#pragma once

#include <string>

namespace geomx::scenario {

// The JSON Schema (2020-12) of the scenario file, made from the table of keys that the parser reads by. It knows keys,
// types, choices, ranges and defaults; what concerns several keys at once (dangling names, a disconnected party) only
// `geomx-emu check` knows. docs/scenario.schema.json is this text.
std::string json_schema();

}  // namespace geomx::scenario
