#include "ps/config/security.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <optional>

#include "ps/config/error.h"

namespace geomx::ps {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using Environment = std::map<std::string, std::string>;

// The keys of ZeroMQ's own examples.
const std::string kPublic = "Yne@$w-vo<fVvi]a<NY6T1ed:M$fCG*[IaLV{hID";
const std::string kSecret = "D:)Q[IlAW!ahhC2ac:9*A}h:p?([4%wOTJ%JR%cs";
const std::string kOther = "rq:rM>}U?@Lns47E1%kR.o@n%FcmmsL/@{H8]yf7";

Security read(const Environment& environment, bool listens = false) {
  return read_security(Variables([&](const std::string& name) {
                         const auto found = environment.find(name);
                         return found == environment.end() ? std::nullopt : std::optional(found->second);
                       }),
                       listens);
}

std::string error_of(const Environment& environment, bool listens = false) {
  try {
    read(environment, listens);
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

Environment curve(const Environment& more = {}) {
  Environment environment{
      {"GEOMX_SECURITY", "curve"}, {"GEOMX_CURVE_PUBLIC_KEY", kPublic}, {"GEOMX_CURVE_SECRET_KEY", kSecret}};
  for (const auto& [name, value] : more) environment[name] = value;
  return environment;
}

TEST(SecurityConfigTest, NoneUnlessItIsAskedFor) {
  EXPECT_FALSE(read({}).curve);
  EXPECT_FALSE(read({{"GEOMX_SECURITY", "none"}}).curve);
  EXPECT_THAT(error_of({{"GEOMX_SECURITY", "tls"}}), HasSubstr("GEOMX_SECURITY=tls: none or curve is wanted"));
}

TEST(SecurityConfigTest, KeysWithoutCurveWouldBeAnIllusion) {
  EXPECT_THAT(error_of({{"GEOMX_CURVE_SERVER_KEY", kPublic}}), HasSubstr("GEOMX_SECURITY is not curve"));
}

TEST(SecurityConfigTest, OnePairIsEnoughForAll) {
  const Security security = read(curve());
  EXPECT_TRUE(security.curve);
  EXPECT_EQ(security.public_key, kPublic);
  EXPECT_EQ(security.secret_key, kSecret);
  EXPECT_EQ(security.server_key, kPublic);
  EXPECT_TRUE(security.admitted.empty());
}

TEST(SecurityConfigTest, ListsAreSeparatedByCommas) {
  const Security security = read(curve({{"GEOMX_CURVE_ADMITTED_KEYS", kPublic + "," + kOther}}));
  EXPECT_THAT(security.admitted, ElementsAre(kPublic, kOther));
  EXPECT_THAT(error_of(curve({{"GEOMX_CURVE_ADMITTED_KEYS", kPublic + " " + kOther}})),
              HasSubstr("GEOMX_CURVE_ADMITTED_KEYS"));
}

TEST(SecurityConfigTest, WhoListensHasTheServersPair) {
  EXPECT_EQ(read(curve({{"GEOMX_CURVE_SERVER_KEY", kOther}})).server_key, kOther);
  EXPECT_THAT(error_of(curve({{"GEOMX_CURVE_SERVER_KEY", kOther}}), true),
              HasSubstr("this node's own GEOMX_CURVE_PUBLIC_KEY"));
}

TEST(SecurityConfigTest, WhatIsWrongIsNamedAndNoSecretIsTold) {
  EXPECT_THAT(error_of({{"GEOMX_SECURITY", "curve"}}), HasSubstr("GEOMX_CURVE_PUBLIC_KEY is not set: a key of 40"));
  const std::string error = error_of(curve({{"GEOMX_CURVE_SECRET_KEY", kSecret + "x"}}));
  EXPECT_THAT(error, HasSubstr("GEOMX_CURVE_SECRET_KEY=(41 characters): a key of 40 characters (Z85) is wanted"));
  EXPECT_THAT(error, Not(HasSubstr(kSecret)));
}

}  // namespace
}  // namespace geomx::ps
