#include "emulator/base/units.h"

#include <gtest/gtest.h>

#include "emulator/base/error.h"

namespace geomx {
namespace {

TEST(Units, ParsesEverySpelling) {
  EXPECT_EQ(parse_rate("100Mbit").value, 100'000'000u);
  EXPECT_EQ(parse_rate("1.5Mbit").value, 1'500'000u);
  EXPECT_EQ(parse_duration("30ms"), std::chrono::milliseconds(30));
  EXPECT_EQ(parse_duration("2min"), std::chrono::minutes(2));
  EXPECT_DOUBLE_EQ(parse_probability("0.1%").value, 0.001);
  EXPECT_EQ(parse_bytes("64KiB").value, 65536u);
  EXPECT_EQ(parse_bytes("64KB").value, 64000u);
}

TEST(Units, WritesWhatItReads) {
  for (const char* text : {"1kbit", "1.5Mbit", "999kbit", "40Gbit", "123.456kbit", "17bit"})
    EXPECT_EQ(to_string(parse_rate(text)), text);
  for (const char* text : {"5us", "30ms", "1.5s", "90s", "17ns"}) EXPECT_EQ(to_string(parse_duration(text)), text);
  for (const char* text : {"0.1%", "100%", "0%"}) EXPECT_EQ(to_string(parse_probability(text)), text);
  for (const char* text : {"1500B", "64KiB", "512MiB"}) EXPECT_EQ(to_string(parse_bytes(text)), text);
}

TEST(Units, RefusesWhatNobodyMeant) {
  for (const char* text : {"100", "", "Mbit", "100mbit", "-1Mbit", "nanMbit", "1e30Gbit", "100 Mbit"}) {
    EXPECT_THROW(parse_rate(text), InputError) << text;
  }
  EXPECT_THROW(parse_probability("101%"), InputError);
  EXPECT_THROW(parse_probability("0.1"), InputError);
  try {
    parse_duration("30");
    FAIL();
  } catch (const InputError& error) {
    EXPECT_EQ(error.line(), "duration \"30\" has no unit (write it as \"30ms\")");
  }
}

TEST(Units, TransmissionTime) {
  EXPECT_EQ(transmission_time(Bytes{1250}, BitsPerSecond{10'000'000}), std::chrono::milliseconds(1));
}

}  // namespace
}  // namespace geomx
