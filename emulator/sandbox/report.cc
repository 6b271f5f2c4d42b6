#include "emulator/sandbox/report.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <string_view>
#include <vector>

#include "emulator/base/error.h"

namespace geomx::sandbox::report {

namespace {

constexpr std::uint32_t kMaxText = 64 << 10;

// Number of bytes read; less than `size` only at the end.
std::size_t read_all(int fd, void* data, std::size_t size) {
  std::size_t done = 0;
  while (done < size) {
    const ssize_t got = ::read(fd, static_cast<char*>(data) + done, size - done);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) throw SystemError({}, "read the lab's start report", errno);
    if (got == 0) break;
    done += static_cast<std::size_t>(got);
  }
  return done;
}

struct Header {
  Type type;
  std::uint32_t size;
};

}  // namespace

void write(int fd, Type type, const std::string& text) {
  const Header header{type, static_cast<std::uint32_t>(std::min<std::size_t>(text.size(), kMaxText))};
  std::vector<char> frame(sizeof(header) + header.size);
  std::memcpy(frame.data(), &header, sizeof(header));
  std::memcpy(frame.data() + sizeof(header), text.data(), header.size);
  for (std::size_t done = 0; done < frame.size();) {
    const ssize_t put = ::write(fd, frame.data() + done, frame.size() - done);
    if (put < 0 && errno == EINTR) continue;
    if (put < 0) throw SystemError({}, "report to the lab's starter", errno);
    done += static_cast<std::size_t>(put);
  }
}

bool read(int fd, Frame& frame) {
  Header header{};
  if (read_all(fd, &header, sizeof(header)) < sizeof(header)) return false;
  frame.type = header.type;
  frame.text.resize(std::min(header.size, kMaxText));
  return read_all(fd, frame.text.data(), frame.text.size()) == frame.text.size();
}

// "TYPE\0WHERE\0HINT\0TEXT", TYPE being 'i', 'w' or "sERRNO".
std::string encode(const std::exception& exception) {
  std::string type = "w";
  std::string where;
  std::string hint;
  std::string what = exception.what();
  if (const auto* error = dynamic_cast<const Error*>(&exception)) {
    where = error->where();
    hint = error->hint();
    if (dynamic_cast<const InputError*>(error) != nullptr) type = "i";
  }
  if (const auto* error = dynamic_cast<const SystemError*>(&exception)) {
    type = "s" + std::to_string(error->error_number());
    // The constructor will put the kernel's words behind the attempt again.
    const std::string words = std::string(": ") + std::strerror(error->error_number());
    if (what.ends_with(words)) what.resize(what.size() - words.size());
  }
  return type + '\0' + where + '\0' + hint + '\0' + what;
}

void rethrow(const std::string& text) {
  std::string parts[4];
  std::string_view rest = text;
  for (int i = 0; i < 4; ++i) {
    const std::size_t end = i == 3 ? rest.size() : std::min(rest.find('\0'), rest.size());
    parts[i] = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  const auto& [type, where, hint, what] = parts;
  if (type == "i") throw InputError(where, what, hint);
  if (type.starts_with('s')) throw SystemError(where, what, std::atoi(type.c_str() + 1), hint);
  throw WorkError(where, what, hint);
}

}  // namespace geomx::sandbox::report
