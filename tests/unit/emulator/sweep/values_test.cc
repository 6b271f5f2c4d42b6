#include "emulator/sweep/values.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "emulator/base/error.h"
#include "tests/unit/emulator/sweep/fixture.h"

namespace geomx::sweep {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

std::vector<std::string> texts(const std::string& written) {
  std::vector<std::string> found;
  for (const Value& value : expand_values(written, "--vary x", "/")) found.push_back(value.text);
  return found;
}

std::string complaint(const std::string& written) {
  try {
    expand_values(written, "--vary x", "/");
    return "accepted";
  } catch (const InputError& error) {
    return error.line();
  }
}

TEST(Values, AListIsSplitAtCommasThatNothingHolds) {
  EXPECT_THAT(texts("fsa"), ElementsAre("fsa"));
  EXPECT_THAT(texts("10Mbit,20Mbit"), ElementsAre("10Mbit", "20Mbit"));
  EXPECT_THAT(texts(R"(fsa,{"name":"hfa","k1":4},[1,2],"a,\"b")"),
              ElementsAre("fsa", R"({"name":"hfa","k1":4})", "[1,2]", R"("a,\"b")"));
}

TEST(Values, RangesHaveTheUnitOfTheirEnds) {
  EXPECT_THAT(texts("1..4"), ElementsAre("1", "2", "3", "4"));
  EXPECT_THAT(texts("4..1"), ElementsAre("4", "3", "2", "1"));
  EXPECT_THAT(texts("10ms..50ms:20ms"), ElementsAre("10ms", "30ms", "50ms"));
  EXPECT_THAT(texts("500us..2ms:500us"), ElementsAre("500us", "1ms", "1.5ms", "2ms"));
  EXPECT_THAT(texts("0..1:0.25"), ElementsAre("0", "0.25", "0.5", "0.75", "1"));
  EXPECT_THAT(texts("0..0.3:0.1"), ElementsAre("0", "0.1", "0.2", "0.3")) << "no remainders of binary fractions";
  EXPECT_THAT(texts("0.1%..0.3%:0.1%"), ElementsAre("0.1%", "0.2%", "0.3%"));
  EXPECT_THAT(texts("100packets..300packets:100packets"), ElementsAre("100packets", "200packets", "300packets"));
  EXPECT_THAT(texts("5Mbit,10Mbit..30Mbit:10Mbit"), ElementsAre("5Mbit", "10Mbit", "20Mbit", "30Mbit"));
}

TEST(Values, LogarithmicRangesGoByAFactorOrByACount) {
  EXPECT_THAT(texts("1Mbit..1Gbit:x10"), ElementsAre("1Mbit", "10Mbit", "100Mbit", "1Gbit"));
  EXPECT_THAT(texts("1..10:x3"), ElementsAre("1", "3", "9"));
  EXPECT_THAT(texts("1Mbit..100Mbit:log5"), ElementsAre("1Mbit", "3.16Mbit", "10Mbit", "31.6Mbit", "100Mbit"));
  EXPECT_THAT(texts("100ms..1ms:log3"), ElementsAre("100ms", "10ms", "1ms"));
}

TEST(Values, NumbersAreInBaseUnits) {
  const auto number = [](const std::string& text) { return to_value(text).number; };
  EXPECT_EQ(number("10Mbit"), 1e7);
  EXPECT_EQ(number("30ms"), 0.03);
  EXPECT_EQ(number("0.5%"), 0.005);
  EXPECT_EQ(number("64KiB"), 65536);
  EXPECT_EQ(number("\"20ms\""), 0.02) << "as JSON has it";
  EXPECT_EQ(number("3"), 3);
  EXPECT_EQ(number("fsa"), std::nullopt);
  EXPECT_EQ(number(R"({"name":"hfa"})"), std::nullopt);
}

TEST(Values, WhatIsNoRangeIsAValue) {
  EXPECT_THAT(texts("../profiles/x.json"), ElementsAre("../profiles/x.json"));
  EXPECT_THAT(texts("a..b"), ElementsAre("a..b"));
}

TEST(Values, ErrorsSayWhatIsWrong) {
  EXPECT_THAT(complaint(""), HasSubstr("a value is empty"));
  EXPECT_THAT(complaint("a,,b"), HasSubstr("a value is empty"));
  EXPECT_THAT(complaint("a,b,a"), HasSubstr("--vary x: the value a is there twice"));
  EXPECT_THAT(complaint("10ms..50ms"), HasSubstr("a range of anything but whole numbers has a step"));
  EXPECT_THAT(complaint("10ms..50Mbit:10ms"), HasSubstr("its ends are of different kinds"));
  EXPECT_THAT(complaint("10ms..x:10ms"), HasSubstr("its end is no number"));
  EXPECT_THAT(complaint("10ms..50ms:10"), HasSubstr("\"10\" is no step of it"));
  EXPECT_THAT(complaint("1..5:0"), HasSubstr("a step is above 0"));
  EXPECT_THAT(complaint("1..5:x1"), HasSubstr("a factor is above 1"));
  EXPECT_THAT(complaint("0..5:x2"), HasSubstr("goes up from above 0"));
  EXPECT_THAT(complaint("0..5:log3"), HasSubstr("a logarithmic range is above 0"));
  EXPECT_THAT(complaint("1..5:log1"), HasSubstr("2 values or more"));
  EXPECT_THAT(complaint("0..1000000"), HasSubstr("more than 10000 values"));
  EXPECT_THAT(complaint("@no-such-file"), HasSubstr("cannot read /no-such-file: No such file"));
}

class ValuesFile : public test::SweepTest {};

TEST_F(ValuesFile, HoldsAValuePerLine) {
  std::ofstream(base_ / "rates") << "# slow ones\n5Mbit\n\n  {\"name\":\"hfa\",\"k1\":4} \r\n20Mbit";
  std::vector<std::string> found;
  for (const Value& value : expand_values("@rates", "--vary x", base_)) found.push_back(value.text);
  EXPECT_THAT(found, ElementsAre("5Mbit", R"({"name":"hfa","k1":4})", "20Mbit"));
  std::ofstream(base_ / "none") << "# nothing\n";
  EXPECT_THROW(expand_values("@none", "--vary x", base_), InputError);
}

}  // namespace
}  // namespace geomx::sweep
