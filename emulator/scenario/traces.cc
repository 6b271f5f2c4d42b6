#include "emulator/scenario/traces.h"

#include <fmt/format.h>

#include <filesystem>
#include <functional>
#include <map>
#include <utility>

#include "emulator/base/error.h"
#include "emulator/scenario/files.h"

namespace geomx::scenario {
namespace {

namespace fs = std::filesystem;

class TraceReader {
 public:
  TraceReader(std::string folder, Problems& problems) : folder_(std::move(folder)), problems_(problems) {}

  // Of an event, whose values are JSON texts.
  void read(LinkPatch& patch, const std::string& pointer) {
    const auto found = patch.find("trace");
    if (found == patch.end()) return;
    Json json = Json::parse(found->second);
    if (!json.contains("file")) return;
    Trace trace;
    trace.file = json.at("file").get<std::string>();
    read_file(trace, pointer + "/trace/file");
    json["file"] = *trace.file;
    found->second = json.dump();
  }

  void read(LinkProperties& properties, const std::string& pointer) {
    if (!properties.trace) return;
    Trace& trace = *properties.trace;
    if (trace.file) {
      read_file(trace, pointer + "/trace/file");
    } else if (!trace.table.empty()) {
      trace.content = SharedTrace({.name = "table",
                                   .steps = trace.table,
                                   .period = trace.loop ? trace.period.value_or(Nanoseconds(0)) : Nanoseconds(0),
                                   .loop = trace.loop});
    }
  }

 private:
  void read_file(Trace& trace, const std::string& pointer) {
    const std::string written = *trace.file;
    std::error_code error;
    const fs::path whole = fs::absolute(fs::path(folder_) / written, error);
    if (!error) trace.file = whole.lexically_normal().string();
    SharedTrace& known = known_[{*trace.file, trace.loop}];
    if (known) {
      trace.content = known;
      return;
    }
    try {
      const std::string name = fs::path(written).filename().string();
      trace.content = known = SharedTrace(parse_mahimahi(read_text_file(*trace.file, "the trace"), name, trace.loop));
    } catch (const InputError& failure) {
      problems_.push_back(
          {pointer, fmt::format("{}: {}{}", written, line_of(failure), failure.what()), failure.hint()});
    }
  }

  // Where in the file, if it is a line; the file itself is named already.
  static std::string line_of(const InputError& failure) {
    const std::string& where = failure.where();
    const std::size_t colon = where.rfind(':');
    const bool number =
        colon != std::string::npos && where.find_first_not_of("0123456789", colon + 1) == std::string::npos;
    return number ? fmt::format("line {}: ", where.substr(colon + 1)) : "";
  }

  std::string folder_;
  Problems& problems_;
  std::map<std::pair<std::string, bool>, SharedTrace> known_;
};

}  // namespace

void read_traces(Scenario& scenario, const std::string& folder, Problems& problems) {
  TraceReader reader(folder, problems);
  Topology& topology = scenario.topology;
  for (std::size_t i = 0; i < topology.datacenters.size(); ++i) {
    reader.read(topology.datacenters[i].lan, fmt::format("/topology/datacenters/{}/lan", i));
  }
  for (std::size_t i = 0; i < topology.links.size(); ++i) {
    Link& link = topology.links[i];
    const std::string pointer = fmt::format("/topology/links/{}", i);
    if (link.forward == link.backward) {
      reader.read(link.forward, pointer);
      link.backward = link.forward;
    } else {
      reader.read(link.forward, pointer + "/forward");
      reader.read(link.backward, pointer + "/backward");
    }
  }
  for (std::size_t i = 0; i < scenario.events.size(); ++i) {
    if (scenario.events[i].set) reader.read(*scenario.events[i].set, fmt::format("/events/{}/set", i));
  }
}

void read_trace(LinkProperties& properties, Problems& problems) {
  TraceReader({}, problems).read(properties, "");
}

}  // namespace geomx::scenario
