#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "emulator/scenario/json.h"

namespace geomx::scenario {

// Applies one "PATH=VALUE" to a scenario's document, before it is read, and returns the JSON pointers that it set.
//
// PATH: keys joined by dots. An element of a list is addressed by its name (a party by its data center), its index, or
// `*` for all of them: "topology.links.*.rate", "training.parties.a.workers". VALUE is JSON where it parses as JSON,
// else a string; null removes the key. Keys on the way that are missing are made; a list's element is not.
// Setting `rounds` removes `epochs` and the other way round; setting a property of a link removes what its "forward"
// and "backward" say about it, for else it would change nothing.
//
// Throws InputError ("--set PATH=VALUE: ...") where the path matches nothing. Whether what was set means something is
// for the parser to say. Internal to this folder: users hand overrides to parse() or load().
std::vector<std::string> set(Json& root, std::string_view assignment);

}  // namespace geomx::scenario
