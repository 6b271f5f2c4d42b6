#include "gui/client/complaint.h"

#include <gtest/gtest.h>

namespace geomx::gui {
namespace {

TEST(Complaint, IsALineTakenApart) {
  const Complaint full =
      complaint_of(QStringLiteral("geomx-emu: three-dc.json:3:7: unknown key \"rats\" (did you mean \"rate\"?)"));
  EXPECT_EQ(full.where.toStdString(), "three-dc.json:3:7");
  EXPECT_EQ(full.what.toStdString(), "unknown key \"rats\"");
  EXPECT_EQ(full.hint.toStdString(), "did you mean \"rate\"?");
  EXPECT_FALSE(full.warning);
  const Complaint bare =
      complaint_of(QStringLiteral("geomx-emu: warning: the machine is small: 2 cores (stop something)"));
  EXPECT_TRUE(bare.warning);
  EXPECT_EQ(bare.where.toStdString(), "");
  EXPECT_EQ(bare.what.toStdString(), "the machine is small: 2 cores");
  EXPECT_EQ(complaint_of(QStringLiteral("anything")).what.toStdString(), "anything");
}

}  // namespace
}  // namespace geomx::gui
