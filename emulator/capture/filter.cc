#include "emulator/capture/filter.h"

#include <linux/filter.h>
#include <pcap/pcap.h>
#include <sys/socket.h>

#include <algorithm>
#include <vector>

#include "emulator/base/error.h"
#include "emulator/capture/pcap_file.h"

namespace geomx::capture {

struct Filter::Program {
  std::vector<sock_filter> instructions;
};

Filter::Filter(const std::string& expression) : program_(std::make_unique<Program>()) {
  const std::unique_ptr<pcap_t, void (*)(pcap_t*)> handle(pcap_open_dead(DLT_EN10MB, kSnapLength), pcap_close);
  if (!handle) throw WorkError("--filter", "libpcap's compiler cannot be had: out of memory");
  bpf_program compiled{};
  if (pcap_compile(handle.get(), &compiled, expression.c_str(), 1, PCAP_NETMASK_UNKNOWN) != 0) {
    throw InputError("--filter", "\"" + expression + "\": " + pcap_geterr(handle.get()),
                     "write it as for tcpdump, for example \"tcp port 5000 and host 10.1.0.2\"");
  }
  for (unsigned i = 0; i < compiled.bf_len; ++i) {
    const bpf_insn& from = compiled.bf_insns[i];
    program_->instructions.push_back({from.code, from.jt, from.jf, from.k});
  }
  pcap_freecode(&compiled);
}

Filter::Filter(Filter&&) noexcept = default;
Filter::~Filter() = default;

void Filter::attach(int socket) const {
  const sock_fprog program{static_cast<unsigned short>(program_->instructions.size()), program_->instructions.data()};
  check(::setsockopt(socket, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof program), "attach the filter", "capture");
}

}  // namespace geomx::capture
