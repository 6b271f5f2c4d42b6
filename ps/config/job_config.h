#pragma once

#include <map>
#include <string>

#include "ps/config/codec_config.h"
#include "ps/config/fault_config.h"
#include "ps/config/flow_config.h"
#include "ps/config/sync_config.h"
#include "ps/config/variables.h"
#include "ps/proto/ps.pb.h"

namespace geomx::ps {

// What a job does, the same on all of its nodes.
struct JobConfig {
  SyncConfig sync;
  CodecConfig codec;
  FaultConfig faults{};
  FlowConfig flow;
};

// What nodes have been told of the job: names of variables (docs/training.md) and their values, in the form in which
// they are compared. A node need not be told anything: greetings carry the settings to the servers, which compare and
// collect them, and their answers carry the collection back. So a worker's option reaches the whole job, and two nodes
// that were told different things are refused.
//
// Not synchronised. Errors: Error, in one line.
class Settings {
 public:
  // Of this node's environment. MXNET_KVSTORE_USE_HFA=1 is another way to say GEOMX_SYNC=hfa.
  static Settings read(const Variables& variables);

  // Throws where the name is unknown, the value out of range, or another one is set already.
  void set(const std::string& name, const std::string& value);

  // Takes in what `other` was told; `self` is what this node is called. Throws, naming the setting, the two nodes and
  // the two values, where they differ.
  void take(const proto::Greeting& other, const std::string& other_name, const std::string& self);
  void write(proto::Greeting& greeting) const;

  // With the defaults for what nobody has been told. Throws where settings do not fit together.
  JobConfig job() const;

  bool operator==(const Settings&) const = default;

 private:
  struct Setting {
    std::string value;
    std::string told;  // the node that was told; empty: this one
    bool operator==(const Setting& other) const { return value == other.value; }
  };
  std::map<std::string, Setting> settings_;
};

}  // namespace geomx::ps
