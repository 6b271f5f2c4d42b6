#include "emulator/control/keys.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>

#include "emulator/base/error.h"

namespace geomx::control {
namespace {

using ::testing::HasSubstr;

class Keys : public ::testing::Test {
 protected:
  Keys() {
    std::string pattern = "/tmp/geomx-keys-XXXXXX";
    if (::mkdtemp(pattern.data()) == nullptr) throw SystemError(pattern, "make folder", errno);
    folder_ = pattern;
    path_ = folder_ + "/client.key";
  }
  ~Keys() override { std::filesystem::remove_all(folder_); }
  std::string complaint() const {
    try {
      read_key(path_);
    } catch (const InputError& error) {
      return error.line();
    }
    return "none";
  }
  std::string folder_;
  std::string path_;
};

TEST_F(Keys, ASecretIsAnotherOneEachTime) {
  const std::string secret = make_secret();
  EXPECT_EQ(secret.size(), 64u);
  EXPECT_EQ(secret.find_first_not_of("0123456789abcdef"), std::string::npos) << secret;
  EXPECT_NE(secret, make_secret());
}

TEST_F(Keys, AreTheirOwnersAloneAndComeBackAsWritten) {
  const LabKeys keys = make_keys();
  EXPECT_NE(keys.server.secret_key, make_keys().server.secret_key);
  std::ofstream(path_) << "what was there before, readable by everybody";
  write_key(path_, keys.client);
  struct stat status {};
  ASSERT_EQ(::stat(path_.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 07777u, 0600u);
  const ClientKey read = read_key(path_);
  EXPECT_EQ(read.server, keys.server.public_key);
  EXPECT_EQ(read.own.public_key, keys.client.own.public_key);
  EXPECT_EQ(read.own.secret_key, keys.client.own.secret_key);
}

TEST_F(Keys, OnesThatOthersCanReadAreRefused) {
  write_key(path_, make_keys().client);
  ASSERT_EQ(::chmod(path_.c_str(), 0640), 0);
  EXPECT_THAT(complaint(), HasSubstr("others may use this key as well (chmod 600 " + path_));
}

TEST_F(Keys, FilesThatAreNoneAreRefused) {
  EXPECT_THAT(complaint(), HasSubstr("cannot be read"));
  write_key(path_, make_keys().client);
  std::ofstream(path_) << "not JSON";
  EXPECT_THAT(complaint(), HasSubstr("is no key of a lab"));
  std::ofstream(path_) << R"({"server": "short", "public": "", "secret": ""})";
  EXPECT_THAT(complaint(), HasSubstr("\"server\" is missing or of another length"));
}

}  // namespace
}  // namespace geomx::control
