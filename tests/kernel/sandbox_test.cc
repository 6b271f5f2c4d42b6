#include <fcntl.h>
#include <gtest/gtest.h>
#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <thread>

#include "emulator/base/error.h"
#include "emulator/sandbox/child_process.h"
#include "emulator/sandbox/lab_process.h"
#include "emulator/sandbox/namespace.h"
#include "emulator/sandbox/pidfd.h"
#include "emulator/sandbox/pinned.h"
#include "emulator/sandbox/privileges.h"
#include "emulator/sandbox/sysctl.h"

// The lab's process tree. As root it lives in plain namespaces, as an ordinary user in a user namespace; the tests are
// the same. A lab function runs in another process, so it reports what it saw and the test compares.
namespace geomx::sandbox {
namespace {

using namespace std::chrono_literals;

constexpr auto kPatience = 20s;

std::string read_file(const std::string& path) {
  std::ifstream file(path);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

std::string read_to_end(int fd) {
  std::string text;
  char piece[4096];
  while (wait_readable(fd, kPatience)) {
    const ssize_t size = ::read(fd, piece, sizeof(piece));
    if (size <= 0) return text;
    text.append(piece, static_cast<std::size_t>(size));
  }
  return text + " (no end)";
}

// True once nobody holds the pipe's other end any more: every process that inherited it has ended.
bool all_gone(int pipe_read) {
  if (!wait_readable(pipe_read, kPatience)) return false;
  char byte = 0;
  return ::read(pipe_read, &byte, 1) == 0;
}

std::vector<std::string> environment() {
  return {"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"};
}

// Runs a shell command and returns its standard output.
std::string shell(const std::string& command, SpawnOptions options = {}) {
  Pipe output = make_pipe();
  options.argv = {"sh", "-c", command};
  options.environment = environment();
  options.stdout_fd = output.write.get();
  ChildProcess child = spawn(options);
  output.write.reset();
  return read_to_end(output.read.get());
}

// Descriptors open in this process.
std::size_t open_descriptors() {
  std::size_t count = 0;
  for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) ++count;
  return count;
}

class Lab : public testing::Test {
 protected:
  void SetUp() override {
    const Privileges privileges = probe_privileges();
    if (privileges.mode == LabMode::impossible) {
      GTEST_SKIP() << "SKIPPED: no lab can be made here: " << privileges.obstacle << " (" << privileges.remedy << ")";
    }
  }

  // What `look`, run inside a lab, returned.
  static std::string inside(const std::function<std::string()>& look) {
    LabProcess lab = spawn_init({.name = "lab-test"}, [&](StartReport& report) {
      report.ready(look());
      return 0;
    });
    return lab.wait_ready(kPatience);
  }
};

TEST_F(Lab, IsRootOfItsOwnProcessTree) {
  EXPECT_EQ(inside([] {
              std::ostringstream seen;
              seen << "uid " << ::getuid() << ", parent " << ::getppid() << ", processes";
              for (int pid = 1; pid < 1000; ++pid) {
                if (std::filesystem::exists("/proc/" + std::to_string(pid))) seen << ' ' << pid;
              }
              return seen.str();
            }),
            "uid 0, parent 1, processes 1 2");
}

TEST_F(Lab, HasItsOwnHostName) {
  EXPECT_EQ(inside([] { return read_sysctl("kernel.hostname"); }), "lab-test");
  EXPECT_NE(read_sysctl("kernel.hostname"), "lab-test");
}

TEST_F(Lab, HasAnEmptyNetworkWithLoopbackUp) {
  EXPECT_EQ(inside([] {
              std::string seen;
              struct if_nameindex* const all = ::if_nameindex();
              const FileDescriptor socket(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
              for (const struct if_nameindex* one = all; one->if_index != 0; ++one) {
                ifreq request{};
                std::strncpy(request.ifr_name, one->if_name, IFNAMSIZ - 1);
                ::ioctl(socket.get(), SIOCGIFFLAGS, &request);
                seen += std::string(one->if_name) + ((request.ifr_flags & IFF_UP) != 0 ? " up;" : " down;");
              }
              ::if_freenameindex(all);
              return seen;
            }),
            "lo up;");
}

TEST_F(Lab, KeepsItsFilesToItself) {
  const std::string path = std::string(kPrivateDirectory) + "/geomx-sandbox-test-" + std::to_string(::getpid());
  EXPECT_EQ(inside([&] {
              std::ofstream(path) << "mine";
              return read_file(path);
            }),
            "mine");
  EXPECT_FALSE(std::filesystem::exists(path));
}

TEST_F(Lab, CanPinANetworkThatThenNeedsNoDescriptor) {
  EXPECT_EQ(inside([] {
              const std::string path = std::string(kPrivateDirectory) + "/pinned";
              const auto number = [](const Namespace& network) {
                struct stat status {};
                check(::fstat(network.fd(), &status), "look at a namespace");
                return status.st_ino;
              };
              std::string seen = open_pinned(path) ? "there before " : "";
              ino_t made = 0;
              {
                const Namespace network = Namespace::create_network({});
                made = number(network);
                pin(network, path);
              }
              const auto found = open_pinned(path);
              seen += found && number(*found) == made ? "the same " : "another ";
              unpin(path);
              seen += open_pinned(path) ? "pinned " : "released ";
              unpin(path);  // once more is nothing
              return seen + (std::filesystem::exists(path) ? "file" : "no file");
            }),
            "the same released file");
}

TEST_F(Lab, HasItsOwnHostsFile) {
  const std::string before = read_file("/etc/hosts");
  EXPECT_EQ(inside([] {
              install_hosts_file("10.0.0.1 a-gateway\n");
              std::string seen = shell("cat /etc/hosts");
              install_hosts_file("10.0.0.2 b\n");
              return seen + shell("cat /etc/hosts");
            }),
            "10.0.0.1 a-gateway\n10.0.0.2 b\n");
  EXPECT_EQ(read_file("/etc/hosts"), before);
}

TEST_F(Lab, InheritsOnlyTheDescriptorsAskedFor) {
  const FileDescriptor stray(::open("/dev/null", O_RDONLY));  // NOLINT: that it survives an exec is the point
  Pipe asked = make_pipe();
  LabProcess lab = spawn_init({.name = "lab-test", .keep = {asked.write.get()}}, [&](StartReport& report) {
    const bool kept = ::fcntl(asked.write.get(), F_GETFD) >= 0;
    const bool strayed = ::fcntl(stray.get(), F_GETFD) >= 0;
    // 0, 1, 2, the one asked for, the report, and the directory being read.
    report.ready((kept ? "kept " : "lost ") + std::string(strayed ? "stray " : "clean ") +
                 std::to_string(open_descriptors()));
    return 0;
  });
  EXPECT_EQ(lab.wait_ready(kPatience), "kept clean 6");
}

TEST_F(Lab, TellsItsProgress) {
  LabProcess lab = spawn_init({.name = "lab-test"}, [](StartReport& report) {
    for (const char* step : {"one", "two"}) report.progress(step);
    report.ready("three");
    return 0;
  });
  std::vector<std::string> heard;
  EXPECT_EQ(lab.wait_ready(kPatience, [&](const std::string& step) { heard.push_back(step); }), "three");
  EXPECT_EQ(heard, (std::vector<std::string>{"one", "two"}));
}

TEST_F(Lab, ErrorsArriveAsTheyWereThrown) {
  const auto thrown = [](const std::function<void()>& body) {
    LabProcess lab = spawn_init({.name = "lab-test"}, [&](StartReport&) {
      body();
      return 0;
    });
    lab.wait_ready(kPatience);
  };
  try {
    thrown([] { throw InputError("/nodes/3", "no such thing", "try another"); });
    FAIL();
  } catch (const InputError& error) {
    EXPECT_EQ(error.line(), "/nodes/3: no such thing (try another)");
  }
  try {
    thrown([] { throw SystemError("a:eth0", "create veth pair", EEXIST, "look"); });
    FAIL();
  } catch (const SystemError& error) {
    EXPECT_EQ(error.error_number(), EEXIST);
    EXPECT_EQ(error.line(), "a:eth0: create veth pair: File exists (look)");
  }
  try {
    thrown([] { throw std::runtime_error("plain"); });
    FAIL();
  } catch (const WorkError& error) {
    EXPECT_EQ(error.line(), "plain");
  }
}

TEST_F(Lab, ThatEndsBeforeItIsReadyIsAnError) {
  LabProcess lab = spawn_init({.name = "lab-test"}, [](StartReport&) { return 0; });
  try {
    lab.wait_ready(kPatience);
    FAIL();
  } catch (const WorkError& error) {
    EXPECT_EQ(error.line(), "the lab process ended before it was ready");
  }
}

TEST_F(Lab, ThatIsNotReadyInTimeIsKilled) {
  Pipe alive = make_pipe();
  LabProcess lab =
      spawn_init({.name = "lab-test", .keep = {alive.write.get()}}, [](StartReport&) { return ::pause(); });
  alive.write.reset();
  EXPECT_THROW(lab.wait_ready(50ms), WorkError);
  EXPECT_TRUE(all_gone(alive.read.get()));
}

TEST_F(Lab, ThatIsToldToStopBeforeItIsReadyIsKilledAtOnce) {
  Pipe alive = make_pipe();
  Pipe stop = make_pipe();
  LabProcess lab = spawn_init({.name = "lab-test", .keep = {alive.write.get()}}, [](StartReport& report) {
    report.progress("begun");
    return ::pause();
  });
  alive.write.reset();
  const auto stop_it = [&](const std::string&) { ASSERT_EQ(::write(stop.write.get(), "x", 1), 1); };
  EXPECT_THROW(lab.wait_ready(kPatience, stop_it, stop.read.get()), Stopped);
  EXPECT_TRUE(all_gone(alive.read.get()));
  EXPECT_TRUE(wait_readable(stop.read.get(), 0ms)) << "what was to be seen by the caller has been read";
}

TEST_F(Lab, WhoConnectsToItsListenerFindsInit) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::snprintf(address.sun_path, sizeof address.sun_path, "/tmp/geomx-sandbox-test-%d", ::getpid());
  FileDescriptor listener(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const auto* const name = reinterpret_cast<const sockaddr*>(&address);
  ASSERT_EQ(::bind(listener.get(), name, sizeof address), 0);
  const int number = listener.get();
  LabProcess lab = spawn_init({.name = "lab-test", .listener = number}, [number](StartReport& report) {
    report.ready();
    const FileDescriptor client(::accept(number, nullptr, nullptr));
    return client && ::write(client.get(), "hello", 5) == 5 ? ::pause() : 1;
  });
  lab.wait_ready(kPatience);
  listener.reset();
  const FileDescriptor client(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  EXPECT_EQ(::connect(client.get(), name, sizeof address), 0);
  ::unlink(address.sun_path);
  ucred peer{};
  socklen_t size = sizeof peer;
  EXPECT_EQ(::getsockopt(client.get(), SOL_SOCKET, SO_PEERCRED, &peer, &size), 0);
  EXPECT_EQ(peer.pid, lab.pid());
  char word[5] = {};
  ASSERT_TRUE(wait_readable(client.get(), kPatience));
  EXPECT_EQ(::read(client.get(), word, sizeof word), 5);
}

// Whether any process that we may look into is in, or holds a descriptor of, the namespace "net:[NUMBER]".
bool reachable(const std::string& space) {
  std::error_code none;
  for (const auto& process : std::filesystem::directory_iterator("/proc", none)) {
    if (std::filesystem::read_symlink(process.path() / "ns/net", none) == space) return true;
    for (auto fd = std::filesystem::directory_iterator(process.path() / "fd", none); fd != end(fd);
         fd.increment(none)) {
      if (std::filesystem::read_symlink(fd->path(), none) == space) return true;
    }
  }
  return false;
}

// Kills one process of the chain starter -> init -> lab -> nodes and sees all of them go.
class Death : public Lab, public testing::WithParamInterface<const char*> {};

TEST_P(Death, OfAnyOneEndsAll) {
  const std::string victim = GetParam();
  Pipe alive = make_pipe();
  Pipe facts = make_pipe();
  const pid_t starter = ::fork();
  ASSERT_GE(starter, 0);
  if (starter == 0) {
    const int kept = alive.write.get();
    LabProcess lab = spawn_init({.name = "lab-test", .keep = {kept}}, [&](StartReport& report) {
      // Two programs that nothing short of SIGKILL ends; the second has left its process group and its parent.
      SpawnOptions options{.argv = {"sh", "-c", "trap '' HUP INT TERM; sleep 1000 & echo $$; wait"},
                           .environment = environment(),
                           .extra_fd = kept};
      ChildProcess first = spawn(options);
      options.argv = {"sh", "-c", "setsid setsid sh -c 'trap \"\" HUP INT TERM; sleep 1000' & exit 0"};
      ChildProcess second = spawn(options);
      second.wait(kPatience);
      const Namespace node = Namespace::create_network({});
      const std::string held = "/proc/self/fd/" + std::to_string(node.fd());
      report.ready(std::filesystem::read_symlink(held).string() + " " +
                   std::filesystem::read_symlink("/proc/self/ns/net").string());
      return ::pause();
    });
    alive.write.reset();
    const std::string spaces = lab.wait_ready(kPatience);
    const std::string text = std::to_string(lab.pid()) + " " + spaces;
    if (::write(facts.write.get(), text.data(), text.size()) < 0) ::_exit(1);
    facts.write.reset();
    ::pause();
    ::_exit(0);
  }
  alive.write.reset();
  facts.write.reset();
  pid_t init = -1;
  std::string node_space;
  std::string lab_space;
  std::istringstream(read_to_end(facts.read.get())) >> init >> node_space >> lab_space;
  ASSERT_GT(init, 0);
  EXPECT_FALSE(wait_readable(alive.read.get(), 0ms));

  EXPECT_TRUE(reachable(node_space)) << node_space;
  EXPECT_TRUE(reachable(lab_space)) << lab_space;

  const FileDescriptor init_pidfd = open_pidfd(init);
  if (victim == "starter") {
    ::kill(starter, SIGKILL);
  } else if (victim == "init") {
    ::kill(init, SIGKILL);
  } else {
    const std::string children = "/proc/" + std::to_string(init) + "/task/" + std::to_string(init) + "/children";
    const pid_t lab = std::atoi(read_file(children).c_str());
    ASSERT_GT(lab, 0) << children;
    ::kill(lab, SIGKILL);
  }
  EXPECT_TRUE(wait_readable(init_pidfd.get(), kPatience));
  EXPECT_TRUE(all_gone(alive.read.get()));
  EXPECT_FALSE(reachable(node_space));
  EXPECT_FALSE(reachable(lab_space));
  ::kill(starter, SIGKILL);
  ::waitpid(starter, nullptr, 0);
}

INSTANTIATE_TEST_SUITE_P(Kill, Death, testing::Values("starter", "init", "lab"),
                         [](const auto& victim) { return std::string(victim.param); });

TEST_F(Lab, AttachedToAThreadOutlivesThatThread) {
  std::optional<LabProcess> lab;
  std::thread([&] {
    lab.emplace(spawn_init({.name = "lab-test"}, [](StartReport& report) {
      report.ready();
      return ::pause();
    }));
    lab->wait_ready(kPatience);
  }).join();
  EXPECT_FALSE(wait_readable(lab->pidfd(), 50ms));
  lab->kill();
  EXPECT_TRUE(wait_readable(lab->pidfd(), 0ms));
}

TEST_F(Lab, DetachedOutlivesItsStarter) {
  Pipe alive = make_pipe();
  Pipe pids = make_pipe();
  const pid_t starter = ::fork();
  ASSERT_GE(starter, 0);
  if (starter == 0) {
    const int kept = alive.write.get();
    LabProcess lab = spawn_init({.name = "lab-test", .attached = false, .keep = {kept}}, [](StartReport& report) {
      report.ready();
      return ::pause();
    });
    lab.wait_ready(kPatience);
    const pid_t init = lab.pid();
    ::_exit(::write(pids.write.get(), &init, sizeof(init)) == sizeof(init) ? 0 : 1);
  }
  alive.write.reset();
  pids.write.reset();
  pid_t init = -1;
  ASSERT_EQ(::read(pids.read.get(), &init, sizeof(init)), static_cast<ssize_t>(sizeof(init)));
  int status = -1;
  ::waitpid(starter, &status, 0);
  ASSERT_EQ(status, 0);
  EXPECT_FALSE(wait_readable(alive.read.get(), 100ms)) << "the lab has ended with its starter";
  const FileDescriptor pidfd = open_pidfd(init);
  kill_and_wait(pidfd.get(), kPatience);
  EXPECT_TRUE(all_gone(alive.read.get()));
}

TEST_F(Lab, ReapsOrphans) {
  // The orphan tells its pid; init must make it disappear although nobody waits for it.
  EXPECT_EQ(inside([] {
              std::string pid = shell("sh -c 'echo $$' & exit 0");
              pid.pop_back();
              for (const auto deadline = std::chrono::steady_clock::now() + kPatience;
                   std::chrono::steady_clock::now() < deadline; std::this_thread::yield()) {
                if (!std::filesystem::exists("/proc/" + pid)) return std::string("reaped");
              }
              return "still there: " + read_file("/proc/" + pid + "/status");
            }),
            "reaped");
}

TEST_F(Lab, LeaksNoDescriptors) {
  const auto once = [] {
    EXPECT_EQ(inside([] { return std::string("hello"); }), "hello");
    EXPECT_EQ(shell("echo hello"), "hello\n");
    EXPECT_THROW(spawn({.argv = {"no-such-command"}, .environment = environment()}), SystemError);
  };
  once();
  const std::size_t before = open_descriptors();
  for (int i = 0; i < 10; ++i) once();
  EXPECT_EQ(open_descriptors(), before);
}

TEST_F(Lab, HoldsANamespaceByOneDescriptor) {
  const std::string seen = inside([] {
    constexpr int kCount = 200;
    Namespace::create_network({});  // with it comes the procfs that settings are written through, which stays
    const std::size_t before = open_descriptors();
    {
      std::vector<Namespace> all;
      all.reserve(kCount);
      for (int i = 0; i < kCount; ++i) all.push_back(Namespace::create_network({}));
      if (open_descriptors() != before + kCount) return std::string("not one descriptor each");
    }
    return std::string(open_descriptors() == before ? "one descriptor each" : "descriptors leaked");
  });
  EXPECT_EQ(seen, "one descriptor each");
}

TEST_F(Lab, NamespacesHaveTheirSettings) {
  EXPECT_EQ(inside([] {
              std::ostringstream seen;
              const Namespace host = Namespace::create_network({.congestion_control = "reno"});
              const Namespace router = Namespace::create_network({.ipv6 = true, .forward = true});
              for (const Namespace* one : {&host, &router}) {
                const ScopedNetwork there(*one);
                for (const char* name : {"net.ipv4.ip_forward", "net.ipv4.tcp_slow_start_after_idle",
                                         "net.ipv4.conf.all.rp_filter", "net.ipv4.tcp_rmem"}) {
                  seen << read_sysctl(name) << ' ';
                }
                if (one == &host) seen << read_sysctl("net.ipv4.tcp_congestion_control") << ' ';
                seen << "ipv6 "
                     << (::access("/proc/sys/net/ipv6", F_OK) != 0 ? std::string(one == &host ? "1" : "0")
                                                                   : read_sysctl("net.ipv6.conf.default.disable_ipv6"))
                     << "; ";
              }
              seen << read_sysctl("net.ipv4.ip_forward");
              return seen.str();
            }),
            "0 0 0 4096\t131072\t67108864 reno ipv6 1; 1 0 0 4096\t131072\t67108864 ipv6 0; 0");
}

TEST_F(Lab, ProgramsRunInTheirNodesNamespaces) {
  EXPECT_EQ(inside([] {
              const Namespace network = Namespace::create_network({.forward = true});
              const Namespace name = Namespace::create_uts("a-gateway");
              const std::string there = shell("cat /proc/sys/kernel/hostname /proc/sys/net/ipv4/ip_forward; pwd",
                                              {.directory = "/usr", .network_fd = network.fd(), .uts_fd = name.fd()});
              return there + shell("cat /proc/sys/kernel/hostname /proc/sys/net/ipv4/ip_forward");
            }),
            "a-gateway\n1\n/usr\nlab-test\n0\n");
}

TEST(Spawn, LimitsOpenFilesWhereAsked) {
  EXPECT_EQ(shell("ulimit -Sn", {.open_files = 77}), "77\n");
  rlimit own{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &own), 0);
  EXPECT_NE(own.rlim_cur, 77u);
  EXPECT_EQ(shell("ulimit -Sn"), own.rlim_cur == RLIM_INFINITY ? "unlimited\n" : std::to_string(own.rlim_cur) + "\n");
}

TEST(Spawn, NamesNodeAndCommandWhenItCannotRun) {
  const auto line = [](const SpawnOptions& options) -> std::string {
    try {
      spawn(options);
    } catch (const SystemError& error) {
      return error.line();
    }
    return "started";
  };
  EXPECT_EQ(line({.node = "a-worker-0", .argv = {"no-such-command"}, .environment = {"PATH=/bin"}}),
            "a-worker-0: run \"no-such-command\": No such file or directory (no such command on PATH /bin)");
  EXPECT_EQ(line({.node = "a-worker-0", .argv = {"/etc/passwd"}}),
            "a-worker-0: run \"/etc/passwd\": Permission denied");
  EXPECT_EQ(line({.node = "h1", .argv = {"sh"}, .environment = environment(), .directory = "/no/such"}),
            "h1: run \"sh\": change directory: No such file or directory");
  EXPECT_EQ(
      line({.node = "h1", .argv = {"sh"}, .environment = environment(), .network_fd = STDIN_FILENO}).substr(0, 41),
      "h1: run \"sh\": enter network namespace: In");
  EXPECT_THROW(spawn({}), InputError);
  EXPECT_EQ(::waitpid(-1, nullptr, WNOHANG), -1) << "a process was left behind";
}

TEST(Spawn, PassesArgumentsEnvironmentAndTheExtraDescriptor) {
  Pipe extra = make_pipe();
  EXPECT_EQ(shell("printf '%s' \"$PATH\"; printf more >&3", {.extra_fd = extra.write.get()}),
            environment()[0].substr(5));
  extra.write.reset();
  EXPECT_EQ(read_to_end(extra.read.get()), "more");
  EXPECT_EQ(shell("read line || echo end of input"), "end of input\n");
}

TEST(Spawn, LeavesNoOtherDescriptorOpen) {
  const FileDescriptor stray(::open("/dev/null", O_RDONLY));  // NOLINT: that it survives an exec is the point
  const std::string list = "for n in 3 4 5 6 7 8 9 10 11 12 13 14; do [ -e /proc/$$/fd/$n ] && echo $n; done";
  Pipe extra = make_pipe();
  EXPECT_EQ(shell(list, {.extra_fd = extra.write.get()}).substr(0, 2), "3\n");
  const std::string without = shell(list);
  EXPECT_EQ(without.find('3'), std::string::npos) << without;
  EXPECT_EQ(without.find(std::to_string(stray.get())), std::string::npos) << without;
}

TEST(Spawn, TellsHowItEnded) {
  const SpawnOptions options{.argv = {"sh", "-c", "read line; exit 7"}, .environment = environment()};
  ChildProcess child = spawn(options);
  EXPECT_EQ(child.wait(kPatience), (ExitStatus{.code = 7}));
  EXPECT_EQ(child.poll_exit(), (ExitStatus{.code = 7}));

  Pipe input = make_pipe();
  SpawnOptions waits = options;
  waits.stdin_fd = input.read.get();
  ChildProcess waiting = spawn(waits);
  EXPECT_FALSE(waiting.wait(20ms));
  EXPECT_FALSE(waiting.poll_exit());
  waiting.signal(SIGKILL);
  const auto status = waiting.wait(kPatience);
  EXPECT_EQ(status, (ExitStatus{.signal = SIGKILL}));
  EXPECT_EQ(status->shell_code(), 137);
  EXPECT_NO_THROW(waiting.signal_group(SIGTERM));
}

TEST(Spawn, SignalsTheWholeGroup) {
  Pipe alive = make_pipe();
  SpawnOptions options{.argv = {"sh", "-c", "sleep 1000 & sleep 1000 & echo ready; wait"},
                       .environment = environment()};
  Pipe output = make_pipe();
  options.stdout_fd = output.write.get();
  options.extra_fd = alive.write.get();
  ChildProcess child = spawn(options);
  alive.write.reset();
  ASSERT_TRUE(wait_readable(output.read.get(), kPatience));
  child.signal_group(SIGTERM);
  EXPECT_TRUE(all_gone(alive.read.get()));
  EXPECT_EQ(child.wait(kPatience), (ExitStatus{.signal = SIGTERM}));
}

TEST(Spawn, DestructionKillsTheGroup) {
  Pipe alive = make_pipe();
  {
    const ChildProcess child =
        spawn({.argv = {"sh", "-c", "sleep 1000 & wait"}, .environment = environment(), .extra_fd = alive.write.get()});
    alive.write.reset();
  }
  EXPECT_TRUE(all_gone(alive.read.get()));
  EXPECT_EQ(::waitpid(-1, nullptr, WNOHANG), -1);
}

TEST(Spawn, StartsWithDefaultSignals) {
  ::signal(SIGTERM, SIG_IGN);
  sigset_t blocked;
  sigset_t before;
  sigemptyset(&blocked);
  sigaddset(&blocked, SIGTERM);
  ::pthread_sigmask(SIG_BLOCK, &blocked, &before);
  ChildProcess child = spawn({.argv = {"sleep", "1000"}, .environment = environment()});
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
  ::signal(SIGTERM, SIG_DFL);
  child.signal(SIGTERM);
  EXPECT_EQ(child.wait(kPatience), (ExitStatus{.signal = SIGTERM}));
}

TEST(Spawn, CanOwnATerminal) {
  const FileDescriptor terminal(::posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC));
  ASSERT_TRUE(terminal);
  ASSERT_EQ(::grantpt(terminal.get()), 0);
  ASSERT_EQ(::unlockpt(terminal.get()), 0);
  FileDescriptor side(::open(::ptsname(terminal.get()), O_RDWR | O_NOCTTY | O_CLOEXEC));
  ASSERT_TRUE(side);
  ChildProcess child = spawn({.argv = {"sh", "-c", "echo hello > /dev/tty"},
                              .environment = environment(),
                              .stdin_fd = side.get(),
                              .stdout_fd = side.get(),
                              .stderr_fd = side.get(),
                              .terminal = true});
  ASSERT_TRUE(wait_readable(terminal.get(), kPatience));
  char text[64] = {};
  ASSERT_GT(::read(terminal.get(), text, sizeof(text) - 1), 0);
  EXPECT_EQ(std::string(text), "hello\r\n");
  EXPECT_EQ(child.wait(kPatience), (ExitStatus{.code = 0}));
}

// A lab's own user namespace is what tells the two ways apart, so a lab is asked in which one it is.
TEST(PrivilegesTest, SayWhichWayALabIsMade) {
  const Privileges privileges = probe_privileges();
  ASSERT_NE(privileges.mode, LabMode::impossible) << privileges.obstacle;
  EXPECT_EQ(privileges.obstacle, "");
  LabProcess lab = spawn_init({.name = "geomx-test"}, [](StartReport& report) {
    report.ready(std::filesystem::read_symlink("/proc/self/ns/user").string());
    return 0;
  });
  const bool own = lab.wait_ready(kPatience) != std::filesystem::read_symlink("/proc/self/ns/user").string();
  EXPECT_EQ(privileges.mode, own ? LabMode::user_namespace : LabMode::root);
}

}  // namespace
}  // namespace geomx::sandbox
