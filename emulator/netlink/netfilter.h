#pragma once

#include <netinet/in.h>  // before <linux/netfilter.h>, which gives way to it

#include <libmnl/libmnl.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

// Talking to the kernel's netfilter, for this folder's own .cc files: messages in one buffer, a socket to send them by,
// and the parts that rules of nf_tables are made of.
namespace geomx::netlink {

// Messages for netfilter, one after the other in one buffer.
class NetfilterBatch {
 public:
  // `attempt` and `object`: what is being done to what, for errors.
  NetfilterBatch(std::string attempt, std::string object);

  nlmsghdr* begin(int type, int flags, int family = NFPROTO_IPV4, int resource = 0);
  void end(const nlmsghdr* message);

  // What lies between these is carried out as a whole or not at all; the last message in it must ask for an answer
  // (NLM_F_ACK), which stands for all.
  void begin_transaction() { end(begin(NFNL_MSG_BATCH_BEGIN, 0, AF_UNSPEC, NFNL_SUBSYS_NFTABLES)); }
  void end_transaction() { end(begin(NFNL_MSG_BATCH_END, 0, AF_UNSPEC, NFNL_SUBSYS_NFTABLES)); }

  const std::string& attempt() const { return attempt_; }
  const std::string& object() const { return object_; }
  const std::byte* data() const { return buffer_.data(); }
  std::size_t size() const { return used_; }
  std::uint32_t last() const { return sequence_; }         // of all
  std::uint32_t last_asking() const { return answered_; }  // of those that ask for an answer

 private:
  std::string attempt_;
  std::string object_;
  std::vector<std::byte> buffer_;
  std::size_t used_ = 0;
  std::uint32_t sequence_ = 0;
  std::uint32_t answered_ = 0;
};

// A socket to the kernel's netfilter, closed with its owner; in the calling thread's network namespace.
class NetfilterSocket {
 public:
  explicit NetfilterSocket(const std::string& object);  // throws SystemError
  NetfilterSocket(const NetfilterSocket&) = delete;
  NetfilterSocket& operator=(const NetfilterSocket&) = delete;
  ~NetfilterSocket();

  // Returns once `last` is answered, after at most 10 s: 0 or the first error of all. `each` sees every message that is
  // no such answer.
  int exchange(const NetfilterBatch& batch, std::uint32_t last, const std::function<void(const nlmsghdr*)>& each = {});
  // The same for a transaction; throws SystemError.
  void execute(const NetfilterBatch& batch);

 private:
  mnl_socket* socket_;
};

constexpr int type_of(nf_tables_msg_types message) {
  return NFNL_SUBSYS_NFTABLES << 8 | message;
}

void put_number(nlmsghdr* message, int attribute, std::uint32_t value);  // as netfilter has them: big endian

// One step of a rule: a name, and its own attributes.
void put_expression(nlmsghdr* message, const char* name, const std::function<void()>& attributes = {});
// Goes on with the rule only where the register (NFT_REG_1) has that value, or has not.
void put_compare(nlmsghdr* message, const void* value, std::size_t size, bool equal = true);

}  // namespace geomx::netlink
