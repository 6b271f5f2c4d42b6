#include "emulator/cli/capture.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <vector>

#include "emulator/base/error.h"
#include "emulator/base/units.h"
#include "emulator/capture/filter.h"
#include "emulator/capture/pcap_file.h"
#include "emulator/capture/tap.h"
#include "emulator/cli/option_value.h"
#include "emulator/cli/signals.h"
#include "emulator/control/client.h"
#include "emulator/scenario/names.h"
#include "emulator/scenario/suggest.h"

namespace geomx::cli {
namespace {

using Clock = std::chrono::steady_clock;
using nlohmann::json;

struct Options {
  std::string lab;
  std::string target;
  std::string at;
  std::string interface;
  std::string filter;
  std::string max_size;
  std::string duration;
  std::string out;
};

struct Place {
  std::string node;
  std::string interface;  // empty: all of the node's
};

const json* named(const json& items, const std::string& name) {
  const auto found = std::find_if(items.begin(), items.end(), [&](const json& item) { return item["name"] == name; });
  return found == items.end() ? nullptr : &*found;
}

// "a-gateway:eth1"
Place end_of(const json& text) {
  const auto end = text.get<std::string>();
  const std::size_t colon = end.rfind(':');
  return {end.substr(0, colon), end.substr(colon + 1)};
}

Place end_of_link(const json& link, const std::string& at) {
  const Place ends[] = {end_of(link["ends"][0]), end_of(link["ends"][1])};
  if (at.empty()) return ends[0];
  for (const Place& end : ends) {
    if (end.node == at || end.node == scenario::gateway_of(at)) return end;
  }
  throw InputError("--at", fmt::format("the link does not end at \"{}\"", at),
                   fmt::format("it joins {} and {}", ends[0].node, ends[1].node));
}

Place find(const json& plan, const Options& options) {
  const json* link = named(plan["links"], options.target);
  const json* node = named(plan["nodes"], options.target);
  if (link && node && options.at.empty() && options.interface.empty()) {
    throw InputError(options.target, "is the name of a link and of a node",
                     "--at NODE says which end of the link, --interface any that the node is meant");
  }
  if (link && options.interface.empty()) return end_of_link(*link, options.at);
  if (node && options.at.empty()) return {options.target, options.interface == "any" ? "" : options.interface};
  if (link) throw InputError("--interface", "a link has ends rather than interfaces", "use --at NODE");
  if (node) throw InputError("--at", "a node has interfaces rather than ends", "use --interface NAME");
  std::vector<std::string> names;
  for (const char* kind : {"nodes", "links"}) {
    for (const json& item : plan[kind]) names.push_back(item["name"]);
  }
  throw InputError(options.target, "no link or node has this name", scenario::suggestion(options.target, names));
}

FileDescriptor open_output(const std::string& path) {
  if (path != "-") {
    return FileDescriptor(
        check(::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644), "create the capture file", path));
  }
  if (::isatty(STDOUT_FILENO) != 0) {
    throw InputError("capture", "frames are not for a terminal", "give -o FILE.pcap, or pipe the output");
  }
  return FileDescriptor(check(::dup(STDOUT_FILENO), "duplicate", "standard output"));
}

// Until a bound, a signal, or the lab's end.
const char* record(capture::Tap& tap, capture::PcapFile& file, const control::Client& client, Signals& signals,
                   std::optional<Clock::time_point> deadline) {
  for (;;) {
    const auto left = deadline ? std::chrono::ceil<std::chrono::milliseconds>(*deadline - Clock::now())
                               : std::chrono::milliseconds(-1 /* as long as the user likes */);
    if (deadline && left.count() <= 0) return "the time is up";
    pollfd entries[] = {{signals.fd(), POLLIN, 0}, {client.fd(), POLLIN, 0}, {tap.fd(), POLLIN, 0}};
    const auto most = std::min<std::int64_t>(left.count(), 3'600'000);
    if (::poll(entries, 3, static_cast<int>(most)) < 0 && errno != EINTR) {
      throw SystemError("capture", "wait for frames", errno);
    }
    // What was there when the end came belongs to the capture; what comes meanwhile does not, or it would not end.
    const bool last = entries[0].revents != 0 || entries[1].revents != 0;
    constexpr int kBatch = 100'000;
    for (int i = 0; i < kBatch; ++i) {
      const std::optional<capture::Frame> frame = tap.next();
      if (!frame) break;
      if (!file.add(frame->stamp, frame->data, frame->length)) return "the file is as large as it may be";
    }
    file.flush();
    if (last) return entries[0].revents != 0 ? "interrupted" : "the lab has ended";
  }
}

int capture_frames(const Options& options) {
  std::optional<capture::Filter> filter;
  if (!options.filter.empty()) filter.emplace(options.filter);
  std::optional<Bytes> most;
  if (!options.max_size.empty()) most = option_value("--max-size", options.max_size, parse_bytes);
  if (most && most->value < capture::kFileHeader) {
    throw InputError("--max-size", "no capture file is that small", "an empty one has 24B");
  }
  std::optional<Nanoseconds> duration;
  if (!options.duration.empty()) duration = option_value("--duration", options.duration, parse_duration);

  control::Client client = control::Client::connect(options.lab);
  const Place place = find(json::parse(client.plan()), options);
  capture::Tap tap(client.packet_socket(place.node), place.node, place.interface, filter);
  const auto start = Clock::now();
  Signals signals{SIGINT, SIGTERM, SIGHUP};
  capture::PcapFile file(open_output(options.out), options.out == "-" ? "standard output" : options.out, most);
  fmt::print(stderr, "capturing at {} {} (Ctrl-C ends it)\n", place.node,
             place.interface.empty() ? "on all interfaces" : place.interface);
  const char* why = record(tap, file, client, signals, duration ? std::optional(start + *duration) : std::nullopt);
  file.flush();
  fmt::print(stderr, "{}: {} frames, {}, {} lost by this machine\n", why, file.frames(),
             to_string(Bytes{file.bytes()}, true), tap.lost());
  return 0;
}

}  // namespace

void add_capture(CLI::App& app, int& exit_code) {
  const auto options = std::make_shared<Options>();
  options->out = "-";
  CLI::App* command = app.add_subcommand("capture", "Record the frames of a link or a node in a pcap file");
  command->add_option("LAB", options->lab, "The lab's name")->required();
  command->add_option("LINK|NODE", options->target, "What to record")->required();
  command->add_option("--at", options->at, "Which end of the link (default: its first)")->type_name("NODE");
  command->add_option("--interface,-i", options->interface, "Which interface of the node (default: any)")
      ->type_name("NAME");
  command->add_option("--filter,-f", options->filter, "Only what matches, in tcpdump's language")->type_name("EXPR");
  command->add_option("--max-size", options->max_size, "End before the file is larger, for example 10MiB")
      ->type_name("SIZE");
  command->add_option("--duration", options->duration, "End after this time, for example 30s")->type_name("TIME");
  command->add_option("-o,--out", options->out, "Where to (default: standard output, for a pipe)")->type_name("FILE");
  command->footer(
      "Frames are as that end of the link has them: those that it sends before the link's wire shapes them, those "
      "that\n"
      "it receives after. Segmentation is offloaded, as on any Linux host: a frame may be larger than the MTU.\n"
      "Examples:\n"
      "  geomx-emu capture three-dc wan-a --filter 'tcp' --duration 10s -o wan-a.pcap\n"
      "  geomx-emu capture three-dc a-worker-0 --max-size 10MiB -o worker.pcap\n"
      "  geomx-emu capture three-dc wan-a | wireshark -k -i -");
  command->callback([options, &exit_code] { exit_code = capture_frames(*options); });
}

}  // namespace geomx::cli
