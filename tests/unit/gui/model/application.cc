// The main of these tests: timers, file watchers and QUndoStack want an application; and nothing belongs into the
// user's home.
#include <gmock/gmock.h>

#include <QCoreApplication>
#include <QTemporaryDir>

int main(int argc, char** argv) {
  testing::InitGoogleMock(&argc, argv);
  const QTemporaryDir home;
  for (const char* name : {"HOME", "XDG_STATE_HOME"}) qputenv(name, home.path().toUtf8());
  const QCoreApplication application(argc, argv);
  return RUN_ALL_TESTS();
}
