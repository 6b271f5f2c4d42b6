#include "gui/model/text_patch.h"

#include "emulator/base/error.h"
#include "tests/unit/gui/model/fixture.h"

namespace geomx::gui {
namespace {

QByteArray after(QByteArray text, const Edits& edits) {
  for (const TextPatch& patch : patches_for(text, edits)) apply(patch, text);
  return text;
}

const QByteArray kFile = R"({
  "name": "x",
  "topology": {
    "links": [
      {"name": "a", "rate": "1Mbit"},
      {"name": "b"},
      {"name": "c", "loss": "1%"}
    ]
  },
  "expect": []
}
)";

TEST(TextPatch, ReplacesAValueAndNothingElse) {
  QByteArray wanted = kFile;
  wanted.replace("1Mbit", "10Mbit");
  EXPECT_EQ(after(kFile, {Edit::set("/topology/links/0/rate", "\"10Mbit\"")}), wanted);
}

TEST(TextPatch, NumbersKeepTheirSpelling) {
  EXPECT_EQ(after(R"({"min": 0.8, "max": 1e3})", {Edit::set("/min", "0.80")}), R"({"min": 0.80, "max": 1e3})");
  EXPECT_EQ(after(R"([1])", {Edit::insert("", -1, {R"({"min":0.80})"})}), R"([1, {"min": 0.80}])");
}

TEST(TextPatch, WhatIsNewIsLaidOutAsItsNeighboursAre) {
  EXPECT_TRUE(after(kFile, {Edit::set("/topology/links/1/rate", "\"2Mbit\"")})
                  .contains("\n      {\"name\": \"b\", \"rate\": \"2Mbit\"},\n"));
  EXPECT_TRUE(
      after(kFile, {Edit::insert("/topology/links", -1, {R"({"name":"d","ends":["x","y"]})"})})
          .contains("{\"name\": \"c\", \"loss\": \"1%\"},\n      {\"name\": \"d\", \"ends\": [\"x\", \"y\"]}\n    ]"));
  EXPECT_TRUE(after(kFile, {Edit::insert("/topology/links", 0, {R"({"name":"d"})"})})
                  .contains("\"links\": [\n      {\"name\": \"d\"},\n      {\"name\": \"a\""));
  EXPECT_TRUE(after(kFile, {Edit::insert("/expect", -1, {R"({"metric":"m"})"})})
                  .contains("\"expect\": [\n    {\"metric\": \"m\"}\n  ]\n}\n"));
  EXPECT_TRUE(after(kFile, {Edit::insert("/topology/nodes", -1, {R"({"name":"n"})"})})
                  .contains("    ],\n    \"nodes\": [\n      {\"name\": \"n\"}\n    ]\n  },"));
}

TEST(TextPatch, SectionsStandInTheirOrder) {
  const QByteArray text = after(kFile, {Edit::set("/seed", "7"), Edit::set("/training/batch_size", "32"),
                                        Edit::set("/training/optimizer/name", "\"adam\"")});
  EXPECT_TRUE(text.contains("\"name\": \"x\",\n  \"seed\": 7,\n  \"topology\"")) << text.toStdString();
  EXPECT_TRUE(
      text.contains("  },\n  \"training\": {\n    \"batch_size\": 32,\n    \"optimizer\": {\"name\": \"adam\"}\n  },\n"
                    "  \"expect\""))
      << text.toStdString();
}

TEST(TextPatch, WindowsLinesAndTabsAreKept) {
  EXPECT_EQ(after("{\r\n\t\"a\": 1\r\n}\r\n", {Edit::set("/b", "2")}), "{\r\n\t\"a\": 1,\r\n\t\"b\": 2\r\n}\r\n");
  EXPECT_EQ(after("\xEF\xBB\xBF{\"a\": 1}", {Edit::set("/a", "2")}), "\xEF\xBB\xBF{\"a\": 2}");
}

TEST(TextPatch, RemovesWithTheRightCommas) {
  const QByteArray list = "[1, 2, 3, 4, 5]";
  EXPECT_EQ(after(list, {Edit::remove({"/0"})}), "[2, 3, 4, 5]");
  EXPECT_EQ(after(list, {Edit::remove({"/4"})}), "[1, 2, 3, 4]");
  EXPECT_EQ(after(list, {Edit::remove({"/0", "/1", "/3"})}), "[3, 5]");
  EXPECT_EQ(after(list, {Edit::remove({"/1", "/2", "/4"})}), "[1, 4]");
  EXPECT_EQ(after(list, {Edit::remove({"/4", "/3", "/2", "/1", "/0"})}), "[]");
  EXPECT_EQ(after(R"({"a": {"b": 1}, "c": 2})", {Edit::remove({"/a", "/a/b", "/nothing"})}), R"({"c": 2})");
  EXPECT_EQ(after(R"({"a": {"b": 1}})", {Edit::remove({"/a/b"})}), R"({"a": {}})");
}

TEST(TextPatch, EditsOfABatchSeeEachOther) {
  EXPECT_EQ(after("{}", {Edit::set("/a/b", "1"), Edit::set("/a/c", "2"), Edit::set("/a/b", "3")}),
            "{\n  \"a\": {\n    \"b\": 3,\n    \"c\": 2\n  }\n}");
  EXPECT_EQ(after("[]", {Edit::set("/0", "1"), Edit::set("/1", "2"), Edit::set("/-", "3"), Edit::set("/0", "4")}),
            "[4, 2, 3]");
  EXPECT_EQ(after("[1, 2, 3]", {Edit::remove({"/0"}), Edit::set("/0", "9"), Edit::insert("", 1, {"7", "8"})}),
            "[9, 7, 8, 3]");
  EXPECT_EQ(after(R"({"a": 1})", {Edit::rename_key("/a", "b~/\""), Edit::set("/b~0~1\"", "2")}), R"({"b~/\"": 2})");
}

TEST(TextPatch, WhatDoesNotFitIsRefusedWithAReason) {
  EXPECT_THROW(patches_for("{", {Edit::set("/a", "1")}), InputError);
  EXPECT_THROW(patches_for(R"({"a": 1})", {Edit::set("/a/b", "1")}), InputError);
  EXPECT_THROW(patches_for("[]", {Edit::set("/3", "1")}), InputError);
  EXPECT_THROW(patches_for("{}", {Edit::set("/a", "10Mbit")}), InputError);
  EXPECT_THROW(patches_for("{}", {Edit::rename_key("/a", "b")}), InputError);
  try {
    patches_for("{}", {Edit::set("/a", "10Mbit")});
  } catch (const InputError& error) {
    EXPECT_EQ(error.line(), "/a: \"10Mbit\" is no JSON (strings are written with double quotes)");
  }
}

TEST(JsonText, KnowsWhereEverythingIs) {
  const QByteArray text = R"({"a\"b": [1, {"c": "d\u00e9"}], "e": null})";
  const std::optional<JsonText> json = JsonText::read(text);
  ASSERT_TRUE(json);
  ASSERT_NE(json->find("/a\"b/1/c"), nullptr);
  EXPECT_EQ(json->typed(*json->find("/a\"b/1/c")), QStringLiteral("d\u00e9"));
  EXPECT_EQ(json->raw(*json->find("/a\"b")), R"([1, {"c": "d\u00e9"}])");
  EXPECT_EQ(json->find("/a\"b/2"), nullptr);
  EXPECT_EQ(json->pointer_at(text.indexOf("null")), "/e");
  EXPECT_EQ(json->pointer_at(text.indexOf("\"c\"") + 1), "/a\"b/1/c");
  EXPECT_EQ(json->pointer_at(text.size() - 1), "");
  EXPECT_FALSE(JsonText::read("{\"a\": 1,}"));
  EXPECT_FALSE(JsonText::read(""));
  EXPECT_FALSE(JsonText::read(QByteArray(100'000, '[') + QByteArray(100'000, ']')));
}

TEST(Json, WhatPeopleTypeBecomesJson) {
  EXPECT_EQ(as_json("10Mbit"), "\"10Mbit\"");
  EXPECT_EQ(as_json(" 0.80 "), "0.80");
  EXPECT_EQ(as_json("true"), "true");
  EXPECT_EQ(as_json("[\"a\"]"), "[\"a\"]");
  EXPECT_EQ(as_typed("\"10Mbit\""), "10Mbit");
  EXPECT_EQ(as_typed("0.80"), "0.80");
}

}  // namespace
}  // namespace geomx::gui
