#include "trainer/tensor/safetensors.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmath>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>
#include <limits>

#include "tests/unit/trainer/data/temporary_folder.h"
#include "trainer/tensor/error.h"

namespace geomx::trainer {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::HasSubstr;

std::string bytes_of(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

// A file with that header, whatever it says, and so many bytes of elements.
std::string file_with(const std::string& header, std::size_t elements) {
  std::string bytes(sizeof(std::uint64_t), '\0');
  const std::uint64_t length = header.size();
  std::memcpy(bytes.data(), &length, sizeof length);
  return bytes + header + std::string(elements, '\1');
}

std::string refusal(const std::string& bytes) {
  try {
    parse_safetensors(bytes, "F");
    return "accepted";
  } catch (const Error& error) {
    return error.what();
  }
}

std::string one(const std::string& tensor, std::size_t elements = 8) {
  return refusal(file_with("{\"w\":" + tensor + "}", elements));
}

TEST(Safetensors, WhatIsWrittenIsRead) {
  const TemporaryFolder folder;
  const float infinity = std::numeric_limits<float>::infinity();
  const std::vector<float> w = {0.5f, -1, infinity, std::nanf(""), 1e-45f, -0.0f};
  const std::vector<float> b = {7};
  write_safetensors(folder / "f", {{"who", "me \"and\" you"}}, {{"w", {2, 3}, w}, {"none", {0, 4}, {}}, {"b", {}, b}});
  const TensorFile read = read_safetensors(folder / "f");
  EXPECT_EQ(read.metadata.at("who"), "me \"and\" you");
  ASSERT_EQ(read.tensors.size(), 3u);
  const TensorFile::Tensor* tensor = read.find("w");
  ASSERT_NE(tensor, nullptr);
  EXPECT_THAT(tensor->shape, ElementsAre(2, 3));
  EXPECT_EQ(std::memcmp(tensor->values.data(), w.data(), w.size() * sizeof(float)), 0);  // NaN and all
  EXPECT_THAT(read.find("none")->shape, ElementsAre(0, 4));
  EXPECT_TRUE(read.find("none")->values.empty());
  EXPECT_THAT(read.find("b")->values, ElementsAre(7));
  EXPECT_EQ(read.find("c"), nullptr);
  EXPECT_EQ(std::distance(fs::directory_iterator(folder.path()), {}), 1);  // nothing beside it
}

// What others rely on: the length, the JSON, the offsets.
TEST(Safetensors, TheBytesAreThoseOfTheFormat) {
  const TemporaryFolder folder;
  const std::vector<float> w = {1, 2};
  write_safetensors(folder / "f", {}, {{"w", {2}, w}});
  const std::string bytes = bytes_of(folder / "f");
  const std::string header =
      R"({"__metadata__":{"crc32":"db0c3f5a"},"w":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}})";
  std::string start = bytes.substr(8, header.size());
  start.replace(start.find("crc32") + 8, 8, "db0c3f5a");
  EXPECT_EQ(start, header);
  std::uint64_t length = 0;
  std::memcpy(&length, bytes.data(), sizeof length);
  EXPECT_EQ(length % 8, 0u);
  EXPECT_EQ(bytes.substr(8 + header.size(), length - header.size()), std::string(length - header.size(), ' '));
  EXPECT_EQ(bytes.size(), 8 + length + 8);
  EXPECT_EQ(std::memcmp(bytes.data() + 8 + length, w.data(), 8), 0);
}

TEST(Safetensors, FilesOfOthersAreRead) {
  // Without metadata, in another order than that of the elements, the header not padded.
  const std::string header =
      R"({"b":{"data_offsets":[4,12],"shape":[2],"dtype":"F32"},"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}})";
  const TensorFile read = parse_safetensors(file_with(header, 12), "F");
  ASSERT_EQ(read.tensors.size(), 2u);
  EXPECT_EQ(read.tensors[0].name, "a");
  EXPECT_TRUE(read.metadata.empty());
  EXPECT_EQ(refusal(file_with("{}", 0)), "accepted");
}

TEST(Safetensors, RefusesWhatIsNoWholeFile) {
  EXPECT_EQ(refusal(""), "F is no whole safetensors file: it has 0 bytes, at least 8 wanted");
  EXPECT_EQ(refusal(file_with("{}", 0).substr(0, 9)),
            "F is no whole safetensors file: its header is 2 bytes long, and 1 are there");
  EXPECT_THAT(refusal(std::string(8, '\xff') + "{}"), HasSubstr("its header is 18446744073709551615 bytes long"));
  EXPECT_THAT(refusal(file_with("{", 0)), HasSubstr("its header cannot be read: "));
  EXPECT_THAT(refusal(file_with("{\"\xff\":1}", 0)), HasSubstr("its header cannot be read: "));
  EXPECT_EQ(refusal(file_with("[]", 0)), "F is no whole safetensors file: its header is no object");
  EXPECT_EQ(refusal(file_with(R"({"__metadata__":{"a":"1","a":"2"}})", 0)),
            "F is no whole safetensors file: its header has \"a\" twice");
  EXPECT_EQ(refusal(file_with(R"({"__metadata__":{"a":1}})", 0)),
            "F is no whole safetensors file: __metadata__: \"a\" is no string");
  EXPECT_EQ(refusal(file_with(R"({"__metadata__":[]})", 0)),
            "F is no whole safetensors file: __metadata__ is no object");
  EXPECT_EQ(refusal(file_with("{}", 3)), "F is no whole safetensors file: its tensors end at byte 0 of 3");
  EXPECT_EQ(refusal(file_with(R"({"":{}})", 0)), "F is no whole safetensors file: a tensor has no name");
}

TEST(Safetensors, RefusesTensorsThatCannotBe) {
  EXPECT_EQ(one(R"({"dtype":"F32","shape":[2],"data_offsets":[0,8]})"), "accepted");
  EXPECT_EQ(one("1"), "F: tensor \"w\": is no object with dtype, shape and data_offsets");
  EXPECT_EQ(one(R"({"shape":[2],"data_offsets":[0,8]})"), "F: tensor \"w\": its dtype is missing");
  EXPECT_EQ(one(R"({"dtype":"F16","shape":[4],"data_offsets":[0,8]})"),
            "F: tensor \"w\": its dtype is \"F16\", \"F32\" wanted");
  EXPECT_EQ(one(R"({"dtype":"F32","shape":2,"data_offsets":[0,8]})"), "F: tensor \"w\": its shape is no list");
  EXPECT_EQ(one(R"({"dtype":"F32","shape":[-2],"data_offsets":[0,8]})"),
            "F: tensor \"w\": its shape has -2, natural numbers wanted");
  EXPECT_EQ(one(R"({"dtype":"F32","shape":[2.0],"data_offsets":[0,8]})"),
            "F: tensor \"w\": its shape has 2.0, natural numbers wanted");
  EXPECT_EQ(one(R"({"dtype":"F32","shape":[3],"data_offsets":[0,8]})"),
            "F: tensor \"w\": its shape [3] is more than the file's 8 bytes");
  EXPECT_EQ(one(R"({"dtype":"F32","shape":[4294967296,4294967296],"data_offsets":[0,8]})"),
            "F: tensor \"w\": its shape [4294967296,4294967296] is more than the file's 8 bytes");
  EXPECT_EQ(one(R"({"dtype":"F32","shape":[2],"data_offsets":[0]})"),
            "F: tensor \"w\": its data_offsets are no list of two");
  EXPECT_EQ(one(R"({"dtype":"F32","shape":[2],"data_offsets":[8,0]})"),
            "F: tensor \"w\": its data_offsets [8,0] are not within the file's 8 bytes");
  EXPECT_EQ(one(R"({"dtype":"F32","shape":[2],"data_offsets":[4,12]})"),
            "F: tensor \"w\": its data_offsets [4,12] are not within the file's 8 bytes");
  EXPECT_EQ(one(R"({"dtype":"F32","shape":[1],"data_offsets":[0,8]})"),
            "F: tensor \"w\": its data_offsets [0,8] are 8 bytes, and its shape [1] is 4");
  EXPECT_EQ(one(R"({"dtype":"F32","shape":[2],"data_offsets":[0,8],"stride":1})"),
            "F: tensor \"w\": \"stride\" is unknown (dtype, shape, data_offsets)");
  EXPECT_EQ(one(R"({"dtype":"F32","shape":[2],"data_offsets":[0,8]})", 12),
            "F is no whole safetensors file: its tensors end at byte 8 of 12");
}

TEST(Safetensors, RefusesTensorsThatOverlapOrLeaveGaps) {
  const auto two = [](const std::string& a, const std::string& b) {
    return refusal(file_with(R"({"a":{"dtype":"F32","shape":[2],"data_offsets":)" + a +
                                 R"(},"b":{"dtype":"F32","shape":[2],"data_offsets":)" + b + "}}",
                             20));
  };
  EXPECT_EQ(two("[0,8]", "[4,12]"), "F: tensor \"b\": begins at byte 4, within the one before it, which ends at 8");
  EXPECT_EQ(two("[0,8]", "[0,8]"), "F: tensor \"b\": begins at byte 0, within the one before it, which ends at 8");
  EXPECT_EQ(two("[12,20]", "[0,8]"),
            "F: tensor \"a\": begins at byte 12, behind a gap after the one before it, which ends at 8");
}

// One bit in the elements, which nothing else would tell.
TEST(Safetensors, DamagedElementsAreTold) {
  const TemporaryFolder folder;
  const std::vector<float> w(100, 1.5f);
  write_safetensors(folder / "f", {}, {{"w", {100}, w}});
  std::string bytes = bytes_of(folder / "f");
  bytes[bytes.size() - 77] ^= 4;
  EXPECT_THAT(refusal(bytes), HasSubstr("F is no whole safetensors file: its elements are damaged: their crc32 is "));
}

// Every prefix of a file is refused: what a machine that lost power may have left.
TEST(Safetensors, NoPartOfAFileIsAccepted) {
  const TemporaryFolder folder;
  const std::vector<float> w(10, 1.5f);
  write_safetensors(folder / "f", {{"k", "v"}}, {{"w", {10}, w}});
  const std::string bytes = bytes_of(folder / "f");
  for (std::size_t size = 0; size < bytes.size(); ++size) ASSERT_NE(refusal(bytes.substr(0, size)), "accepted") << size;
  EXPECT_EQ(refusal(bytes), "accepted");
}

TEST(Safetensors, NamesTheFileThatCannotBeReadOrWritten) {
  const TemporaryFolder folder;
  const auto said = [](const auto& act) -> std::string {
    try {
      act();
      return "nothing";
    } catch (const Error& error) {
      return error.what();
    }
  };
  EXPECT_EQ(said([] { read_safetensors("/absent/f"); }), "/absent/f cannot be read: No such file or directory");
  EXPECT_EQ(said([&] { read_safetensors(folder.path()); }), folder.path().string() + " cannot be read: it is no file");
  EXPECT_EQ(said([] { write_safetensors("/proc/absent/f", {}, {}); }),
            "/proc/absent/f cannot be written: No such file or directory");
}

// Read by what has never heard of this code: python3, with numpy where it is there.
TEST(Safetensors, OthersReadTheSame) {
  if (std::system("python3 -c '' 2>/dev/null") != 0) GTEST_SKIP() << "there is no python3 here";
  const TemporaryFolder folder;
  const std::vector<float> w = {0.5f, -1, 3.25f, 1e-3f, 65536, -0.0f};
  const std::vector<float> b = {7};
  write_safetensors(folder / "f", {{"who", "me"}}, {{"w", {2, 3}, w}, {"none", {0, 4}, {}}, {"b", {}, b}});
  std::ofstream(folder / "read.py") << R"(
import json, struct, sys
try:
    import numpy
except ImportError:
    numpy = None
data = open(sys.argv[1], 'rb').read()
length, = struct.unpack('<Q', data[:8])
header = json.loads(data[8:8 + length])
print(header.pop('__metadata__')['who'], length % 8)
for name, tensor in sorted(header.items()):
    begin, end = tensor['data_offsets']
    raw = data[8 + length + begin:8 + length + end]
    if numpy:
        values = numpy.frombuffer(raw, '<f4').reshape(tensor['shape']).ravel().tolist()
    else:
        values = list(struct.unpack('<%df' % (len(raw) // 4), raw))
    print(name, tensor['dtype'], tensor['shape'], [round(value, 6) for value in values])
)";
  const std::string command = "python3 " + (folder / "read.py").string() + " " + (folder / "f").string();
  std::FILE* out = ::popen(command.c_str(), "r");
  ASSERT_NE(out, nullptr);
  std::string said;
  for (int c = std::fgetc(out); c != EOF; c = std::fgetc(out)) said += static_cast<char>(c);
  EXPECT_EQ(::pclose(out), 0);
  EXPECT_EQ(said,
            "me 0\n"
            "b F32 [] [7.0]\n"
            "none F32 [0, 4] []\n"
            "w F32 [2, 3] [0.5, -1.0, 3.25, 0.001, 65536.0, -0.0]\n");
}

// A process whose files may not grow beyond what a whole one needs: a write fails in its middle, as on a full disk.
TEST(Safetensors, AFileThatCannotBeWrittenWholeLeavesTheOneBefore) {
  const TemporaryFolder folder;
  const fs::path file = folder / "f";
  const std::vector<float> before(1000, 1);
  write_safetensors(file, {}, {{"w", {1000}, before}});
  const std::string bytes = bytes_of(file);
  const pid_t child = ::fork();
  if (child == 0) {
    ::signal(SIGXFSZ, SIG_IGN);
    const rlimit limit{10'000, 10'000};
    ::setrlimit(RLIMIT_FSIZE, &limit);
    const std::vector<float> after(10'000, 2);
    try {
      write_safetensors(file, {}, {{"w", {10'000}, after}});
    } catch (const Error& error) {
      ::_exit(std::string(error.what()) == file.string() + " cannot be written: File too large" ? 7 : 8);
    }
    ::_exit(9);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(WEXITSTATUS(status), 7);
  EXPECT_EQ(bytes_of(file), bytes);
  EXPECT_EQ(std::distance(fs::directory_iterator(folder.path()), {}), 1);
}

}  // namespace
}  // namespace geomx::trainer
