#pragma once

#include <string>
#include <vector>

#include "emulator/scenario/scenario.h"

// Changes to a link's properties, as `geomx-emu link` and a scenario's events give them.
namespace geomx::scenario {

// From "KEY=VALUE" each: VALUE is JSON where it parses as JSON, else a string; "none" takes the property away. Throws
// InputError where one has no '=' or a key comes twice; keys and values are judged by patched().
LinkPatch parse_patch(const std::vector<std::string>& assignments);

// The same assignment; where it names a trace's file, by a path that is relative to `folder`, then by its whole path,
// so that another process finds it.
std::string with_absolute_paths(const std::string& assignment, const std::string& folder);

// Read by the file's own table of keys. What says the same in another way (a rate, a trace; a loss, bursts) is
// replaced, and the file of a new trace is read. Throws InputError with `where` and the property, for all that would be
// wrong in a file: an unknown key, a wrong unit, a jitter above the delay, a trace that cannot be read.
LinkProperties patched(const LinkProperties& properties, const LinkPatch& patch, const std::string& where);

// The quantities that lie between others: rate, delay, jitter and loss. `fraction` is 0 for `from` and 1 for `to`, both
// JSON texts. Throws InputError for another key.
std::string between(const std::string& key, const std::string& from, const std::string& to, double fraction);
// What a property is at present, as JSON text; of one that is left out what that amounts to: no delay, no jitter, no
// loss, and no rate ("null").
std::string text_of(const LinkProperties& properties, const std::string& key);

// "rate=10Mbit loss=none"
std::string describe(const LinkPatch& patch);

}  // namespace geomx::scenario
