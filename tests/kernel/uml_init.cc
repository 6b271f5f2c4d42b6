#include <fcntl.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <string>

// Process 1 of a user-mode Linux that shows the host's files read-only: mounts what a program expects, loads the
// modules that the network tests need, runs the command line it was given, says how that ended and powers off.
namespace {

bool mount_at(const char* type, const char* target) {
  if (::mount(type, target, type, 0, nullptr) == 0) return true;
  std::printf("uml_init: mount %s: %s\n", target, std::strerror(errno));
  return false;
}

void load_module(const std::string& directory, const char* name) {
  const int fd = ::open((directory + name).c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0 || ::syscall(SYS_finit_module, fd, "", 0) != 0) {
    std::printf("uml_init: load %s%s: %s\n", directory.c_str(), name, std::strerror(errno));
  }
  if (fd >= 0) ::close(fd);
}

int run(char** command) {
  const pid_t child = ::fork();
  if (child == 0) {
    ::execv(command[0], command);
    std::printf("uml_init: %s: %s\n", command[0], std::strerror(errno));
    ::_exit(127);
  }
  int status = 0;
  while (child > 0 && ::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

}  // namespace

int main(int argc, char** argv) {
  int result = 2;
  if (mount_at("proc", "/proc") && mount_at("sysfs", "/sys") && mount_at("tmpfs", "/tmp")) {
    utsname system{};
    ::uname(&system);
    const std::string modules = std::string("/usr/lib/uml/modules/") + system.release + "/kernel/";
    for (const char* name : {"drivers/net/veth.ko", "net/sched/sch_netem.ko", "net/sched/sch_tbf.ko"}) {
      load_module(modules, name);
    }
    if (argc > 1) result = run(argv + 1);
  }
  std::printf("uml_init: the command ended with %d\n", result);
  std::fflush(stdout);
  ::sync();
  ::reboot(RB_POWER_OFF);
  return 1;
}
