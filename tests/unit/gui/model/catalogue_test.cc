#include "gui/model/catalogue.h"

#include <QElapsedTimer>
#include <QSet>

#include "emulator/base/error.h"
#include "gui/model/exchange.h"
#include "tests/unit/gui/model/fixture.h"

namespace geomx::gui {
namespace {

const QList<Section> kSections{Section::scenario, Section::topology, Section::datacenter,  Section::lan,
                               Section::node,     Section::link,     Section::direction,   Section::party,
                               Section::training, Section::event,    Section::expectation, Section::command};

TEST(Catalogue, EveryPropertySaysWhatItIs) {
  for (const Section section : kSections) {
    QSet<QString> labels;
    EXPECT_FALSE(properties(section).isEmpty());
    for (const Property& property : properties(section)) {
      EXPECT_FALSE(property.label.isEmpty()) << property.path.toStdString();
      EXPECT_GT(property.tip.size(), 3) << property.path.toStdString();
      EXPECT_FALSE(labels.contains(property.label)) << property.label.toStdString() << " is two properties";
      labels.insert(property.label);
      EXPECT_EQ(property.kind == PropertyKind::choice, !property.choices.isEmpty()) << property.path.toStdString();
    }
  }
}

TEST(Catalogue, FollowsTheTableOfKeys) {
  const Property* delay = find_property(Section::link, "delay");
  ASSERT_NE(delay, nullptr);
  EXPECT_EQ(delay->kind, PropertyKind::duration);
  EXPECT_TRUE(delay->examples.contains("30ms"));
  EXPECT_FALSE(delay->advanced);
  EXPECT_EQ(find_property(Section::link, "queue")->by_default, "auto");
  EXPECT_EQ(find_property(Section::direction, "loss")->kind, PropertyKind::share);
  EXPECT_TRUE(find_property(Section::training, "model")->choices.contains("resnet18"));
  EXPECT_TRUE(find_property(Section::training, "sync/name")->choices.contains("hfa"));
  EXPECT_EQ(find_property(Section::training, "optimizer/learning_rate")->kind, PropertyKind::number);
  EXPECT_TRUE(find_property(Section::event, "at")->required);
  EXPECT_EQ(find_property(Section::event, "set/rate")->kind, PropertyKind::rate);
  EXPECT_EQ(find_property(Section::event, "ramp")->kind, PropertyKind::json) << "nothing of it is right by itself";
  EXPECT_EQ(find_property(Section::link, "nonsense"), nullptr);
  EXPECT_GE(link_presets().size(), 5);
}

TEST(Catalogue, TypedTextBecomesJson) {
  const Property& rate = *find_property(Section::link, "rate");
  EXPECT_EQ(json_of(rate, " 10Mbit "), "\"10Mbit\"");
  EXPECT_EQ(json_of(rate, "10"), "\"10\"") << "a number without a unit is the text that the reason quotes";
  EXPECT_EQ(json_of(rate, "  "), "");
  EXPECT_EQ(json_of(*find_property(Section::scenario, "seed"), "7"), "7");
  EXPECT_EQ(json_of(*find_property(Section::scenario, "seed"), "seven"), "\"seven\"");
  EXPECT_EQ(json_of(*find_property(Section::scenario, "description"), "7"), "\"7\"");
}

// What the catalogue offers for a link is taken as it is spelled.
TEST(Catalogue, ExamplesOfLinksAreTaken) {
  int tried = 0;
  for (const Property& property : properties(Section::link)) {
    for (const QString& offered : property.examples + property.choices) {
      Desk desk(example("three-dc.json"));
      const QStringList links{"link:wan-a"};
      if (property.path.contains('/')) continue;
      const auto problem = property.path == "preset"
                               ? desk.model.set_preset(links, offered)
                               : desk.model.set_property(links, property.path, json_of(property, offered));
      const bool needs_others = problem && !problem->what.contains("expected") && !problem->what.contains("known");
      EXPECT_TRUE(!problem || needs_others) << property.path.toStdString() << " = " << offered.toStdString();
      ++tried;
    }
  }
  EXPECT_GE(tried, 15);
}

TEST(Templates, EachIsAWholeScenario) {
  QMap<QString, QString> link{{"rate", "100Mbit"}};
  for (const Template& recipe : templates()) {
    QList<int> numbers;
    for (const Template::Number& number : recipe.numbers) numbers.append(number.value);
    Desk desk(make_template(recipe.name, numbers, link));
    EXPECT_TRUE(desk.problems().isEmpty()) << recipe.name.toStdString() << desk.problems().join('\n').toStdString();
    EXPECT_GE(desk.model.ids().size(), 4) << recipe.name.toStdString();
    EXPECT_FALSE(desk.model.links().empty());
    EXPECT_EQ(desk.model.links()[0].effective("rate", true), "100Mbit") << recipe.name.toStdString();
    EXPECT_FALSE(desk.document.text().contains("\"queue\"")) << "what says nothing is left out";
  }
  EXPECT_THROW(make_template("klein-bottle", {4}), InputError);
  EXPECT_THROW(make_template("star", {4}, {{"rate", "fast"}}), InputError);
}

// Whatever numbers the dialog lets through, there is a network that can be drawn, or a reason, before anybody loses
// patience.
TEST(Templates, TheLargestAreMadeInTimeOrRefused) {
  for (const Template& recipe : templates()) {
    for (const bool one_site_per_host : {true, false}) {
      QList<int> numbers;
      for (const Template::Number& number : recipe.numbers) {
        numbers.append(number.least == 0 && one_site_per_host ? 0 : number.most);
      }
      QElapsedTimer since;
      since.start();
      try {
        const Desk desk(make_template(recipe.name, numbers));
        EXPECT_TRUE(desk.problems().isEmpty()) << recipe.name.toStdString();
        EXPECT_LE(desk.model.links().size(), 10'000U) << recipe.name.toStdString();
      } catch (const InputError& refusal) {
        EXPECT_FALSE(std::string(refusal.hint()).empty()) << refusal.line();
      }
      EXPECT_LT(since.elapsed(), 15'000) << recipe.name.toStdString();
    }
  }
  EXPECT_NO_THROW(make_template("waxman", {1000, 0, 1}));
  EXPECT_THROW(make_template("mesh", {1000, 0}), InputError);
}

TEST(Templates, RealNetworksLieOnTheMap) {
  const Desk desk(make_template("wan:abilene", {0}));
  ASSERT_FALSE(desk.model.datacenters().empty());
  for (const DatacenterItem& item : desk.model.datacenters()) {
    EXPECT_TRUE(item.latitude && item.longitude) << item.name.toStdString();
  }
}

TEST(Exchange, OtherEmulatorsFilesBecomeScenarios) {
  const QDir folder(source_path("tests/golden/interchange/import"));
  int files = 0;
  for (const QString& name : folder.entryList({"*.yml", "*.mn"}, QDir::Files)) {
    try {
      Desk desk(import_file(folder.filePath(name)).text);
      EXPECT_NE(desk.document.json(), nullptr);
      EXPECT_FALSE(desk.model.nodes().empty()) << name.toStdString();
      ++files;
    } catch (const InputError&) {
      // Some of them are there to be refused.
    }
  }
  EXPECT_GE(files, 2);
  EXPECT_THROW(import_file(folder.filePath("no such file")), InputError);
}

TEST(Exchange, ADocumentBecomesAPicture) {
  const Desk desk(::geomx::gui::example("three-dc.json"));
  EXPECT_TRUE(export_mermaid(desk.document).startsWith("graph LR"));
  EXPECT_TRUE(export_dot(desk.document).contains("central"));
  const Desk broken("{");
  EXPECT_THROW(export_mermaid(broken.document), InputError);
}

}  // namespace
}  // namespace geomx::gui
