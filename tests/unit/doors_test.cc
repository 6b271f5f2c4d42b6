// The doors between rooms (docs/architecture.md): which folder may include which, and which folder may see a library.
// Every #include below emulator, ps, trainer and gui is held to the two tables; so a wrong one fails here, not in
// review.

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>
#include <sstream>
#include <string>
#include <vector>

namespace {

namespace fs = std::filesystem;

struct Room {
  std::string folder;
  std::vector<std::string> doors;  // what it may include beside itself
};

// From the ground up: a room opens only to rooms that stand before it, so there is no circle.
const std::vector<Room> kRooms{
    {"emulator/base", {}},
    {"emulator/scenario", {"emulator/base"}},
    {"emulator/netlink", {"emulator/base"}},
    {"emulator/sandbox", {"emulator/base"}},
    {"emulator/shaper", {"emulator/base", "emulator/netlink"}},
    {"emulator/lab", {"emulator/base", "emulator/scenario", "emulator/netlink", "emulator/sandbox", "emulator/shaper"}},
    {"emulator/control",
     {"emulator/base", "emulator/scenario", "emulator/netlink", "emulator/sandbox", "emulator/shaper", "emulator/lab"}},
    {"emulator/capture", {"emulator/base"}},
    {"emulator/interchange", {"emulator/base", "emulator/scenario", "emulator/shaper", "emulator/lab"}},
    {"emulator/run", {"emulator/base", "emulator/scenario", "emulator/shaper", "emulator/lab", "emulator/control"}},
    {"emulator/sweep", {"emulator/base", "emulator/scenario", "emulator/run"}},
    {"emulator/report", {"emulator/base", "emulator/scenario"}},
    {"emulator/cli",
     {"emulator/base", "emulator/scenario", "emulator/netlink", "emulator/sandbox", "emulator/shaper", "emulator/lab",
      "emulator/control", "emulator/capture", "emulator/interchange", "emulator/run", "emulator/sweep",
      "emulator/report"}},

    {"ps/proto", {}},
    {"ps/config", {"ps/proto"}},
    {"ps/transport", {"ps/proto", "ps/config"}},
    {"ps/membership", {"ps/proto", "ps/config", "ps/transport"}},
    {"ps/optim", {"ps/proto", "ps/config"}},
    {"ps/codec", {"ps/proto", "ps/config"}},
    {"ps/sync", {"ps/proto", "ps/config", "ps/transport", "ps/optim", "ps/codec"}},
    {"ps/flow", {"ps/proto", "ps/config", "ps/transport", "ps/membership"}},
    {"ps/worker",
     {"ps/proto", "ps/config", "ps/transport", "ps/membership", "ps/optim", "ps/codec", "ps/sync", "ps/flow"}},
    {"ps/server",
     {"ps/proto", "ps/config", "ps/transport", "ps/membership", "ps/optim", "ps/codec", "ps/sync", "ps/flow",
      "ps/worker"}},
    {"ps/example", {"ps/worker"}},

    {"trainer/tensor", {}},
    {"trainer/data", {"trainer/tensor"}},
    {"trainer/model", {"trainer/tensor"}},
    {"trainer/cpu/direct", {}},
    {"trainer/cpu", {"trainer/cpu/direct", "trainer/tensor", "trainer/model"}},
    {"trainer/cuda", {"trainer/tensor", "trainer/model"}},
    {"trainer/cost", {"trainer/tensor", "trainer/model"}},
    {"trainer/loop",
     {"trainer/tensor", "trainer/data", "trainer/model", "trainer/cpu", "trainer/cuda", "trainer/cost", "ps/proto",
      "ps/config", "ps/optim", "ps/transport", "ps/worker", "ps/server"}},

    {"gui/model", {"emulator/base", "emulator/scenario", "emulator/interchange"}},
    {"gui/theme", {}},
    {"gui/client", {"emulator/base", "emulator/scenario", "emulator/control", "emulator/run"}},
    {"gui/canvas", {"emulator/base", "gui/model", "gui/theme"}},
    {"gui/panels", {"emulator/base", "emulator/scenario", "gui/model", "gui/theme", "gui/client", "gui/canvas"}},
    {"gui",
     {"emulator/base", "emulator/scenario", "emulator/control", "emulator/report", "gui/model", "gui/theme",
      "gui/client", "gui/canvas", "gui/panels"}},
};

struct Vendor {
  std::vector<std::string> headers;  // how an include of it begins
  std::vector<std::string> places;   // folders, or files by how their path begins
};

const std::vector<Vendor> kVendors{
    {{"netlink/", "libmnl/"}, {"emulator/netlink/"}},
    {{"pcap"}, {"emulator/capture/"}},
    {{"yaml-cpp/"}, {"emulator/interchange/"}},
    {{"sqlite3.h"}, {"emulator/run/", "emulator/sweep/sqlite"}},
    {{"CLI/"}, {"emulator/cli/", "trainer/loop/geomx_node.cc"}},
    {{"nlohmann/"},
     {"emulator/scenario/", "emulator/lab/inspect", "emulator/lab/fidelity_report", "emulator/lab/device_return",
      "emulator/sandbox/oci_image", "emulator/control/", "emulator/run/", "emulator/cli/", "emulator/sweep/",
      "emulator/report/", "emulator/interchange/", "trainer/tensor/safetensors", "trainer/model/", "trainer/cost/",
      "trainer/loop/", "gui/"}},
    {{"zmq"}, {"ps/transport/", "emulator/control/zmq_"}},
    {{"sodium"}, {"ps/flow/seal"}},
    {{"google/protobuf/"}, {"ps/", "emulator/control/"}},
    {{"dnnl", "oneapi/dnnl"}, {"trainer/cpu/"}},
    {{"omp.h"}, {"trainer/cpu/"}},
    {{"zlib.h"}, {"trainer/data/", "trainer/tensor/safetensors", "ps/transport/"}},
    {{"cuda", "cublas", "cudnn"}, {"trainer/cuda/"}},
    {{"qcustomplot"}, {"gui/panels/"}},
    {{"Q"}, {"gui/"}},
};

const Room* room_of(const std::string& path) {
  for (const Room& room : kRooms) {
    if (path.starts_with(room.folder + "/")) return &room;
  }
  return nullptr;
}

bool starts_with_any(const std::string& text, const std::vector<std::string>& beginnings) {
  return std::any_of(beginnings.begin(), beginnings.end(),
                     [&](const std::string& beginning) { return text.starts_with(beginning); });
}

struct Include {
  std::string header;
  bool quoted;
};

std::vector<Include> includes(const std::string& text) {
  std::vector<Include> found;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    std::size_t at = line.find_first_not_of(" \t");
    if (at == std::string::npos || line[at] != '#') continue;
    at = line.find_first_not_of(" \t", at + 1);
    if (at == std::string::npos || line.compare(at, 7, "include") != 0) continue;
    const std::size_t begin = line.find_first_of("<\"", at);
    if (begin == std::string::npos) continue;
    const bool quoted = line[begin] == '"';
    const std::size_t end = line.find(quoted ? '"' : '>', begin + 1);
    if (end != std::string::npos) found.push_back({line.substr(begin + 1, end - begin - 1), quoted});
  }
  return found;
}

// What is wrong with the includes of the file at `path`; both relative to `root`.
std::vector<std::string> complaints(const fs::path& root, const std::string& path, const std::string& text) {
  const Room* room = room_of(path);
  if (room == nullptr) return {path + ": its folder has no row in the table of rooms"};
  std::vector<std::string> found;
  const auto complain = [&](const Include& include, const std::string& what) {
    found.push_back(path + ": " + include.header + ": " + what);
  };
  for (const Include& include : includes(text)) {
    for (const Vendor& vendor : kVendors) {
      if (!include.quoted && starts_with_any(include.header, vendor.headers) && !starts_with_any(path, vendor.places)) {
        complain(include, "this library may not be seen here");
      }
    }
    if (!include.quoted) {
      if (room_of(include.header) != nullptr) complain(include, "our own headers are included with quotes");
      continue;
    }
    std::string source = include.header;
    const std::string_view generated = ".pb.h";
    if (source.ends_with(generated)) source.replace(source.size() - generated.size(), generated.size(), ".proto");
    if (!fs::exists(root / source)) {
      complain(include, "there is no such file under the include root");
      continue;
    }
    const Room* other = room_of(include.header);
    if (other == nullptr) {
      complain(include, "its folder has no row in the table of rooms");
    } else if (other != room && std::find(room->doors.begin(), room->doors.end(), other->folder) == room->doors.end()) {
      complain(include, "no door leads from " + room->folder + " to " + other->folder);
    }
  }
  return found;
}

std::string read_file(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

fs::path source_root() {
  const char* root = std::getenv("GEOMX_SOURCE");
  return root == nullptr ? fs::path() : fs::path(root);
}

TEST(Doors, EveryIncludeGoesThroughOne) {
  const std::set<std::string> code{".h", ".cc", ".cu", ".cuh"};
  const fs::path root = source_root();
  ASSERT_FALSE(root.empty()) << "GEOMX_SOURCE is not set";
  int files = 0;
  for (const char* top : {"emulator", "ps", "trainer", "gui"}) {
    if (!fs::exists(root / top)) continue;  // git keeps no empty folder
    for (const fs::directory_entry& entry : fs::recursive_directory_iterator(root / top)) {
      if (!code.contains(entry.path().extension())) continue;
      ++files;
      const std::string path = fs::relative(entry.path(), root);
      for (const std::string& complaint : complaints(root, path, read_file(entry.path()))) ADD_FAILURE() << complaint;
    }
  }
  EXPECT_GT(files, 50) << "is " << root << " the source tree?";
}

TEST(Doors, RoomsOpenOnlyToRoomsBelow) {
  std::set<std::string> below;
  for (const Room& room : kRooms) {
    for (const std::string& door : room.doors) EXPECT_TRUE(below.contains(door)) << room.folder << " -> " << door;
    EXPECT_TRUE(below.insert(room.folder).second) << room.folder << " has two rows";
  }
}

// The test itself can fail: each of these is wrong, and is found to be.
TEST(Doors, WrongOnesAreFound) {
  const fs::path root = source_root();
  const auto one = [&](const std::string& path, const std::string& text) {
    const std::vector<std::string> found = complaints(root, path, text);
    return found.size() == 1 ? found[0] : std::to_string(found.size()) + " complaints";
  };
  EXPECT_EQ(one("emulator/scenario/x.cc", "#include \"emulator/lab/plan.h\"\n"),
            "emulator/scenario/x.cc: emulator/lab/plan.h: no door leads from emulator/scenario to emulator/lab");
  EXPECT_EQ(one("emulator/run/x.cc", "  #  include \"ps/config/node_config.h\"  // why\n"),
            "emulator/run/x.cc: ps/config/node_config.h: no door leads from emulator/run to ps/config");
  EXPECT_EQ(one("ps/worker/x.h", "#include \"ps/proto/ps.pb.h\"\n#include \"ps/server/../server/missing.h\"\n"),
            "ps/worker/x.h: ps/server/../server/missing.h: there is no such file under the include root");
  EXPECT_EQ(one("ps/worker/x.h", "#include \"ps/proto/missing.pb.h\"\n"),
            "ps/worker/x.h: ps/proto/missing.pb.h: there is no such file under the include root");
  EXPECT_EQ(one("emulator/lab/plan.cc", "#include <nlohmann/json.hpp>\n"),
            "emulator/lab/plan.cc: nlohmann/json.hpp: this library may not be seen here");
  EXPECT_EQ(one("emulator/shaper/x.cc", "#include <netlink/msg.h>\n"),
            "emulator/shaper/x.cc: netlink/msg.h: this library may not be seen here");
  EXPECT_EQ(one("trainer/loop/train.cc", "#include <CLI/CLI.hpp>\n"),
            "trainer/loop/train.cc: CLI/CLI.hpp: this library may not be seen here");
  EXPECT_EQ(one("ps/worker/x.h", "#include <ps/server/node.h>\n"),
            "ps/worker/x.h: ps/server/node.h: our own headers are included with quotes");
  EXPECT_EQ(one("emulator/cellar/x.cc", ""), "emulator/cellar/x.cc: its folder has no row in the table of rooms");
  EXPECT_EQ(one("emulator/run/x.cc", "#include \"tests/unit/doors_test.cc\"\n"),
            "emulator/run/x.cc: tests/unit/doors_test.cc: its folder has no row in the table of rooms");

  EXPECT_EQ(one("trainer/loop/geomx_node.cc", "#include <CLI/CLI.hpp>\n#include \"ps/server/node.h\""), "0 complaints")
      << "what is right is not complained about";
}

}  // namespace
