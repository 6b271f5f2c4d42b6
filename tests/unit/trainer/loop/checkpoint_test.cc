#include "trainer/loop/checkpoint.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <fstream>
#include <random>

#include "tests/unit/trainer/data/idx_files.h"
#include "tests/unit/trainer/data/temporary_folder.h"
#include "trainer/tensor/error.h"

namespace geomx::trainer {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr const char* kFormat = "geomx_checkpoint";

class CheckpointFolderTest : public testing::Test {
 protected:
  // Every element is the round.
  static void write(const CheckpointFolder& folder, std::size_t slice, std::uint64_t round, std::size_t size = 100) {
    const std::vector<float> values(size, static_cast<float>(round));
    folder.write(slice, round, {{kFormat, "1"}, {"round", std::to_string(round)}},
                 {{"w", {static_cast<long>(size)}, values}});
  }
  std::vector<std::string> files() const {
    std::vector<std::string> names;
    for (const auto& entry : fs::directory_iterator(temporary_.path())) names.push_back(entry.path().filename());
    std::ranges::sort(names);
    return names;
  }
  std::uint64_t newest(std::optional<std::size_t> slice) {
    const auto found = folder_.newest(slice, warn_);
    return found ? found->round : 0;
  }

  TemporaryFolder temporary_;
  CheckpointFolder folder_{temporary_.path()};
  std::vector<std::string> warnings_;
  CheckpointFolder::Warn warn_ = [this](const std::string& line) { warnings_.push_back(line); };
};

TEST_F(CheckpointFolderTest, KeepsTheNewestTwoOfEachWorker) {
  for (const std::uint64_t round : {8, 9, 10, 100}) write(folder_, 0, round);
  write(folder_, 1, 9);
  EXPECT_THAT(files(), ElementsAre("worker-0-round-10.safetensors", "worker-0-round-100.safetensors",
                                   "worker-1-round-9.safetensors"));
  EXPECT_EQ(newest(0), 100u);
  EXPECT_EQ(newest(1), 9u);
  EXPECT_EQ(newest(std::nullopt), 100u);
  EXPECT_EQ(newest(2), 0u);
  EXPECT_EQ(folder_.of_round(0, 10, warn_)->content.find("w")->values[0], 10);
  EXPECT_FALSE(folder_.of_round(0, 9, warn_));
  EXPECT_THAT(warnings_, IsEmpty());
}

// A training that began anew, or from an earlier round: what was later is not its own past.
TEST_F(CheckpointFolderTest, LaterRoundsAreAnotherTrainings) {
  write(folder_, 0, 40);
  write(folder_, 0, 50);
  write(folder_, 0, 10);
  EXPECT_THAT(files(), ElementsAre("worker-0-round-10.safetensors"));
}

TEST_F(CheckpointFolderTest, PassesOverWhatIsDamaged) {
  write(folder_, 0, 1);
  write(folder_, 0, 2);
  fs::resize_file(temporary_ / "worker-0-round-2.safetensors", 300);
  std::ofstream(temporary_ / "worker-0-round-x.safetensors") << "not one of ours";
  std::ofstream(temporary_ / "worker-0-round-3.safetensors.part") << "half of one";
  EXPECT_EQ(newest(0), 1u);
  ASSERT_EQ(warnings_.size(), 1u);
  EXPECT_THAT(warnings_[0], HasSubstr("worker-0-round-2.safetensors: tensor \"w\": its shape [100] is more than"));
  EXPECT_THAT(warnings_[0], HasSubstr("(the one before it is taken)"));
}

TEST_F(CheckpointFolderTest, RefusesFilesThatAreNoCheckpoints) {
  const auto said = [&](const TensorFile::Metadata& metadata) -> std::string {
    write_safetensors(temporary_ / "f", metadata, {});
    try {
      read_checkpoint(temporary_ / "f");
      return "accepted";
    } catch (const Error& error) {
      return error.what();
    }
  };
  EXPECT_THAT(said({}), HasSubstr("/f is no checkpoint of a training: its metadata has no \"geomx_checkpoint\""));
  EXPECT_THAT(said({{kFormat, "2"}}), HasSubstr("/f is a checkpoint of version 2, 1 wanted"));
  EXPECT_THAT(said({{kFormat, "1"}, {"round", "-1"}}), HasSubstr("/f: its round is \"-1\", a natural number wanted"));
  EXPECT_THAT(said({{kFormat, "1"}, {"round", ""}}), HasSubstr("its round is \"\""));
  EXPECT_EQ(said({{kFormat, "1"}, {"round", "3"}}), "accepted");
}

TEST_F(CheckpointFolderTest, TensorsAreCopiedWhereTheyFit) {
  write(folder_, 0, 5, 6);
  const Checkpoint checkpoint = *folder_.newest(0, warn_);
  const auto said = [&](const std::string& name, const std::vector<long>& shape) -> std::string {
    Tensors tensors({{name, shape}});
    try {
      load_tensors(checkpoint, tensors);
      return tensors[0][0] == 5 && tensors[0].back() == 5 ? "loaded" : "not loaded";
    } catch (const Error& error) {
      return error.what();
    }
  };
  EXPECT_EQ(said("w", {6}), "loaded");
  EXPECT_THAT(said("w", {2, 3}), HasSubstr("worker-0-round-5.safetensors: tensor \"w\" is 6, 2x3 wanted"));
  EXPECT_THAT(said("v", {6}), HasSubstr("worker-0-round-5.safetensors: tensor \"v\" is missing"));
}

// A process that does nothing but write checkpoints is killed at random moments. What it has said to be written is
// there, and whole.
TEST_F(CheckpointFolderTest, AKillLosesAtMostTheOneThatIsBeingWritten) {
  std::mt19937 random(std::random_device{}());
  std::uint64_t round = 0;
  for (int kill = 0; kill < 20; ++kill) {
    int told[2];
    ASSERT_EQ(::pipe(told), 0);
    const pid_t child = ::fork();
    if (child == 0) {
      for (std::uint64_t next = round + 1;; ++next) {
        write(folder_, 0, next, 50'000);
        if (::write(told[1], &next, sizeof next) != sizeof next) ::_exit(1);
      }
    }
    ::close(told[1]);
    // At some moment of the second or a later one.
    const auto read_next = [&] { return ::read(told[0], &round, sizeof round) == sizeof round; };
    ASSERT_TRUE(read_next());
    ::usleep(random() % 5000);
    ::kill(child, SIGKILL);
    ::waitpid(child, nullptr, 0);
    while (read_next()) {
    }
    ::close(told[0]);
    const auto found = folder_.newest(0, warn_);
    ASSERT_TRUE(found) << "kill " << kill;
    EXPECT_THAT(warnings_, IsEmpty()) << "kill " << kill;
    EXPECT_GE(found->round, round);
    EXPECT_LE(found->round, round + 1);
    EXPECT_EQ(found->content.find("w")->values.back(), static_cast<float>(found->round));
    EXPECT_LE(files().size(), 3u + 1u);  // two, one whose removal was cut off, and the half of one
    round = found->round;
  }
}

// A file system that has room for two and a half: the third cannot be written, the two stay.
TEST_F(CheckpointFolderTest, AFullDiskLosesAtMostTheOneThatIsBeingWritten) {
  constexpr int kSkipped = 77;
  constexpr std::size_t kElements = 100'000;  // 400 kB
  const pid_t child = ::fork();
  if (child == 0) {
    if (::unshare(::geteuid() == 0 ? CLONE_NEWNS : CLONE_NEWUSER | CLONE_NEWNS) != 0 ||
        ::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0 ||
        ::mount("none", temporary_.path().c_str(), "tmpfs", 0, "size=1000k") != 0) {
      ::_exit(kSkipped);
    }
    write(folder_, 0, 1, kElements);
    write(folder_, 0, 2, kElements);
    std::string said;
    try {
      write(folder_, 0, 3, kElements);
    } catch (const Error& error) {
      said = error.what();
    }
    const bool told = said.ends_with("worker-0-round-3.safetensors cannot be written: No space left on device");
    const bool left =
        files() == std::vector<std::string>{"worker-0-round-1.safetensors", "worker-0-round-2.safetensors"};
    const bool whole = newest(0) == 2 && warnings_.empty();
    // With room again, it goes on.
    fs::remove(temporary_ / "worker-0-round-1.safetensors");
    write(folder_, 0, 4, kElements);
    ::_exit((told ? 0 : 1) | (left ? 0 : 2) | (whole && newest(0) == 4 ? 0 : 4));
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  ASSERT_TRUE(WIFEXITED(status));
  if (WEXITSTATUS(status) == kSkipped) GTEST_SKIP() << "no mount namespace with a tmpfs can be made here";
  EXPECT_EQ(WEXITSTATUS(status), 0) << "1: not told, 2: files are lost or left over, 4: not whole";
}

TEST_F(CheckpointFolderTest, SaysAtOnceThatItCannotBeMade) {
  std::ofstream(temporary_ / "file") << "in the way";
  try {
    CheckpointFolder(temporary_ / "file").make();
    FAIL() << "a file was taken for a folder";
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), HasSubstr("/file cannot be made: "));
  }
  EXPECT_NO_THROW(CheckpointFolder(temporary_ / "a" / "b").make());
  EXPECT_TRUE(fs::is_directory(temporary_ / "a" / "b"));
}

}  // namespace
}  // namespace geomx::trainer
