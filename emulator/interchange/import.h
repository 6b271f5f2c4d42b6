#pragma once

#include <string>
#include <string_view>

#include "emulator/interchange/note.h"
#include "emulator/scenario/scenario.h"

// Topologies of other emulators as scenarios. What our format has no word for is left out and noted, line by line;
// nothing is left out in silence. Pure: nothing is read but `text`, and `path` is used in messages.
namespace geomx::interchange {

struct Import {
  scenario::Scenario scenario;
  Notes notes;
};

// containerlab's topology file (https://containerlab.dev/manual/topo-def-file/), YAML. Bridges become switches, linux
// nodes hosts, or routers where they have several links; every other kind, a vendor's router as a rule, a router of
// ours. Throws InputError where the text is no such file.
Import read_containerlab(std::string_view text, const std::string& path);

// MiniEdit's topology file, JSON (mininet/examples/miniedit.py): hosts, switches, legacy routers, and links with bw,
// delay, jitter, loss and max_queue_size. Controllers have no place here: switches learn addresses by themselves.
// Throws InputError where the text is no such file.
Import read_mininet(std::string_view text, const std::string& path);

}  // namespace geomx::interchange
