#pragma once

#include <optional>
#include <string>
#include <vector>

#include "emulator/sandbox/namespace.h"

// What a node's programs see of the file system where that is not just what the lab sees.
namespace geomx::sandbox {

struct NodeFile {
  std::string path;                 // in the node, absolute and normal
  std::optional<std::string> text;  // none: `from`
  std::string from;                 // a file of this machine, which is copied, or a folder, which can be read there
  bool executable = false;
};

struct NodeView {
  // Folders that together, the first on top, become the root, with the lab's /proc, /sys, /dev and /etc/hosts and the
  // machine's resolv.conf in it; none: the machine's own root. Nothing is written to them: what the node's programs
  // write is kept in memory and goes with the node.
  std::vector<std::string> root;
  std::string directory;             // with a root: one that is made where it is missing
  std::vector<std::string> folders;  // the node's own, empty at first
  std::vector<NodeFile> files;
  bool empty() const { return root.empty() && folders.empty() && files.empty(); }
};

// A mount namespace in which `view` is seen; to be called inside a lab, after install_hosts_file. No file of the
// machine is changed. Where a file is placed into a folder that lacks it, this node has that folder to itself: its
// entries are the machine's, new ones are the node's own. Throws SystemError naming the file or folder that cannot be
// had.
Namespace create_view(const NodeView& view);

}  // namespace geomx::sandbox
