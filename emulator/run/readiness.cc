#include "emulator/run/readiness.h"

#include <fmt/format.h>

#include <fstream>
#include <utility>

namespace geomx::run {
namespace {

std::optional<struct stat> state_of(const std::filesystem::path& file) {
  struct stat state {};
  return ::stat(file.c_str(), &state) == 0 ? std::optional(state) : std::nullopt;
}

bool same(const timespec& a, const timespec& b) {
  return a.tv_sec == b.tv_sec && a.tv_nsec == b.tv_nsec;
}

}  // namespace

Readiness::Readiness(scenario::Ready wanted, std::string node, std::filesystem::path log,
                     const std::filesystem::path& directory)
    : wanted_(std::move(wanted)), node_(std::move(node)), log_(std::move(log)) {
  if (wanted_.file) file_ = directory / *wanted_.file;
}

void Readiness::begin() {
  seen_ = false;
  rest_.clear();
  std::error_code missing;
  const std::uintmax_t size = std::filesystem::file_size(log_, missing);
  read_ = missing ? 0 : size;
  before_ = state_of(file_);
}

bool Readiness::seen(control::Client& client) {
  if (seen_) return true;
  if (wanted_.port) seen_ = client.listens(node_, *wanted_.port);
  if (wanted_.output) seen_ = printed();
  if (wanted_.file) seen_ = touched();
  return seen_;
}

bool Readiness::printed() {
  std::ifstream log(log_, std::ios::binary);
  log.seekg(static_cast<std::streamoff>(read_));
  char buffer[16 * 1024];
  while (log.read(buffer, sizeof buffer), log.gcount() > 0) {
    read_ += static_cast<std::uintmax_t>(log.gcount());
    rest_.append(buffer, static_cast<std::size_t>(log.gcount()));
    if (rest_.find(*wanted_.output) != std::string::npos) return true;
    const std::size_t keep = wanted_.output->size() - 1;
    if (rest_.size() > keep) rest_.erase(0, rest_.size() - keep);
  }
  return false;
}

bool Readiness::touched() const {
  const std::optional<struct stat> now = state_of(file_);
  if (!now || !before_) return now.has_value();
  return now->st_ino != before_->st_ino || now->st_size != before_->st_size || !same(now->st_mtim, before_->st_mtim);
}

std::string Readiness::what_is_missing() const {
  if (wanted_.port) return fmt::format("nothing listens on TCP port {}", *wanted_.port);
  if (wanted_.output) return fmt::format("it has not printed \"{}\"", *wanted_.output);
  return fmt::format("{} has not been made or written to", file_.string());
}

}  // namespace geomx::run
