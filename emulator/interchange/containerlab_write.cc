#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <map>

#include "emulator/base/units.h"
#include "emulator/interchange/containerlab.h"

namespace geomx::interchange {
namespace {

constexpr std::size_t kLongestInterface = 15;  // of the kernel

class Writer {
 public:
  Writer(const lab::Plan& plan, const std::string& image) : plan_(plan), image_(image) {
    for (std::size_t n = 0; n < plan.nodes.size(); ++n) index_[plan.nodes[n].name] = n;
  }

  Containerlab write() && {
    std::string nodes;
    for (std::size_t n = 0; n < plan_.nodes.size(); ++n) nodes += node(n);
    std::string links;
    for (std::size_t l = 0; l < plan_.links.size(); ++l) links += link(l);
    result_.yaml = fmt::format("name: {}\ntopology:\n  nodes:\n{}", plan_.lab, nodes);
    if (!links.empty()) result_.yaml += "  links:\n" + links;
    if (!commands_.empty()) {
      result_.yaml += "\n# What the links are asked, to be set after 'containerlab deploy':\n" + commands_;
    }
    return std::move(result_);
  }

 private:
  bool is_switch(std::size_t node) const { return lab::is_switch(plan_.nodes[node]); }

  // A bridge goes by the name that it has on the machine, which is an interface's.
  std::string name_of(std::size_t node) const {
    const std::string& name = plan_.nodes[node].name;
    return is_switch(node) && name.size() > kLongestInterface ? fmt::format("gx-br{}", node) : name;
  }

  // eth0 is containerlab's own, for management. A bridge's ports lie in one namespace and must differ in name.
  std::string interface_of(std::size_t link, const lab::PlannedLink::End& end) const {
    if (is_switch(index_.at(end.node))) return fmt::format("gx-port{}", link);
    return fmt::format("eth{}", std::stoi(end.interface.substr(3)) + 1);
  }

  void note(const std::string& where, const std::string& what, const std::string& hint = {}) {
    result_.notes.push_back({where, what, hint});
  }

  std::string node(std::size_t n) {
    const lab::PlannedNode& node = plan_.nodes[n];
    std::string text = fmt::format("    {}:\n      kind: {}\n", name_of(n), is_switch(n) ? "bridge" : "linux");
    if (node.device) {
      note(node.name, fmt::format("its device, this machine's {}, is not converted", node.device->name));
    }
    if (is_switch(n)) {
      note(node.name, "containerlab wants to find this bridge on the machine",
           fmt::format("ip link add {} type bridge; ip link set {} up", name_of(n), name_of(n)));
      return text;
    }
    if (node.machine != scenario::Machine{}) {
      note(node.name, "its own image, cpu, memory, env, files and start are not converted");
    }
    if (!node.learned.empty()) note(node.name, "the routing daemon that learns its routes is not converted");
    text += fmt::format("      image: {}\n      exec:\n", image_);
    if (node.kind == scenario::NodeKind::router) text += "        - sysctl -w net.ipv4.ip_forward=1\n";
    for (std::size_t i = 0; i < node.interfaces.size(); ++i) {
      const lab::PlannedInterface& interface = node.interfaces[i];
      text += fmt::format("        - ip address add {}/{} dev eth{}\n", to_string(interface.address), interface.prefix,
                          i + 1);
    }
    for (const lab::PlannedRoute& route : node.routes) {
      const std::string to =
          route.prefix == 0 ? "default" : fmt::format("{}/{}", to_string(route.destination), route.prefix);
      text += fmt::format("        - ip route replace {} via {}\n", to, to_string(route.gateway));
    }
    return text;
  }

  std::string link(std::size_t l) {
    const lab::PlannedLink& link = plan_.links[l];
    std::string ends[2];
    for (int end = 0; end < 2; ++end) {
      ends[end] = fmt::format("{}:{}", name_of(index_.at(link.ends[end].node)), interface_of(l, link.ends[end]));
    }
    shape(l, link.ends[0], link.forward);
    shape(l, link.ends[1], link.backward);
    return fmt::format("    - endpoints: [\"{}\", \"{}\"]\n", ends[0], ends[1]);
  }

  void shape(std::size_t l, const lab::PlannedLink::End& from, const shaper::Direction& asked) {
    if (!asked.shaped()) return;
    const std::string where = fmt::format("{} from {}", plan_.links[l].name, from.node);
    const std::size_t node = index_.at(from.node);
    if (is_switch(node)) {
      note(where, "what this direction is asked is not converted",
           "containerlab shapes what a container sends, not a bridge");
      return;
    }
    std::string command = fmt::format("containerlab tools netem set -n clab-{}-{} -i {}", plan_.lab, name_of(node),
                                      interface_of(l, from));
    if (asked.delay.count() > 0) command += fmt::format(" --delay {}us", microseconds(asked.delay));
    if (asked.jitter.count() > 0) command += fmt::format(" --jitter {}us", microseconds(asked.jitter));
    if (asked.loss > 0) command += fmt::format(" --loss {}", 100 * asked.loss);
    if (asked.rate)
      command += fmt::format(" --rate {}", std::max<std::uint64_t>(1, asked.rate->value / 1000));  // kbit/s
    commands_ += fmt::format("#   {}\n", command);
    note(where, "is not shaped by the topology file", command);
    if (asked.rate) note(where, "its queue is not converted", "containerlab has no option for it");
  }

  static std::int64_t microseconds(Nanoseconds time) {
    return std::chrono::round<std::chrono::microseconds>(time).count();
  }

  const lab::Plan& plan_;
  const std::string& image_;
  std::map<std::string, std::size_t> index_;
  Containerlab result_;
  std::string commands_;
};

}  // namespace

Containerlab to_containerlab(const lab::Plan& plan, const std::string& image) {
  return Writer(plan, image).write();
}

}  // namespace geomx::interchange
