#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "emulator/base/rate_trace.h"
#include "emulator/base/units.h"
#include "emulator/scenario/training.h"

// The scenario file, version 1, as plain structs: data centers, the links between them, and what runs inside.
// parse.h makes one out of a file, validate.h judges it, write.h writes it back.
namespace geomx::scenario {

// A queue's bound: "auto" (the BDP, decided by the lab's plan), packets, or bytes.
struct QueueAuto {
  bool operator==(const QueueAuto&) const = default;
};
struct QueuePackets {
  std::uint32_t count = 0;
  bool operator==(const QueuePackets&) const = default;
};
using Queue = std::variant<QueueAuto, QueuePackets, Bytes>;

enum class Distribution { uniform, normal, pareto };
enum class JitterOrder { kept, free };
enum class Discipline { drop_tail, codel };

// Losses in bursts: two states, good and bad, and a step between them per IP packet.
struct GilbertElliott {
  Probability p{};            // of good -> bad
  Probability r{};            // of bad -> good
  Probability loss_good{0};   // while good
  Probability loss_bad{1.0};  // while bad
  bool operator==(const GilbertElliott&) const = default;
};

// A rate that follows a recording: a Mahimahi trace file, or a table of times and rates.
struct Trace {
  std::optional<std::string> file;  // absolute once read; as written, relative to the scenario's folder
  std::vector<RateTrace::Step> table;
  std::optional<Nanoseconds> period;  // of the table
  bool loop = true;
  SharedTrace content;  // what file or table say, once that is known to be right
  bool operator==(const Trace&) const = default;
};

// One direction of a link. What is left out is unshaped: no rate limit, no delay, no loss.
struct LinkProperties {
  std::optional<BitsPerSecond> rate;
  std::optional<Trace> trace;         // in place of a rate
  std::optional<Nanoseconds> delay;   // one way
  std::optional<Nanoseconds> jitter;  // around the delay
  std::optional<Distribution> distribution;
  std::optional<Probability> correlation;         // of a packet's jitter with the last one's
  std::optional<JitterOrder> order;               // of packets, under jitter
  std::optional<Probability> loss;                // independent per IP packet, as are the others
  std::optional<GilbertElliott> gilbert_elliott;  // in place of a loss
  std::optional<Probability> duplicate;
  std::optional<Probability> reorder;
  std::optional<Probability> corrupt;
  Queue queue = QueueAuto{};
  std::optional<Discipline> discipline;
  std::optional<bool> ecn;  // of CoDel, as are the next two
  std::optional<Nanoseconds> codel_target;
  std::optional<Nanoseconds> codel_interval;
  std::optional<int> mtu;  // bytes of IP packet
  bool operator==(const LinkProperties&) const = default;
  bool limited() const { return rate || trace; }
  bool shaped() const {
    return limited() || delay || jitter || loss || gilbert_elliott || duplicate || reorder || corrupt;
  }
};
inline constexpr int kDefaultMtu = 1500;

// A file that is put into a node: its text, or a copy of one of this machine; a folder of this machine can be read
// there. Exactly one of `text` and `from`.
struct PlacedFile {
  std::string path;  // in the node, from its root
  std::optional<std::string> text;
  std::optional<std::string> from;
  bool executable = false;
  bool operator==(const PlacedFile&) const = default;
};

// What the machine that a node stands for has, beside its network.
struct Machine {
  std::optional<std::string> image;        // its root: a folder of this machine (machine.h), or podman's name of one
  std::optional<double> cpu;               // cores
  std::optional<Bytes> memory;             // of all its processes together
  std::map<std::string, std::string> env;  // of each of its processes, over whatever else they would have
  std::vector<PlacedFile> files;
  std::vector<std::string> start;  // a command that runs as long as the node is up, or shorter
  bool operator==(const Machine&) const = default;
};

// A network interface of this machine that is lent to a node: it is moved into it.
struct Device {
  struct Address {
    std::uint32_t value = 0;  // IPv4, host byte order
    int prefix = 0;           // length, of the network that lies behind it
    bool operator==(const Address&) const = default;
  };
  std::string name;                // as the machine calls it
  std::optional<Address> address;  // that it is given in the node
  bool operator==(const Device&) const = default;
};

struct Datacenter {
  std::string name;
  int hosts = 0;                   // plain hosts NAME-host-0.. beside those that training roles need
  LinkProperties lan;              // of each host's link to the data center's switch, both directions
  Machine machine{};               // of each host that it brings along: plain ones and those of roles
  bool uplink = false;             // of its gateway
  std::optional<Device> device{};  // of its gateway
  bool operator==(const Datacenter&) const = default;
};

enum class NodeKind { host, router, switch_ };

struct Node {
  std::string name;
  NodeKind kind = NodeKind::host;
  std::optional<std::string> datacenter;  // a member of that data center's LAN; else connected by links alone
  Machine machine{};
  bool uplink = false;  // a way out of the lab, into the network that it is started in
  std::optional<Device> device{};
  bool operator==(const Node&) const = default;
};

// `forward` is ends[0] -> ends[1]. An end is a data center (then its gateway) or a node.
struct Link {
  std::string name;  // defaults to "A--B"
  std::string ends[2];
  LinkProperties forward;
  LinkProperties backward;
  bool operator==(const Link&) const = default;
};

enum class Routing { static_, ospf, bgp };

struct Topology {
  Routing routing = Routing::static_;  // of its routers, the data centers' gateways among them
  std::vector<Datacenter> datacenters;
  std::vector<Node> nodes;
  std::vector<Link> links;
  bool operator==(const Topology&) const = default;
};

// What shows that a command is up: exactly one of port, output and file.
struct Ready {
  std::optional<int> port;            // TCP, that anything in the node listens on
  std::optional<std::string> output;  // a text in what it has printed
  std::optional<std::string> file;    // made or written to since it was started; relative to its directory
  Nanoseconds within = std::chrono::seconds(30);
  bool operator==(const Ready&) const = default;
};

// One command of a `workload`: argv run in a node, or in each of several. See workload.h.
struct Command {
  std::string name;                // for `after`, messages and its log; empty: it has none
  std::string node{};              // or `nodes`
  std::vector<std::string> nodes;  // names, or patterns: "a-host-*"
  std::vector<std::string> argv;
  std::vector<std::string> after;  // names of other commands
  std::optional<Nanoseconds> at;   // after the start of the run, or of what `after` waits for
  bool background = false;         // a server: it is ended when the others are done
  std::optional<Ready> ready;
  std::optional<Nanoseconds> timeout;
  bool may_fail = false;
  int repeat = 1;
  std::map<std::string, std::string> environment;
  std::optional<std::string> directory;
  bool operator==(const Command&) const = default;
};

// A change of a link's properties: a property's key -> its new value as JSON text, "rate" -> "\"10Mbit\"". "null" takes
// the property away. See link_patch.h.
using LinkPatch = std::map<std::string, std::string>;

// A state that lasts for so long, or for good.
struct Lasting {
  std::optional<Nanoseconds> time;
  bool operator==(const Lasting&) const = default;
};

// Properties that go from what they are to others, in equal steps.
struct Ramp {
  LinkPatch to;
  Nanoseconds over{0};
  Nanoseconds every = std::chrono::milliseconds(100);
  bool operator==(const Ramp&) const = default;
};

struct Flap {
  Nanoseconds down{0};
  Nanoseconds up{0};
  int times = 1;
  bool operator==(const Flap&) const = default;
};

// Every so often one of the things named happens, drawn by a seeded generator.
struct Random {
  Nanoseconds every{0};
  Nanoseconds over{0};
  std::map<std::string, std::pair<std::string, std::string>> set;  // property -> JSON text of least and most
  std::optional<Nanoseconds> down;                                 // of a link
  std::optional<Nanoseconds> kill;                                 // of a node
  std::optional<Nanoseconds> pause;
  std::optional<std::uint64_t> seed;  // else made of the scenario's
  bool operator==(const Random&) const = default;
};

// Something that happens to a link or to a node while the lab runs: exactly one of what follows `direction`.
struct Event {
  Nanoseconds at{0};
  std::optional<std::string> link;       // for `random`, "*" is any link of the topology
  std::optional<std::string> node;       // for `random`, "*" is any host
  std::optional<std::string> direction;  // "forward" or "backward"; else both
  std::optional<LinkPatch> set;
  std::optional<Ramp> ramp;
  std::optional<Lasting> down;
  bool up = false;
  std::optional<Flap> flap;
  std::optional<Lasting> kill;
  bool restart = false;
  std::optional<Lasting> pause;
  bool resume = false;
  std::optional<Random> random;
  bool operator==(const Event&) const = default;
};

struct Expectation {
  std::string metric;  // a path in summary.json: "training.test_accuracy"
  std::optional<double> min;
  std::optional<double> max;
  bool operator==(const Expectation&) const = default;
};

struct Scenario {
  std::string name;
  std::string description;
  std::uint64_t seed = 1;
  bool seed_given = false;  // the file (or --seed) names one: impairments must then repeat exactly
  Topology topology;
  std::optional<Training> training;
  std::vector<Command> workload;
  std::vector<Event> events;
  std::vector<Expectation> expect;
  bool operator==(const Scenario&) const = default;
};

}  // namespace geomx::scenario
