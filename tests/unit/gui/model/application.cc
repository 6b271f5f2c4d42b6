// Timers, file watchers and QUndoStack want an application; and nothing of these tests belongs into the user's home.
#include <gtest/gtest.h>

#include <QCoreApplication>
#include <QTemporaryDir>

namespace {

class Application : public testing::Environment {
 public:
  void SetUp() override {
    for (const char* name : {"HOME", "XDG_STATE_HOME"}) qputenv(name, home_.path().toUtf8());
  }

 private:
  int argc_ = 1;
  char name_[16] = "gui_model_test";
  char* argv_[2] = {name_, nullptr};
  QTemporaryDir home_;
  QCoreApplication application_{argc_, argv_};
};

const testing::Environment* const kApplication = testing::AddGlobalTestEnvironment(new Application);

}  // namespace
