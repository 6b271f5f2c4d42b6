#include "emulator/scenario/table.h"

#include <limits>

#include "emulator/scenario/formats.h"
#include "emulator/scenario/presets.h"

namespace geomx::scenario {
namespace {

using namespace std::chrono_literals;

constexpr BitsPerSecond kSlowest{1'000};
constexpr BitsPerSecond kFastest{40'000'000'000};
constexpr Nanoseconds kLongestDelay = 60s;
constexpr Nanoseconds kLongestRun = 24h;
constexpr int kLeastMtu = 576;  // what every IPv4 host takes (RFC 791)
constexpr int kLargestMtu = 65'535;
constexpr int kMostHosts = 1000;  // a bridge has 1023 ports

template <class T>
Fields<T> operator+(Fields<T> a, const Fields<T>& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}

// --- topology
// ---------------------------------------------------------------------------------------------------------

// Reading one way to say something forgets what was said the other way: a direction overrides its link, and everything
// a preset.
template <class T, class Other>
Field<T> replacing(Field<T> field, std::optional<Other> T::*rival) {
  field.read = [read = field.read, rival](const Json& value, const std::string& pointer, T& into, Problems& problems) {
    (into.*rival).reset();
    read(value, pointer, into, problems);
  };
  return field;
}

Object<RateTrace::Step> trace_step() {
  using S = RateTrace::Step;
  return {"step",
          {required("at", "from then on; the first is 0s", &S::at, duration(kLongestRun)),
           required("rate", "0bit: nothing passes", &S::rate, rate(BitsPerSecond{0}, kFastest))}};
}

Object<Trace> trace() {
  using T = Trace;
  return {
      "trace",
      {
          optional("file",
                   "a Mahimahi trace: each line the time in milliseconds at which a packet of 1504 bytes may pass, "
                   "the last one the length; relative to the scenario file's folder",
                   &T::file, word("path")),
          optional("table", "in place of a file: rates and when each begins", &T::table, list_of(object(trace_step()))),
          optional("period", "length of a table that is looped", &T::period, duration(kLongestRun)),
          optional("loop",
                   "begins anew at its end; else nothing passes after the last line of a file, and the last "
                   "rate of a table stays",
                   &T::loop, boolean()),
      },
      {{"file", "table"}}};
}

Object<GilbertElliott> gilbert_elliott() {
  using G = GilbertElliott;
  return {"Gilbert-Elliott model",
          {
              required("p", "probability per packet of good -> bad", &G::p, probability()),
              required("r", "probability per packet of bad -> good; bursts are 1/r packets long in the mean", &G::r,
                       probability()),
              optional("loss_good", "share lost while good", &G::loss_good, probability()),
              optional("loss_bad", "share lost while bad", &G::loss_bad, probability()),
          }};
}

Format<std::string> preset_name() {
  std::vector<std::string> names;
  for (const Preset& preset : presets()) names.push_back(preset.name);
  return choice(names);
}

// What is read turns into the preset's figures, so nothing is left to write. `apply` is given the preset.
template <class T>
Field<T> preset(std::function<void(const Preset&, T&)> apply) {
  const Format<std::string> format = preset_name();
  return {"preset",
          documented(format.schema, "figures of a kind of link, which the other keys override; see Presets", nullptr),
          false,
          false,
          [format, apply](const Json& value, const std::string& pointer, T& into, Problems& problems) {
            std::string name;
            if (format.read(value, pointer, name, problems)) apply(*find_preset(name), into);
          },
          [](const T&) { return Json(); }};
}

const Rivals kLinkRivals{{"rate", "trace"}, {"loss", "gilbert_elliott"}};

// All but the preset, which has two sides.
Fields<LinkProperties> link_properties() {
  using P = LinkProperties;
  return {
      replacing(optional("rate", "bits per second of Ethernet frames; unlimited where left out", &P::rate,
                         rate(kSlowest, kFastest)),
                &P::trace),
      replacing(optional("trace", "in place of a rate: one that changes over time, from the start of the lab",
                         &P::trace, object(trace())),
                &P::rate),
      optional("delay", "one-way propagation delay; none where left out", &P::delay, duration(kLongestDelay)),
      optional("jitter", "scale of the delay's variation from packet to packet; at most the delay", &P::jitter,
               duration(kLongestDelay)),
      optional("distribution",
               "of the jitter; uniform where left out: plus or minus the jitter. normal: the jitter is its standard "
               "deviation. pareto: a long tail",
               &P::distribution, enumeration<Distribution>({"uniform", "normal", "pareto"})),
      optional("correlation", "rank correlation of a packet's jitter with that of the one before it", &P::correlation,
               probability()),
      optional("order", "under jitter packets are kept in order where left out; free: jitter reorders them", &P::order,
               enumeration<JitterOrder>({"kept", "free"})),
      replacing(optional("loss", "share of the IP packets that are lost, each independently", &P::loss, probability()),
                &P::gilbert_elliott),
      replacing(optional("gilbert_elliott", "in place of a loss: losses in bursts", &P::gilbert_elliott,
                         object(gilbert_elliott())),
                &P::loss),
      optional("duplicate", "share of the IP packets that arrive twice", &P::duplicate, probability()),
      optional("reorder", "share of the IP packets that skip the delay and so overtake others", &P::reorder,
               probability()),
      optional("corrupt", "share of the IP packets in which one bit is flipped; receivers find out by the checksum",
               &P::corrupt, probability()),
      optional("queue",
               "bound of the backlog that waits for the rate, in packets or bytes; auto: the "
               "bandwidth-delay product of the longest path through the link",
               &P::queue, queue()),
      optional("discipline", "drop-tail where left out; codel (RFC 8289) drops early what has waited for long",
               &P::discipline, enumeration<Discipline>({"drop-tail", "codel"})),
      optional("ecn", "codel marks packets that allow it (RFC 3168) instead of dropping them", &P::ecn, boolean()),
      optional("codel_target", "of codel: time in the queue that is accepted; 5ms where left out", &P::codel_target,
               duration(kLongestDelay)),
      optional("codel_interval", "of codel: how long it may be exceeded; 100ms where left out", &P::codel_interval,
               duration(kLongestDelay)),
      optional("mtu", "largest IP packet in bytes, the same in both directions; 1500 where left out", &P::mtu,
               integer(kLeastMtu, kLargestMtu)),
  };
}

// Of one direction, which takes the preset's figures of that side.
Object<LinkProperties> direction_object(const char* title, LinkProperties Preset::*side) {
  Fields<LinkProperties> fields{preset<LinkProperties>(
      [side](const Preset& preset, LinkProperties& into) { override_with(preset.*side, into); })};
  return {title, std::move(fields) + link_properties(), kLinkRivals};
}

// For who draws the file, and read from it: nothing of it is left to write.
template <class T>
Field<T> degrees(const char* name, const char* description, double most) {
  const Format<double> format = number_between(-most, most);
  return {name,
          documented(format.schema, description, nullptr),
          false,
          false,
          [format](const Json& value, const std::string& pointer, T&, Problems& problems) {
            double unused = 0;
            format.read(value, pointer, unused, problems);
          },
          [](const T&) { return Json(); }};
}

Object<Datacenter> datacenter() {
  using D = Datacenter;
  return {
      "data center",
      Fields<D>{
          required("name", "its gateway is NAME-gateway", &D::name, name()),
          optional("hosts", "plain hosts NAME-host-0 and up, beside those of the training roles", &D::hosts,
                   integer(0, kMostHosts)),
          optional("lan", "each host's link to the data center's switch, the same in both directions", &D::lan,
                   object(direction_object("LAN", &Preset::down))),
          optional("uplink", "its gateway reaches the network that this machine is in, by NAT; needs root", &D::uplink,
                   flag()),
          optional("device", "a network interface of this machine that its gateway has while the lab lives; needs root",
                   &D::device, device()),
          later<D>("routing"),
          degrees<D>("latitude", "degrees north: where an editor's map has it; the network does not care", 90),
          degrees<D>("longitude", "degrees east, likewise", 180),
      } +
          lift<D, Machine>(
              machine_fields(), [](const D& from) { return from.machine; },
              [](D& into, Machine machine) { into.machine = std::move(machine); })};
}

Object<Node> node() {
  using N = Node;
  return {
      "node",
      Fields<N>{
          required("name", "its hostname", &N::name, name()),
          optional("kind", "a host ends paths, a router forwards packets, a switch forwards frames", &N::kind,
                   enumeration<NodeKind>({"host", "router", "switch"})),
          optional("datacenter", "the data center whose LAN it is on; else its links alone connect it", &N::datacenter,
                   name()),
          optional("uplink", "it reaches the network that this machine is in, by NAT; needs root", &N::uplink, flag()),
          optional("device", "a network interface of this machine that it has while the lab lives; needs root",
                   &N::device, device()),
          later<N>("routing"),
          degrees<N>("latitude", "degrees north: where an editor's map has it; the network does not care", 90),
          degrees<N>("longitude", "degrees east, likewise", 180),
      } +
          lift<N, Machine>(
              machine_fields(), [](const N& from) { return from.machine; },
              [](N& into, Machine machine) { into.machine = std::move(machine); })};
}

// A link's own properties are both directions'; "forward" and "backward" then override theirs.
Field<Link> both_directions(const Field<LinkProperties>& field) {
  return {field.name,
          field.schema,
          field.required,
          field.later,
          [field](const Json& value, const std::string& pointer, Link& into, Problems& problems) {
            Problems again;
            field.read(value, pointer, into.forward, problems);
            field.read(value, pointer, into.backward, again);
          },
          [field](const Link& from) { return from.forward == from.backward ? field.write(from.forward) : Json(); }};
}

Fields<Link> common_properties() {
  Fields<Link> fields{preset<Link>([](const Preset& preset, Link& into) {
    override_with(preset.down, into.forward);
    override_with(preset.up, into.backward);
  })};
  for (const Field<LinkProperties>& field : link_properties()) fields.push_back(both_directions(field));
  return fields;
}

Field<Link> direction(const char* key, const char* description, LinkProperties Link::*member,
                      LinkProperties Preset::*side) {
  const Object<LinkProperties> properties = direction_object("direction", side);
  Field<Link> field = optional(key, description, member, object(properties));
  field.write = [member, properties](const Link& link) {
    return link.forward == link.backward ? Json() : properties.write(link.*member);
  };
  return field;
}

Format<std::string[2]> ends() {
  const Format<std::string> end = name();
  return {{{"title", "two names"}, {"type", "array"}, {"items", end.schema}, {"minItems", 2}, {"maxItems", 2}},
          [end](const Json& value, const std::string& pointer, std::string(&into)[2], Problems& problems) {
            if (!value.is_array() || value.size() != 2) {
              problems.push_back({pointer, "a link has exactly two ends", "write them as [\"a\", \"b\"]"});
              return false;
            }
            for (std::size_t i = 0; i < 2; ++i) end.read(value[i], fmt::format("{}/{}", pointer, i), into[i], problems);
            return true;
          },
          [](const std::string(&from)[2]) {
            return Json{from[0], from[1]};
          }};
}

Object<Link> link() {
  using L = Link;
  Fields<L> fields{
      optional("name", "ENDS[0]--ENDS[1] where left out", &L::name, word("link name")),
      required("ends", "the data centers (then their gateways) or nodes that it joins", &L::ends, ends()),
  };
  return {"link",
          fields + common_properties() +
              Fields<L>{direction("forward", "overrides from ends[0] to ends[1]", &L::forward, &Preset::down),
                        direction("backward", "overrides from ends[1] to ends[0]", &L::backward, &Preset::up)},
          kLinkRivals};
}

Object<Topology> topology() {
  using T = Topology;
  return {
      "topology",
      {
          optional("datacenters", "each a gateway with a LAN of hosts", &T::datacenters, list_of(object(datacenter()))),
          optional("nodes", "single nodes, beside the data centers", &T::nodes, list_of(object(node()))),
          optional("links", "between data centers and nodes", &T::links, list_of(object(link()))),
          optional("routing",
                   "of its routers: static shortest paths by delay, or FRRouting's ospf (by delay too) or bgp (each "
                   "router an AS of its own)",
                   &T::routing, enumeration<Routing>({"static", "ospf", "bgp"})),
      }};
}

// --- the rest
// ---------------------------------------------------------------------------------------------------------

Object<Expectation> expectation() {
  using E = Expectation;
  return {"expectation",
          {
              required("metric", "a path in the run's summary.json", &E::metric, word("path")),
              optional("min", "met if the value is at least this", &E::min, number()),
              optional("max", "met if the value is at most this", &E::max, number()),
          }};
}

// Judged before anything else is read (parse.cc), always written.
Field<Scenario> version() {
  Json schema{{"title", "integer"}, {"const", 1}};
  return {"version",
          documented(schema, "always 1, the version of the file format", nullptr),
          true,
          false,
          [](const Json&, const std::string&, Scenario&, Problems&) {},
          [](const Scenario&) { return Json(1); }};
}

Field<Scenario> seed() {
  const Format<std::uint64_t> format = integer64(0, std::numeric_limits<std::uint64_t>::max());
  Field<Scenario> field = optional("seed", "same seed, same result; given, impairments repeat packet by packet too",
                                   &Scenario::seed, format);
  field.read = [format](const Json& value, const std::string& pointer, Scenario& into, Problems& problems) {
    into.seed_given = format.read(value, pointer, into.seed, problems);
  };
  field.write = [](const Scenario& from) { return from.seed_given ? Json(from.seed) : Json(); };
  return field;
}

Field<Scenario> description() {
  Field<Scenario> field = optional("description", "for people", &Scenario::description, text());
  field.write = [](const Scenario& from) { return from.description.empty() ? Json() : Json(from.description); };
  return field;
}

// For `sweep`, which reads it by itself: what runs has none of it.
Field<Scenario> sweep() {
  return {
      "sweep",
      documented(sweep_table().schema(), "what `geomx-emu sweep` varies where its command line does not say", nullptr),
      false,
      false,
      [](const Json& value, const std::string& pointer, Scenario&, Problems& problems) {
        SweepSection unused;
        sweep_table().read(value, pointer, unused, problems);
      },
      [](const Scenario&) { return Json(); }};
}

Object<Scenario> scenario() {
  using S = Scenario;
  return {
      "scenario",
      {
          version(),
          required("name", "what a lab of it is called", &S::name, name()),
          description(),
          seed(),
          required("topology", "the network", &S::topology, object(topology())),
          optional("training", "the training job that runs in it", &S::training, object(training_table())),
          optional("workload", "in place of training: commands that run in it", &S::workload,
                   list_of(object(command_table()))),
          optional("events", "what happens to links and nodes, and when", &S::events, list_of(object(event_table()))),
          optional("expect", "what must hold after a run", &S::expect, list_of(object(expectation()))),
          sweep(),
      }};
}

}  // namespace

const Object<LinkProperties>& link_properties_table() {
  static const Object<LinkProperties> table("link", link_properties(), kLinkRivals);
  return table;
}

const Rivals& link_rivals() {
  return kLinkRivals;
}

const Object<Scenario>& scenario_table() {
  static const Object<Scenario> table = scenario();
  return table;
}

}  // namespace geomx::scenario
