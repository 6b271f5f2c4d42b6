#include "emulator/sandbox/node_view.h"

#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <vector>

#include "emulator/base/error.h"
#include "emulator/base/fd.h"
#include "emulator/sandbox/lab_process.h"

namespace geomx::sandbox {
namespace {

namespace fs = std::filesystem;

constexpr const char* kOldRoot = "/.geomx-old";  // where the lab's root is while the node's is being arranged
constexpr std::uintmax_t kLargestFile = std::uintmax_t{64} << 20;  // bytes: it is kept in memory

void mount_or_throw(const std::string& source, const std::string& target, const char* type, unsigned long flags,
                    const std::string& data = {}, const std::string& hint = {}) {
  if (::mount(source.c_str(), target.c_str(), type, flags, data.empty() ? nullptr : data.c_str()) < 0) {
    throw SystemError(target, type != nullptr ? std::string("mount ") + type : "mount over it", errno, hint);
  }
}

void make_folder(const fs::path& path, mode_t mode = 0755) {
  if (::mkdir(path.c_str(), mode) < 0 && errno != EEXIST) throw SystemError(path, "create folder", errno);
}

void make_folders(const fs::path& path) {
  if (fs::exists(path)) return;
  make_folders(path.parent_path());
  make_folder(path);
}

void write_file(const fs::path& path, const std::string& text, mode_t mode) {
  const FileDescriptor file(check(::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode), "write", path));
  for (std::size_t written = 0; written < text.size();) {
    const ssize_t size = ::write(file.get(), text.data() + written, text.size() - written);
    check(size < 0 ? -1 : 0, "write", path);
    written += static_cast<std::size_t>(size);
  }
  check(::fchmod(file.get(), mode), "set the mode of", path);
}

std::string read_file(const std::string& path) {
  struct stat found {};
  check(::stat(path.c_str(), &found), "read", path);
  if (static_cast<std::uintmax_t>(found.st_size) > kLargestFile) {
    throw SystemError(path, "copy it into a node", EFBIG, "64 MiB at most; place its folder instead");
  }
  errno = 0;
  std::ifstream file(path, std::ios::binary);
  if (!file) throw SystemError(path, "read", errno);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

// A folder of this machine as a mount of its own that is nowhere yet, and can only be read.
FileDescriptor detached_folder(const std::string& path) {
  FileDescriptor tree(check(::open_tree(AT_FDCWD, path.c_str(), OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_RECURSIVE),
                            "open folder", path));
  mount_attr attributes{};
  attributes.attr_set = MOUNT_ATTR_RDONLY;
  check(::mount_setattr(tree.get(), "", AT_EMPTY_PATH | AT_RECURSIVE, &attributes, sizeof attributes),
        "make it read-only", path);
  return tree;
}

// Colons and commas mean something to overlayfs.
std::string escaped(const std::string& path) {
  std::string text;
  for (const char c : path) {
    if (c == ':' || c == ',' || c == '\\') text += '\\';
    text += c;
  }
  return text;
}

// Arranges the calling thread's mount namespace, which is the node's.
class Arrangement {
 public:
  explicit Arrangement(const NodeView& view) : view_(view), staging_(std::string(kPrivateDirectory) + "/.geomx-node") {}

  void make() {
    make_folder(staging_, 0700);
    mount_or_throw("tmpfs", staging_, "tmpfs", MS_NOSUID | MS_NODEV, "mode=755");
    // As they are seen from here, before anything is moved.
    for (const NodeFile& file : view_.files) sources_.push_back(source_of(file));
    if (!view_.root.empty()) take_root();
    for (const std::string& folder : view_.folders) empty_folder(folder);
    for (std::size_t i = 0; i < view_.files.size(); ++i) place(i);
    // What is mounted from it elsewhere stays.
    ::umount2(staging_.c_str(), MNT_DETACH);
  }

 private:
  struct Source {
    std::string text;
    mode_t mode = 0644;
    FileDescriptor folder;  // none: a file
  };

  static Source source_of(const NodeFile& file) {
    Source source;
    if (file.text) {
      source.text = *file.text;
    } else {
      struct stat found {};
      check(::stat(file.from.c_str(), &found), "place it into a node", file.from);
      if (S_ISDIR(found.st_mode)) {
        source.folder = detached_folder(file.from);
        return source;
      }
      source.text = read_file(file.from);
      source.mode = found.st_mode & 0777;
    }
    if (file.executable) source.mode |= 0111;
    return source;
  }

  void take_root() {
    const std::string resolver = fs::exists("/etc/resolv.conf") ? read_file("/etc/resolv.conf") : "";
    const std::string root = staging_ + "/root";
    std::string layers;
    struct stat lower {};
    for (const std::string& layer : view_.root) {
      check(::stat(layer.c_str(), &lower), "make it a node's root", layer);
      if (!S_ISDIR(lower.st_mode)) throw SystemError(layer, "make it a node's root", ENOTDIR);
      layers += (layers.empty() ? "" : ":") + escaped(layer);
    }
    for (const char* name : {"/root", "/upper", "/work"}) make_folder(staging_ + name, lower.st_mode & 0777);
    mount_or_throw("overlay", root, "overlay", 0,
                   "lowerdir=" + layers + ",upperdir=" + staging_ + "/upper,workdir=" + staging_ + "/work",
                   "an image needs overlayfs in the kernel");
    pivot(root);
    for (const char* folder : {"/proc", "/sys", "/dev"}) {
      make_folder(folder);
      mount_or_throw(std::string(kOldRoot) + folder, folder, nullptr, MS_BIND | MS_REC);
    }
    make_folder("/tmp", 01777);
    make_folders("/etc");
    if (!view_.directory.empty()) make_folders(view_.directory);
    write_file(staging_ + "/resolv.conf", resolver, 0644);
    cover("/etc/resolv.conf", staging_ + "/resolv.conf");
    cover("/etc/hosts", kPrivateDirectory + std::string("/hosts"));
    leave_old_root();
  }

  // Mounted over rather than written: the folder may be somebody else's, who lets only himself write to it.
  static void cover(const std::string& path, const std::string& content) {
    std::error_code error;
    if (!fs::is_regular_file(fs::symlink_status(path, error))) {
      ::unlink(path.c_str());  // it may be a link to somewhere else
      write_file(path, "", 0644);
    }
    mount_or_throw(content, path, nullptr, MS_BIND);
  }

  static void pivot(const std::string& root) {
    make_folder(root + kOldRoot, 0700);
    const std::string old = root + kOldRoot;
    if (::syscall(SYS_pivot_root, root.c_str(), old.c_str()) < 0) throw SystemError(root, "make it the root", errno);
    check(::chdir("/"), "enter the node's root");
  }

  static void leave_old_root() {
    check(::umount2(kOldRoot, MNT_DETACH), "leave the lab's root");
    check(::rmdir(kOldRoot), "remove", kOldRoot);
  }

  // So that something can be made in it.
  void make_own(const fs::path& path) {
    fs::path folder = path;
    while (!fs::exists(folder)) folder = folder.parent_path();
    if (!fs::is_directory(folder)) throw SystemError(folder, "place a file into it", ENOTDIR);
    if (!own(folder)) take_folder(fs::canonical(folder));
    make_folders(path);
  }

  void empty_folder(const std::string& path) {
    if (!fs::exists(path)) make_own(path);
    mount_or_throw("tmpfs", path, "tmpfs", MS_NOSUID | MS_NODEV, "mode=755");
    struct stat found {};
    check(::stat(path.c_str(), &found), "look at", path);
    own_.push_back(found.st_dev);
  }

  void place(std::size_t i) {
    const fs::path path = view_.files[i].path;
    const Source& source = sources_[i];
    const bool there = fs::exists(path);
    if (there && fs::is_directory(path) != static_cast<bool>(source.folder)) {
      throw SystemError(path, "place it into a node", source.folder ? ENOTDIR : EISDIR);
    }
    if (!there) {
      make_own(path.parent_path());
      // A link to nowhere would have the file made where it points to.
      if (fs::is_symlink(path)) fs::remove(path);
      if (source.folder) make_folder(path);
    }
    if (source.folder) {
      check(::move_mount(source.folder.get(), "", AT_FDCWD, path.c_str(), MOVE_MOUNT_F_EMPTY_PATH), "mount folder on",
            path);
    } else if (!there || own(path)) {
      write_file(path, source.text, source.mode);
    } else {
      const std::string content = staging_ + "/file-" + std::to_string(i);
      write_file(content, source.text, source.mode);
      mount_or_throw(content, path, nullptr, MS_BIND);
    }
  }

  // Whether it lies in what is the node's own, so that it may be written to.
  bool own(const fs::path& path) const {
    struct stat found {};
    check(::stat(path.c_str(), &found), "look at", path);
    if (S_ISDIR(found.st_mode) && !view_.root.empty()) {
      struct stat root {};
      if (::stat("/", &root) == 0 && root.st_dev == found.st_dev) return true;
    }
    return std::find(own_.begin(), own_.end(), found.st_dev) != own_.end();
  }

  // In place of the folder a new one, in which every entry is mounted that it had.
  void take_folder(const fs::path& folder) {
    struct stat found {};
    check(::stat(folder.c_str(), &found), "look at", folder);
    const std::string fresh = staging_ + "/folder-" + std::to_string(own_.size());
    make_folder(fresh);
    mount_or_throw("tmpfs", fresh, "tmpfs", MS_NOSUID | MS_NODEV);
    check(::chmod(fresh.c_str(), found.st_mode & 07777), "set the mode of", fresh);
    for (const fs::directory_entry& entry : fs::directory_iterator(folder)) mirror(entry, fresh);
    check(::stat(fresh.c_str(), &found), "look at", fresh);
    own_.push_back(found.st_dev);
    if (folder == "/") {
      pivot(fresh);
      leave_old_root();
    } else {
      mount_or_throw(fresh, folder, nullptr, MS_MOVE);
    }
  }

  static void mirror(const fs::directory_entry& entry, const fs::path& into) {
    const fs::path copy = into / entry.path().filename();
    std::error_code gone;
    if (entry.is_symlink(gone)) {
      fs::copy_symlink(entry.path(), copy, gone);
      return;
    }
    const bool folder = entry.is_directory(gone);
    if (folder) {
      make_folder(copy);
    } else {
      write_file(copy, "", 0644);
    }
    // Recursive, as an ordinary user's lab may not look below what is mounted there.
    if (::mount(entry.path().c_str(), copy.c_str(), nullptr, MS_BIND | MS_REC, nullptr) == 0) return;
    if (errno != ENOENT) throw SystemError(entry.path(), "mount it in a node's folder", errno);
    fs::remove(copy, gone);  // it has been removed since it was listed
  }

  const NodeView& view_;
  std::string staging_;  // a file system in memory of the node's own
  std::vector<Source> sources_;
  std::vector<dev_t> own_;  // of the folders that take_folder made
};

}  // namespace

Namespace create_view(const NodeView& view) {
  return Namespace::create_mounts([&] { Arrangement(view).make(); });
}

}  // namespace geomx::sandbox
