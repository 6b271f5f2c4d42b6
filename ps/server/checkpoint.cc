#include "ps/server/checkpoint.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <iterator>
#include <utility>

#include "ps/config/error.h"

namespace geomx::ps {
namespace {

constexpr std::string_view kMagic = "geomx-checkpoint 1\n";

Chunk chunk_of(const proto::ChunkState& state) {
  return {state.key(), state.offset(), state.length(), state.total()};
}

// FNV-1a (Fowler, Noll, Vo), 64 bits.
std::uint64_t sum_of(std::string_view bytes) {
  std::uint64_t sum = 0xcbf29ce484222325;
  for (const char byte : bytes) sum = (sum ^ static_cast<unsigned char>(byte)) * 0x100000001b3;
  return sum;
}

void put(std::string& file, std::uint64_t number) {
  file.append(reinterpret_cast<const char*>(&number), sizeof number);
}

void put(std::string& file, const google::protobuf::MessageLite& message) {
  const std::string bytes = message.SerializeAsString();
  put(file, bytes.size());
  file += bytes;
}

// Takes one after the other from the front of a file's bytes.
class Reader {
 public:
  Reader(std::string_view bytes, std::string file) : rest_(bytes), file_(std::move(file)) {}

  std::uint64_t number() {
    std::uint64_t number = 0;
    std::memcpy(&number, take(sizeof number).data(), sizeof number);
    return number;
  }
  template <typename Message>
  Message message() {
    const std::string_view bytes = take(number());
    Message message;
    if (!message.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) damaged();
    return message;
  }
  std::string_view take(std::size_t size) {
    if (size > rest_.size()) damaged();
    const std::string_view taken = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return taken;
  }
  [[noreturn]] void damaged() const {
    throw Error("the checkpoint " + file_ + " is damaged (remove it to begin from the start)");
  }

 private:
  std::string_view rest_;
  const std::string file_;
};

[[noreturn]] void failed(const std::string& what, const std::filesystem::path& file) {
  throw Error("cannot " + what + " " + file.string() + ": " + std::strerror(errno));
}

void write_whole(const std::filesystem::path& file, const std::string& bytes) {
  const int fd = ::open(file.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  if (fd < 0) failed("open", file);
  std::string_view rest = bytes;
  bool good = true;
  while (good && !rest.empty()) {
    const ssize_t written = ::write(fd, rest.data(), rest.size());
    good = written >= 0 || errno == EINTR;
    if (written > 0) rest.remove_prefix(static_cast<std::size_t>(written));
  }
  good = good && ::fsync(fd) == 0;
  const int error = errno;
  ::close(fd);
  errno = error;
  if (!good) failed("write", file);
}

}  // namespace

Checkpoints::Checkpoints(const CheckpointConfig& config, Log log)
    : folder_(config.folder), every_(static_cast<std::uint64_t>(config.every)), log_(std::move(log)) {
  std::error_code error;
  std::filesystem::create_directories(folder_, error);
  if (error) throw Error("GEOMX_CHECKPOINT_DIR=" + config.folder + " cannot be made: " + error.message());
  if (::access(folder_.c_str(), W_OK | X_OK) != 0) {
    throw Error("GEOMX_CHECKPOINT_DIR=" + config.folder + " cannot be written to: " + std::strerror(errno));
  }
  thread_ = std::thread([this] { work(); });
}

Checkpoints::~Checkpoints() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

std::filesystem::path Checkpoints::file_of(std::uint32_t shard) const {
  return folder_ / ("global-server-" + std::to_string(shard) + ".checkpoint");
}

std::optional<Checkpoints::Content> Checkpoints::read(std::uint32_t shard) const {
  const std::filesystem::path file = file_of(shard);
  if (!std::filesystem::exists(file)) return std::nullopt;
  std::ifstream in(file, std::ios::binary);
  const std::string bytes{std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
  if (in.bad()) failed("read", file);
  Reader reader(bytes, file.string());
  if (reader.take(kMagic.size()) != kMagic) reader.damaged();
  Content content;
  content.head = reader.message<proto::CheckpointHead>();
  for (std::uint32_t i = 0; i < content.head.chunks(); ++i) {
    content.chunks.push_back(reader.message<proto::ChunkState>());
  }
  if (reader.number() != sum_of(std::string_view(bytes).substr(0, bytes.size() - sizeof(std::uint64_t)))) {
    reader.damaged();
  }
  return content;
}

void Checkpoints::begin(const proto::CheckpointHead& head, const std::vector<proto::ChunkState>& restored) {
  States states;
  for (const proto::ChunkState& state : restored) states.emplace(chunk_of(state), state);
  const std::lock_guard lock(mutex_);
  head_ = head;
  durable_ = rounds_of(states);
}

void Checkpoints::set_optimizer(const proto::OptimizerConfig& optimizer) {
  const std::lock_guard lock(mutex_);
  *head_.mutable_optimizer() = optimizer;
}

void Checkpoints::add(std::size_t all, proto::ChunkState state) {
  const std::lock_guard lock(mutex_);
  const std::uint64_t closings = state.closings();
  States& states = collected_[closings];
  const Chunk chunk = chunk_of(state);
  states.insert_or_assign(chunk, std::move(state));
  if (states.size() < all) return;
  to_write_ = std::move(states);
  collected_.erase(collected_.begin(), collected_.upper_bound(closings));
  changed_.notify_all();
}

std::uint64_t Checkpoints::durable(const Chunk& chunk, std::uint64_t contributor) const {
  const std::lock_guard lock(mutex_);
  const auto found = durable_.find(chunk);
  if (found == durable_.end()) return 0;
  const auto own = found->second.own.find(contributor);
  return own == found->second.own.end() ? found->second.of_all : own->second;
}

std::map<Chunk, Checkpoints::Rounds> Checkpoints::rounds_of(const States& states) {
  std::map<Chunk, Rounds> rounds;
  for (const auto& [chunk, state] : states) {
    Rounds& of_chunk = rounds[chunk];
    of_chunk.of_all = state.round();
    for (const proto::OwnRound& own : state.own_rounds()) of_chunk.own[own.contributor()] = own.round();
  }
  return rounds;
}

void Checkpoints::work() {
  std::unique_lock lock(mutex_);
  for (;;) {
    changed_.wait(lock, [&] { return stopping_ || to_write_; });
    if (!to_write_) return;
    const States states = *std::exchange(to_write_, std::nullopt);
    const proto::CheckpointHead head = head_;
    lock.unlock();
    std::string error;
    try {
      write(head, states);
    } catch (const Error& failure) {
      error = failure.what();
    }
    if (log_ && !error.empty()) log_(kNecessary, "no checkpoint: " + error);
    lock.lock();
    if (error.empty()) durable_ = rounds_of(states);
  }
}

void Checkpoints::write(const proto::CheckpointHead& head, const States& states) const {
  proto::CheckpointHead whole = head;
  whole.set_chunks(static_cast<std::uint32_t>(states.size()));
  std::string bytes(kMagic);
  put(bytes, whole);
  for (const auto& [chunk, state] : states) put(bytes, state);
  put(bytes, sum_of(bytes));
  const std::filesystem::path file = file_of(head.shard());
  std::filesystem::path beside = file;
  beside += ".new";
  write_whole(beside, bytes);
  if (::rename(beside.c_str(), file.c_str()) != 0) failed("rename", beside);
  if (log_) log_(kDetails, "checkpoint after " + std::to_string(states.begin()->second.closings()) + " rounds");
}

}  // namespace geomx::ps
