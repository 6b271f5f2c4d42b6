// The emulator knows the sums of the built-in profiles, and not the profiles: what it says of a job's load follows from
// these.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "emulator/scenario/profile.h"
#include "tests/unit/trainer/data/temporary_folder.h"
#include "trainer/cost/builtin.h"

namespace geomx::trainer {
namespace {

void expect_equal(const Profile& profile, const scenario::ProfileSums& sums) {
  EXPECT_EQ(sums.elements, total_size(profile.parameters())) << profile.name;
  EXPECT_EQ(sums.tensors, profile.tensors.size()) << profile.name;
  EXPECT_EQ(sums.batch_size, profile.batch_size) << profile.name;
  EXPECT_NEAR(1000 * sums.step_seconds, profile.step_ms(), profile.step_ms() / 1e6) << profile.name;
}

TEST(ProfilesOfTheEmulator, AreThese) {
  EXPECT_EQ(scenario::builtin_profiles(), builtin_profiles());
  for (const std::string& name : builtin_profiles()) expect_equal(builtin_profile(name), scenario::profile_sums(name));
}

TEST(ProfilesOfTheEmulator, AreReadFromFilesAsWell) {
  const TemporaryFolder folder;
  const Profile profile = builtin_profile("bert-base");
  write_profile(folder / "p.json", profile);
  expect_equal(profile, scenario::profile_sums((folder / "p.json").string()));
}

}  // namespace
}  // namespace geomx::trainer
