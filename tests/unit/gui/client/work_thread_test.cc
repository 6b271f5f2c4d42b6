#include "gui/client/work_thread.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <future>
#include <vector>

namespace geomx::gui {
namespace {

TEST(WorkThread, DoesOneThingAfterTheOther) {
  std::vector<int> done;
  std::promise<void> last;
  WorkThread thread;
  for (int i = 0; i < 3; ++i) thread.post([&done, i] { done.push_back(i); });
  thread.post([&last] { last.set_value(); });
  ASSERT_EQ(last.get_future().wait_for(std::chrono::seconds(10)), std::future_status::ready);
  EXPECT_THAT(done, ::testing::ElementsAre(0, 1, 2));
}

TEST(WorkThread, ItsEndWaitsForWhatHasBegun) {
  std::promise<void> begun;
  bool ended = false;
  {
    WorkThread thread;
    thread.post([&] {
      begun.set_value();
      std::this_thread::yield();
      ended = true;
    });
    ASSERT_EQ(begun.get_future().wait_for(std::chrono::seconds(10)), std::future_status::ready);
  }
  EXPECT_TRUE(ended);
}

}  // namespace
}  // namespace geomx::gui
