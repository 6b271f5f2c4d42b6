// What one is told on a machine that has no card, no driver, or no CUDA backend.

#include "trainer/cuda/load.h"

#include <dlfcn.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "trainer/tensor/error.h"

namespace geomx::trainer::cuda {
namespace {

using ::testing::AllOf;
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

bool driver() {
  return ::dlopen("libcuda.so.1", RTLD_LAZY | RTLD_LOCAL) != nullptr;
}

TEST(Plugin, IsNotOpenedWithoutADriver) {
  if (driver()) GTEST_SKIP() << "this machine has NVIDIA's driver, and the message is for those without";
  const std::string text = error_of([] { require_card(0); });
  EXPECT_THAT(text, AllOf(StartsWith("there is no NVIDIA driver on this machine (libcuda.so.1"),
                          HasSubstr("take --device cpu")));
  EXPECT_EQ(error_of([] { require_card(0); }), text) << "the same the second time";
}

TEST(Plugin, HasToBeALibrary) {
  EXPECT_THAT(error_of([] { open_plugin("/proc/self/status"); }),
              AllOf(HasSubstr("the CUDA backend cannot be opened"), HasSubstr("/proc/self/status")));
}

TEST(Plugin, HasToBeTheBackend) {
  EXPECT_THAT(error_of([] { open_plugin("libstdc++.so.6"); }), HasSubstr("is not the CUDA backend"));
}

// Where it was built it opens, whether or not there is a card, and says what is missing itself.
TEST(Plugin, SaysThatThereIsNoCard) {
  const auto places = plugin_places();
  if (!std::filesystem::exists(places.front()))
    GTEST_SKIP() << places.front() << " is not built: there is no CUDA here";
  if (driver()) GTEST_SKIP() << "this machine has NVIDIA's driver; tests/gpu has tests for it";
  const Plugin& plugin = open_plugin(places.front());
  EXPECT_THAT(error_of([&] { plugin.count(); }), StartsWith("CUDA could not find a card: "));
}

}  // namespace
}  // namespace geomx::trainer::cuda
