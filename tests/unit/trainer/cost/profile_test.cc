#include "trainer/cost/profile.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <string>

#include "tests/unit/trainer/data/temporary_folder.h"
#include "trainer/cost/builtin.h"
#include "trainer/tensor/error.h"

namespace geomx::trainer {
namespace {

using testing::HasSubstr;

std::string refusal(const std::string& text) {
  try {
    parse_profile(text, "p.json");
    return "accepted";
  } catch (const Error& error) {
    return error.what();
  }
}

std::string with(const std::string& tensor) {
  return R"({"version": 1, "name": "n", "source": "s", "batch_size": 8, "tensors": [)" + tensor + "]}";
}

TEST(ProfileFile, SurvivesWritingAndReading) {
  const TemporaryFolder folder;
  const Profile profile = builtin_profile("resnet50");
  write_profile(folder / "p.json", profile);
  EXPECT_EQ(read_profile(folder / "p.json"), profile);
  EXPECT_EQ(find_profile((folder / "p.json").string()), profile);
  EXPECT_EQ(find_profile("vgg16"), builtin_profile("vgg16"));
  EXPECT_FALSE(std::filesystem::exists(folder / "p.json.unfinished"));
}

TEST(ProfileFile, SaysWhatIsWrong) {
  const std::string good = R"({"name": "w", "shape": [2, 3], "forward_ms": 1, "backward_ms": 2.5})";
  EXPECT_EQ(refusal(with(good)), "accepted");
  const struct {
    std::string text;
    const char* said;
  } cases[] = {
      {"{", "profile p.json: "},
      {"[]", "an object is wanted"},
      {R"({"version": 2})", "/version: 1 is wanted"},
      {R"({"version": 1, "nme": "n"})", "unknown key \"nme\""},
      {R"({"version": 1, "name": "n", "source": "s", "batch_size": 0, "tensors": []})", "/batch_size"},
      {with(""), "/tensors: a list of 1 to 1000000 tensors is wanted"},
      {with(good + "," + good), "/tensors/1/name: a second tensor \"w\""},
      {with(R"({"name": "w", "shape": [2], "forward_ms": 1})"), "/tensors/0: \"backward_ms\" is missing"},
      {with(R"({"name": "w", "shape": [], "forward_ms": 1, "backward_ms": 2})"), "/tensors/0/shape"},
      {with(R"({"name": "w", "shape": [0], "forward_ms": 1, "backward_ms": 2})"), "whole numbers from 1"},
      {with(R"({"name": "w", "shape": [2.5], "forward_ms": 1, "backward_ms": 2})"), "whole numbers from 1"},
      {with(R"({"name": "w", "shape": [1000000000, 1000000000], "forward_ms": 1, "backward_ms": 2})"), "too many"},
      {with(R"({"name": "w", "shape": [2], "forward_ms": -1, "backward_ms": 2})"), "/tensors/0/forward_ms"},
      {with(R"({"name": "w", "shape": [2], "forward_ms": "1", "backward_ms": 2})"), "/tensors/0/forward_ms"},
      {with(R"({"name": "w", "shape": [2], "forward_ms": 0, "backward_ms": 0})"), "a step takes no time"},
      {with(R"({"name": "", "shape": [2], "forward_ms": 1, "backward_ms": 0})"), "/tensors/0/name: a text is wanted"},
  };
  for (const auto& each : cases) EXPECT_THAT(refusal(each.text), HasSubstr(each.said)) << each.text;
}

TEST(ProfileFile, ANameThatIsNeitherNameNorFileIsToldTheNames) {
  try {
    find_profile("vgg");
    FAIL();
  } catch (const Error& error) {
    EXPECT_STREQ(error.what(),
                 "profile vgg: no profile has that name (resnet50, vgg16, bert-base, gpt2-small, cnn), and the file "
                 "cannot be read: No such file or directory");
  }
  EXPECT_THROW(find_profile("/"), Error);
}

TEST(ProfileFile, ThatCannotBeWrittenLeavesTheOldOne) {
  const TemporaryFolder folder;
  try {
    write_profile(folder / "none" / "p.json", builtin_profile("cnn"));
    FAIL();
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), HasSubstr("p.json: No such file or directory"));
  }
}

TEST(ProfileSummary, NamesEachTensorAndTheSums) {
  const std::string text = summary(builtin_profile("cnn"));
  EXPECT_THAT(text, HasSubstr("cnn, a step of 32 samples"));
  EXPECT_THAT(text, HasSubstr("\nfc1.weight    256x512                 131072         0.000         0.000\n"));
  EXPECT_THAT(text, HasSubstr("\nall                                   178762         0.859         1.510\n"));
}

}  // namespace
}  // namespace geomx::trainer
