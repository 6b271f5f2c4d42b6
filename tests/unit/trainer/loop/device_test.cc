#include "trainer/loop/device.h"

#include <dlfcn.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "trainer/model/zoo.h"
#include "trainer/tensor/error.h"

namespace geomx::trainer {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

template <typename Attempt>
std::string error_of(Attempt attempt) {
  try {
    attempt();
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

TEST(Device, IsReadFromText) {
  EXPECT_EQ(parse_device("auto").kind, Device::Kind::automatic);
  EXPECT_EQ(parse_device("cpu").kind, Device::Kind::cpu);
  EXPECT_EQ(parse_device("cuda").kind, Device::Kind::cuda);
  EXPECT_EQ(parse_device("cuda").index, 0);
  EXPECT_EQ(parse_device("cuda:3").index, 3);
  for (const char* text : {"", "gpu", "cuda:", "cuda:x", "cuda:-1", "cuda:1 ", "CPU"}) {
    EXPECT_THAT(error_of([&] { parse_device(text); }), HasSubstr("is not known (auto, cpu, cuda:N or model)")) << text;
  }
}

TEST(Device, ThatIsNotThereIsRefusedInOneLine) {
  EXPECT_THAT(error_of([] { find_device({Device::Kind::cuda, 99}); }), StartsWith("--device cuda:99: there is no"));
  EXPECT_EQ(find_device({Device::Kind::cpu}).kind, Device::Kind::cpu);
  EXPECT_EQ(find_device({Device::Kind::model}).kind, Device::Kind::model);
  EXPECT_NE(find_device({Device::Kind::automatic}).kind, Device::Kind::automatic);
}

TEST(Device, LeftToTheMachineIsItsCpuWhereThereIsNoDriver) {
  if (::dlopen("libcuda.so.1", RTLD_LAZY | RTLD_LOCAL) != nullptr) GTEST_SKIP() << "this machine has NVIDIA's driver";
  const Graph graph = make_model("cnn", {1, 28, 28}, 10);
  EXPECT_EQ(find_device({}).kind, Device::Kind::cpu);
  const auto backend = make_backend(Device{}, graph, {.batch = 2});
  EXPECT_EQ(backend->parameters().count(), graph.parameters().size());
  EXPECT_THAT(error_of([&] {
                make_backend(Device{Device::Kind::cuda, 0}, graph, {.batch = 2});
              }),
              HasSubstr("there is no NVIDIA driver"));
}

}  // namespace
}  // namespace geomx::trainer
