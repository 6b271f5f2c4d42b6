#include "emulator/lab/machine_load.h"

#include <gtest/gtest.h>

namespace geomx::lab {
namespace {

TEST(MachineLoad, ReadsThePressureOfSome) {
  EXPECT_EQ(parse_pressure("some avg10=99.27 avg60=98.85 avg300=97.77 total=14259318638\nfull avg10=0.00 avg60=0.00 "
                           "avg300=0.00 total=7\n"),
            14259318638u);
  EXPECT_EQ(parse_pressure(""), std::nullopt);
  EXPECT_EQ(parse_pressure("full avg10=0.00 total=7\n"), std::nullopt);
  EXPECT_EQ(parse_pressure("some avg10=0.00\nfull total=7\n"), std::nullopt);
  EXPECT_EQ(parse_pressure("some total=\n"), std::nullopt);
}

TEST(MachineLoad, ReadsTheTicks) {
  MachineReading reading;
  ASSERT_TRUE(parse_stat("cpu  100 20 30 1000 50 6 4 90 11 12\ncpu0 1 1 1 1\n", reading));
  EXPECT_EQ(reading.busy_ticks, 160u);
  EXPECT_EQ(reading.stolen_ticks, 90u);
  EXPECT_EQ(reading.all_ticks, 1300u);
  EXPECT_FALSE(parse_stat("cpu0 1 2 3 4 5 6 7\n", reading));
  EXPECT_FALSE(parse_stat("", reading));
}

TEST(MachineLoad, SharesAreOfTheTimeBetween) {
  MachineReading before{10, 1'000'000, 100, 0, 1000, 5'000'000'000};
  MachineReading after{12, 2'500'000, 300, 20, 1400, 5'500'000'000};
  const MachineLoad load = load_between(before, after);
  EXPECT_NEAR(*load.cpu_pressure, 0.75, 1e-12);
  EXPECT_NEAR(*load.cpu_busy, 0.5, 1e-12);
  EXPECT_NEAR(*load.steal, 0.05, 1e-12);
  EXPECT_NEAR(*load.lab_waited, 0.25, 1e-12);
  after.waiting_microseconds.reset();
  EXPECT_EQ(load_between(before, after).cpu_pressure, std::nullopt);
  EXPECT_EQ(load_between(before, before).cpu_busy, std::nullopt);
}

TEST(MachineLoad, ThisMachineCanBeRead) {
  const MachineReading reading = read_machine();
  EXPECT_GT(reading.all_ticks, 0u);
  EXPECT_GT(reading.time, 0);
}

}  // namespace
}  // namespace geomx::lab
