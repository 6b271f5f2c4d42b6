#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "ps/proto/ps.pb.h"

namespace geomx::ps {

inline constexpr std::uint32_t kProtocolVersion = 2;

enum class Role : std::uint8_t { scheduler = 1, server = 2, worker = 3 };

// A member of one plane: its role and its rank among that role. The scheduler is always {scheduler, 0}.
struct NodeId {
  Role role = Role::scheduler;
  std::uint32_t rank = 0;
  auto operator<=>(const NodeId&) const = default;  // NOLINT(modernize-use-nullptr): mistakes <=> for a pointer
  std::uint32_t packed() const { return (static_cast<std::uint32_t>(role) << 24) | rank; }
  static NodeId unpacked(std::uint32_t packed) { return {static_cast<Role>(packed >> 24), packed & 0xffffffu}; }
};
std::string to_string(NodeId id);  // "worker 2"

inline constexpr NodeId kScheduler{Role::scheduler, 0};

// Immutable bytes with shared ownership: a tensor travels from the sender's memory into the socket, and from the
// receiver's socket buffer into the reader, without a copy of ours. A received Buffer is aligned to kAlignment.
class Buffer {
 public:
  static constexpr std::size_t kAlignment = 8;

  Buffer() = default;
  // `owner` keeps [data, data + size) alive and unchanged until the last copy of this Buffer has gone.
  Buffer(std::shared_ptr<const void> owner, const void* data, std::size_t size)
      : owner_(std::move(owner)), data_(data), size_(size) {}
  static Buffer copy_of(const void* data, std::size_t size);

  const void* data() const { return data_; }
  std::size_t size() const { return size_; }
  // Whether this Buffer keeps its bytes alive; else its maker does, for as long as it has promised.
  bool owned() const { return owner_ != nullptr; }
  // Its first bytes, at most as many as it has; with the same owner.
  Buffer first(std::size_t size) const { return {owner_, data_, size}; }
  template <typename T>
  std::span<const T> as() const {  // the size must be a multiple of sizeof(T)
    return {static_cast<const T*>(data_), size_ / sizeof(T)};
  }

 private:
  std::shared_ptr<const void> owner_;
  const void* data_ = nullptr;
  std::size_t size_ = 0;
};

struct Message {
  proto::Header header;
  std::vector<Buffer> frames;
};

}  // namespace geomx::ps
