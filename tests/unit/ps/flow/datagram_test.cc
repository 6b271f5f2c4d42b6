#include "ps/flow/datagram.h"

#include <gtest/gtest.h>

#include "ps/config/error.h"
#include "ps/flow/blocks.h"
#include "ps/transport/message.h"

namespace geomx::ps {
namespace {

Datagram some() {
  return {.channel = 2,
          .sender = NodeId{Role::worker, 5}.packed(),
          .stream = 0x1122334455667788,
          .sequence = 7,
          .turn = 3,
          .key = 9,
          .piece = 4,
          .offset = 1000,
          .values = {1, -2, 3.5F}};
}

const Seal& seal() {
  static const Seal one(std::string(Seal::kKeyBytes, 'k'));
  return one;
}

TEST(Datagram, IsReadAsItWasWritten) {
  for (const Seal* with : {static_cast<const Seal*>(nullptr), &seal()}) {
    const auto bytes = encode_datagram(some(), some().values, with);
    EXPECT_EQ(bytes.size(), Datagram::kHead + 12 + (with != nullptr ? Seal::kTag : 0));
    EXPECT_EQ(decode_datagram(bytes, with), some());
  }
}

TEST(Datagram, TheLongestFitsIntoAnEthernetFrame) {
  const std::vector<float> values(Blocks::kLongestPiece);
  EXPECT_LE(encode_datagram(some(), values, &seal()).size(), 1500u - 20 - 8);
}

TEST(Datagram, AMarkHoldsNothing) {
  Datagram mark = some();
  mark.piece = Datagram::kMark;
  mark.values.clear();
  EXPECT_EQ(decode_datagram(encode_datagram(mark, {}, &seal()), &seal()), mark);
  EXPECT_FALSE(decode_datagram(encode_datagram(mark, some().values, nullptr), nullptr));
}

TEST(Datagram, SealedByAnotherKeyOrNotAtAllIsRefused) {
  const Seal other(std::string(Seal::kKeyBytes, 'x'));
  EXPECT_FALSE(decode_datagram(encode_datagram(some(), some().values, &other), &seal()));
  EXPECT_FALSE(decode_datagram(encode_datagram(some(), some().values, nullptr), &seal()));
  EXPECT_FALSE(decode_datagram(encode_datagram(some(), some().values, &seal()), nullptr));
  EXPECT_NE(other.fingerprint(), seal().fingerprint());
  EXPECT_THROW(Seal("short"), Error);
}

TEST(Datagram, SealedNotOneBitCanBeAltered) {
  const auto bytes = encode_datagram(some(), some().values, &seal());
  for (std::size_t bit = 0; bit < bytes.size() * 8; ++bit) {
    auto altered = bytes;
    altered[bit / 8] = static_cast<std::uint8_t>(altered[bit / 8] ^ (1u << (bit % 8)));
    EXPECT_FALSE(decode_datagram(altered, &seal())) << "bit " << bit;
  }
}

TEST(Datagram, NoBytesAreReadBeyondTheirEnd) {
  const auto whole = encode_datagram(some(), some().values, nullptr);
  for (std::size_t length = 0; length < whole.size(); ++length) {
    const std::vector<std::uint8_t> cut(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(length));
    const auto read = decode_datagram(cut, nullptr);
    EXPECT_EQ(read.has_value(), length == Datagram::kHead + 4 || length == Datagram::kHead + 8) << length;
  }
  std::vector<std::uint8_t> longer = whole;
  longer.resize(Datagram::kHead + (Blocks::kLongestPiece + 1) * sizeof(float));
  EXPECT_FALSE(decode_datagram(longer, nullptr));
}

}  // namespace
}  // namespace geomx::ps
