#pragma once

#include <memory>

#include "ps/transport/transport.h"

namespace geomx::ps {

// A network inside one process, for tests: nodes are threads, ports are numbers of its own, and frames travel by
// pointer: who stops waits, a second at most, for those that still read what it has sent. Its transports keep it alive.
//
// Threading: any. A transport's own rules are Transport's.
class InprocNetwork : public std::enable_shared_from_this<InprocNetwork> {
 public:
  static std::shared_ptr<InprocNetwork> make();
  ~InprocNetwork();
  InprocNetwork(const InprocNetwork&) = delete;
  InprocNetwork& operator=(const InprocNetwork&) = delete;

  std::unique_ptr<Transport> transport();

 private:
  friend class InprocTransport;
  struct Impl;
  InprocNetwork();
  std::unique_ptr<Impl> impl_;
};

}  // namespace geomx::ps
