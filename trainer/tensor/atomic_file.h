#pragma once

#include <cstddef>
#include <filesystem>
#include <string>

namespace geomx::trainer {

// A file that is there whole or not at all: written beside its place (NAME.part), to disk, and renamed; then the
// folder goes to disk, too. What a killed process has left beside it the next one writes over. One writer a file.
//
// Errors: Error, naming the file. Without commit(), nothing is left. Move-only resource: neither copied nor moved.
class AtomicFile {
 public:
  explicit AtomicFile(std::filesystem::path file);
  ~AtomicFile();
  AtomicFile(const AtomicFile&) = delete;
  AtomicFile& operator=(const AtomicFile&) = delete;

  void write(const void* bytes, std::size_t size);
  void commit();

 private:
  [[noreturn]] void failed(int error) const;
  const std::filesystem::path file_;
  const std::filesystem::path part_;
  int fd_ = -1;
};

// Throws Error, naming it.
std::string read_whole_file(const std::filesystem::path& file);

}  // namespace geomx::trainer
