#include "gui/model/topology_model.h"

#include <algorithm>

#include "emulator/base/units.h"
#include "emulator/scenario/names.h"
#include "tests/unit/gui/model/fixture.h"

namespace geomx::gui {
namespace {

const QByteArray kEmpty =
    "{\n  \"version\": 1,\n  \"name\": \"untitled\",\n  \"topology\": {\n    \"datacenters\": [],\n"
    "    \"links\": []\n  }\n}\n";

// What a person does to draw scenarios/three-dc.json, by operations alone.
TEST(TopologyModel, ThreeDcCanBeDrawnFromNothing) {
  Desk desk(kEmpty);
  TopologyModel& model = desk.model;
  const Desk wanted(example("three-dc.json"));
  EXPECT_EQ(model.set_value("/name", "\"three-dc\""), std::nullopt);
  model.set_value("/description", quoted(*wanted.document.typed("/description")));
  model.set_value("/seed", "7");
  for (const char* name : {"central", "a", "b"}) EXPECT_EQ(model.add_datacenter(name), name);
  EXPECT_EQ(model.set_property({"central"}, "lan/rate", "\"10Gbit\""), std::nullopt);
  for (const QString& party : {QStringLiteral("a"), QStringLiteral("b")}) {
    const QString link = model.connect("central", party);
    EXPECT_EQ(link, "link:central--" + party);
    EXPECT_EQ(model.rename(link, "wan-" + party), std::nullopt);
  }
  EXPECT_EQ(model.set_property({"link:wan-a", "link:wan-b"}, "rate", "\"100Mbit\""), std::nullopt);
  EXPECT_EQ(model.set_property({"link:wan-a", "link:wan-b"}, "delay", "\"30ms\""), std::nullopt);
  EXPECT_EQ(desk.last_step(), "Set delay of 2 links to 30ms");
  model.set_party("central", PartyItem{{}, 1, 1, 0});
  model.set_party("a", PartyItem{{}, 0, 1, 2});
  model.set_party("b", PartyItem{{}, 0, 1, 2});
  model.set_value("/training/model", "\"cnn\"");
  model.set_value("/training/batch_size", "32");
  model.set_value("/training/epochs", "1");
  model.set_value("/training/optimizer/name", "\"adam\"");
  model.set_value("/training/optimizer/learning_rate", "0.001");
  model.set_value("/training/sync/name", "\"fsa\"");
  EXPECT_EQ(model.append("/expect", R"({"metric": "training.test_accuracy", "min": 0.80})"), 0);

  EXPECT_TRUE(desk.problems().isEmpty()) << desk.problems().join('\n').toStdString();
  EXPECT_EQ(desk.document.resolved().toStdString(), wanted.document.resolved().toStdString());
  EXPECT_TRUE(desk.document.text().contains("\n      {\"name\": \"wan-a\", \"ends\": [\"central\", \"a\"], \"rate\""))
      << desk.document.text().toStdString();
  desk.undo_all();
  EXPECT_EQ(desk.document.text(), kEmpty);
}

TEST(TopologyModel, ShowsWhatThereIs) {
  const Desk desk(example("three-dc.json"));
  const DatacenterItem* a = desk.model.datacenter("a");
  ASSERT_NE(a, nullptr);
  EXPECT_EQ(a->hosts, QStringList({"a-gateway", "a-scheduler", "a-server-0", "a-worker-0", "a-worker-1"}));
  ASSERT_TRUE(a->party);
  EXPECT_EQ(a->party->workers, 2);
  const LinkItem* link = desk.model.link("link:wan-a");
  ASSERT_NE(link, nullptr);
  EXPECT_EQ(link->ends[1], "a");
  EXPECT_EQ(link->effective("rate", true), "100Mbit");
  EXPECT_EQ(link->effective("loss", true), "");
  EXPECT_EQ(desk.model.links_of("central"), QStringList({"link:wan-a", "link:wan-b"}));
  EXPECT_EQ(desk.model.item_at("/topology/links/1/rate"), "link:wan-b");
  EXPECT_EQ(desk.model.item_at("/training/parties/2"), "b");
  EXPECT_EQ(desk.model.item_at("/training/model"), "");

  // What a data center is said to have is what a lab gives it.
  const auto scenario = desk.document.scenario();
  QStringList hosts;
  for (const DatacenterItem& item : desk.model.datacenters()) hosts += item.hosts;
  QStringList names;
  for (const std::string& name : scenario::hostnames(*scenario)) names.append(QString::fromStdString(name));
  std::sort(hosts.begin(), hosts.end());
  std::sort(names.begin(), names.end());
  EXPECT_EQ(hosts, names);
}

TEST(TopologyModel, DirectionsAndPresetsHoldWhereTheyAreNotOverridden) {
  const Desk desk(R"({"version": 1, "name": "x", "topology": {"nodes": [{"name": "a"}, {"name": "b"}], "links": [
    {"name": "one", "ends": ["a", "b"], "rate": "5Mbit", "forward": {"rate": "1Mbit"}},
    {"name": "two", "ends": ["a", "b"], "preset": "leo-satellite", "delay": "70ms"}]}})");
  EXPECT_TRUE(desk.problems().isEmpty()) << desk.problems().join('\n').toStdString();
  const LinkItem* one = desk.model.link("link:one");
  EXPECT_EQ(one->effective("rate", true), "1Mbit");
  EXPECT_EQ(one->effective("rate", false), "5Mbit");
  const LinkItem* two = desk.model.link("link:two");
  EXPECT_EQ(two->effective("delay", true), "70ms");
  const scenario::Link& resolved = desk.document.scenario()->topology.links[1];
  EXPECT_EQ(parse_rate(two->effective("rate", true).toStdString()), resolved.forward.rate);
  EXPECT_EQ(parse_rate(two->effective("rate", false).toStdString()), resolved.backward.rate);
}

TEST(TopologyModel, ReferencesFollowARename) {
  Desk desk(R"({"version": 1, "name": "x", "topology": {"datacenters": [{"name": "c"}, {"name": "a", "hosts": 1}],
    "nodes": [{"name": "n", "datacenter": "a"}], "links": [{"ends": ["c", "a"], "rate": "1Gbit"}]},
    "workload": [{"name": "s", "node": "a-host-0", "argv": ["iperf3", "-s"], "background": true},
                 {"name": "p", "nodes": ["a-host-*", "n"], "argv": ["ping", "-c1", "a-host-0"]}],
    "events": [{"at": "1s", "link": "c--a", "down": "1s"}, {"at": "2s", "node": "a-host-0", "kill": true},
               {"at": "3s", "link": "a-host-0--a-switch", "down": "1s"}],
    "expect": [{"metric": "links.c--a.c->a.bytes", "min": 1}, {"metric": "workload.p@a-host-0.exit_code", "max": 0}]})");
  ASSERT_TRUE(desk.problems().isEmpty()) << desk.problems().join('\n').toStdString();
  const QByteArray before = desk.document.text();
  EXPECT_EQ(desk.model.rename("a", "far"), std::nullopt);
  EXPECT_EQ(desk.last_step(), "Rename a to far");
  EXPECT_TRUE(desk.problems().isEmpty()) << desk.problems().join('\n').toStdString();
  const Document& document = desk.document;
  EXPECT_EQ(document.typed("/topology/links/0/ends/1"), "far");
  EXPECT_EQ(document.typed("/topology/nodes/0/datacenter"), "far");
  EXPECT_EQ(document.typed("/workload/0/node"), "far-host-0");
  EXPECT_EQ(document.typed("/workload/1/nodes/0"), "far-host-*");
  EXPECT_EQ(document.typed("/workload/1/argv/2"), "far-host-0");
  EXPECT_EQ(document.typed("/events/0/link"), "c--far");
  EXPECT_EQ(document.typed("/events/2/link"), "far-host-0--far-switch");
  EXPECT_EQ(document.typed("/expect/0/metric"), "links.c--far.c->far.bytes");
  EXPECT_EQ(document.typed("/expect/1/metric"), "workload.p@far-host-0.exit_code");
  EXPECT_EQ(desk.model.rename("link:c--far", "wan"), std::nullopt);
  EXPECT_TRUE(desk.problems().isEmpty()) << desk.problems().join('\n').toStdString();
  EXPECT_EQ(document.typed("/expect/0/metric"), "links.wan.c->far.bytes");
  desk.undo_all();
  EXPECT_EQ(desk.document.text(), before);
}

TEST(TopologyModel, RolesAndStragglersFollowTheirDataCenter) {
  Desk desk(example("hundred-workers.json"));
  desk.model.set_value("/training/stragglers", R"({"oslo-worker-1": 3})");
  desk.model.append("/events", R"({"at": "5s", "node": "oslo-worker-0", "kill": "3s"})");
  ASSERT_TRUE(desk.problems().isEmpty()) << desk.problems().join('\n').toStdString();
  EXPECT_EQ(desk.model.rename("oslo", "paris"), std::nullopt);
  EXPECT_TRUE(desk.problems().isEmpty()) << desk.problems().join('\n').toStdString();
  EXPECT_EQ(desk.document.typed("/training/stragglers/paris-worker-1"), "3");
  EXPECT_EQ(desk.document.typed("/events/0/node"), "paris-worker-0");
  EXPECT_NE(desk.model.find("link:wan-oslo"), nullptr) << "a link with a name of its own keeps it";
}

TEST(TopologyModel, ANameThatCannotBeIsRefusedWithTheReason) {
  Desk desk(example("three-dc.json"));
  const QByteArray before = desk.document.text();
  for (const char* name : {"b", "B!", "", "central-master"}) {
    const auto problem = desk.model.rename("a", name);
    ASSERT_TRUE(problem) << name;
    EXPECT_FALSE(problem->what.isEmpty());
  }
  EXPECT_TRUE(desk.model.rename("link:wan-a", "wan-b"));
  EXPECT_EQ(desk.document.text(), before);
}

TEST(TopologyModel, RemovingTakesAlongWhatNamesIt) {
  Desk desk(example("three-dc.json"));
  desk.model.append("/events", R"({"at": "5s", "node": "a-worker-0", "kill": "3s"})");
  desk.model.append("/events", R"({"at": "6s", "link": "wan-b", "down": "3s"})");
  desk.model.append("/expect", R"({"metric": "links.wan-a.central->a.bytes", "min": 1})");
  const QByteArray before = desk.document.text();
  desk.model.remove({"a"});
  EXPECT_EQ(desk.last_step(), "Remove a");
  EXPECT_TRUE(desk.problems().isEmpty()) << desk.problems().join('\n').toStdString();
  EXPECT_EQ(desk.model.ids(), QStringList({"central", "b", "link:wan-b"}));
  EXPECT_EQ(desk.document.value("/training/parties")->size(), 2u);
  EXPECT_EQ(desk.document.value("/events")->size(), 1u);
  EXPECT_EQ(desk.document.value("/expect")->size(), 1u);
  desk.document.undo_stack().undo();
  EXPECT_EQ(desk.document.text(), before) << "one step";
}

TEST(TopologyModel, CommandsOfWhatIsRemovedGoToo) {
  Desk desk(example("changing-wan.json"));
  desk.model.remove({"city"});
  EXPECT_EQ(desk.document.value("/workload")->size(), 2u) << desk.document.text().toStdString();
  EXPECT_EQ(desk.document.typed("/workload/0/name"), "download");
  EXPECT_EQ(desk.document.value("/workload/0/after")->size(), 0u);
}

TEST(TopologyModel, AValueIsSetOnManyLinksInOneStep) {
  Desk desk(example("hundred-workers.json"));
  QStringList links;
  for (const LinkItem& link : desk.model.links()) links.append(link.id);
  const QByteArray before = desk.document.text();
  EXPECT_EQ(desk.model.set_property(links, "loss", "\"0.1%\""), std::nullopt);
  EXPECT_EQ(desk.document.undo_stack().count(), 1);
  for (const LinkItem& link : desk.model.links()) EXPECT_EQ(link.effective("loss", true), "0.1%");
  const auto problem = desk.model.set_property(links, "loss", "\"110%\"");
  ASSERT_TRUE(problem);
  EXPECT_EQ(problem->pointer, "/topology/links/0/loss");
  EXPECT_EQ(desk.document.undo_stack().count(), 1);
  desk.undo_all();
  EXPECT_EQ(desk.document.text(), before);
}

TEST(TopologyModel, SettingALinkOverridesItsDirections) {
  Desk desk(example("playground.json"));
  EXPECT_EQ(desk.model.set_property({"link:middle-west"}, "rate", "\"9Mbit\""), std::nullopt);
  const LinkItem* link = desk.model.link("link:middle-west");
  EXPECT_EQ(link->effective("rate", true), "9Mbit");
  EXPECT_EQ(link->effective("rate", false), "9Mbit");
  EXPECT_EQ(link->effective("delay", true), "15ms") << "the directions' other properties stay";
  EXPECT_EQ(desk.model.set_property({"link:middle-west"}, "delay", "\"1ms\""), std::nullopt);
  EXPECT_FALSE(desk.document.text().contains("\"forward\"")) << "a direction that says nothing goes";
  EXPECT_EQ(desk.model.set_property({"link:middle-west"}, "backward/delay", "\"2ms\""), std::nullopt);
  EXPECT_EQ(desk.model.link("link:middle-west")->effective("delay", false), "2ms");
  EXPECT_EQ(desk.model.set_property({"link:middle-west"}, "backward/delay", ""), std::nullopt);
  EXPECT_FALSE(desk.document.text().contains("\"backward\""));
  EXPECT_TRUE(desk.problems().isEmpty());
}

TEST(TopologyModel, WhatSaysTheSameInAnotherWayGoes) {
  Desk desk(example("three-dc.json"));
  EXPECT_EQ(desk.model.set_value("/training/rounds", "100"), std::nullopt);
  EXPECT_EQ(desk.document.typed("/training/epochs"), std::nullopt);
  EXPECT_EQ(desk.model.set_property({"link:wan-a"}, "gilbert_elliott", R"({"p": "1%", "r": "20%"})"), std::nullopt);
  EXPECT_EQ(desk.model.set_property({"link:wan-a"}, "loss", "\"1%\""), std::nullopt);
  EXPECT_EQ(desk.model.property("link:wan-a", "gilbert_elliott"), std::nullopt);
  EXPECT_TRUE(desk.problems().isEmpty()) << desk.problems().join('\n').toStdString();
}

TEST(TopologyModel, APresetTakesThePlaceOfFigures) {
  Desk desk(example("three-dc.json"));
  EXPECT_EQ(desk.model.set_preset({"link:wan-a", "link:wan-b"}, "geo-satellite"), std::nullopt);
  EXPECT_EQ(desk.model.property("link:wan-a", "rate"), std::nullopt);
  EXPECT_GT(desk.document.scenario()->topology.links[0].forward.delay, std::chrono::milliseconds(200));
  EXPECT_TRUE(desk.model.set_preset({"link:wan-a"}, "carrier pigeon"));
  EXPECT_EQ(desk.model.set_preset({"link:wan-a"}, ""), std::nullopt);
  EXPECT_FALSE(desk.document.scenario()->topology.links[0].forward.shaped());
}

TEST(TopologyModel, ALinksImpossibleDelayIsRefused) {
  Desk desk(example("three-dc.json"));
  EXPECT_EQ(desk.model.set_property({"link:wan-a"}, "jitter", "\"5ms\""), std::nullopt);
  const auto problem = desk.model.set_property({"link:wan-a"}, "delay", "\"1ms\"");
  ASSERT_TRUE(problem) << "the jitter is at most the delay";
  EXPECT_EQ(desk.model.property("link:wan-a", "delay"), "30ms");
}

TEST(TopologyModel, DuplicatesGetNamesAndPartiesOfTheirOwn) {
  Desk desk(example("three-dc.json"));
  QMap<QString, QString> names;
  const QStringList fresh = desk.model.duplicate({"a", "link:wan-a"}, &names);
  EXPECT_EQ(fresh, QStringList({"a-2", "link:wan-a-2"}));
  EXPECT_EQ(names["link:wan-a"], "link:wan-a-2");
  EXPECT_EQ(desk.model.link("link:wan-a-2")->ends[0], "central");
  EXPECT_EQ(desk.model.link("link:wan-a-2")->ends[1], "a-2");
  ASSERT_TRUE(desk.model.datacenter("a-2")->party);
  EXPECT_EQ(desk.model.datacenter("a-2")->party->workers, 2);
  EXPECT_TRUE(desk.problems().isEmpty()) << desk.problems().join('\n').toStdString();
  EXPECT_EQ(desk.document.undo_stack().count(), 1);
}

TEST(TopologyModel, CopiesGoToOtherDocuments) {
  const Desk from(example("playground.json"));
  Desk to(kEmpty);
  const QByteArray copied = from.model.copy({"east", "middle", "west"});
  EXPECT_EQ(to.model.paste(copied), QStringList({"east", "west", "middle", "link:east-middle", "link:middle-west"}));
  EXPECT_TRUE(to.problems().isEmpty()) << to.problems().join('\n').toStdString();
  EXPECT_EQ(to.document.scenario()->topology, from.document.scenario()->topology);
  EXPECT_TRUE(to.model.paste("hello").isEmpty());
  EXPECT_TRUE(to.model.paste("{}").isEmpty());
}

TEST(TopologyModel, ABrokenTopologyIsShownAsFarAsItGoes) {
  Desk desk(R"({"topology": {"datacenters": [{"name": "a", "hosts": "two"}, {"name": "a"}, {"hosts": 1}, 7],
    "nodes": {"name": "x"}, "links": [{"ends": ["a"]}, {"ends": ["a", "nowhere"], "rate": 5}]}})");
  EXPECT_EQ(desk.model.datacenters().size(), 4u);
  const QStringList ids = desk.model.ids();
  EXPECT_EQ(ids.size(), QSet<QString>(ids.begin(), ids.end()).size());
  EXPECT_EQ(desk.model.datacenter("a")->hosts, QStringList({"a-gateway"}));
  EXPECT_EQ(desk.model.link("link:a--nowhere")->effective("rate", true), "5");
  EXPECT_FALSE(desk.model.problems_of("a").isEmpty());
  EXPECT_EQ(desk.model.rename("a?1", "b"), std::nullopt) << "a document with errors can be mended";
  desk.model.remove({"link:a--nowhere", "a?1"});
  EXPECT_NE(desk.document.json(), nullptr);

  desk.document.set_text("{");
  EXPECT_TRUE(desk.model.ids().isEmpty());
  EXPECT_EQ(desk.model.add_datacenter(), "");
  EXPECT_EQ(desk.model.connect("a", "b"), "");
}

TEST(TopologyModel, NewNamesAreFree) {
  Desk desk(kEmpty);
  EXPECT_EQ(desk.model.add_datacenter(), "dc1");
  EXPECT_EQ(desk.model.add_datacenter(), "dc2");
  EXPECT_EQ(desk.model.add_node(ItemKind::router), "router1");
  EXPECT_EQ(desk.model.add_node(ItemKind::host, "dc1-gateway"), "dc1-gateway-2") << "the data center has one";
  EXPECT_EQ(desk.model.add_node(ItemKind::switch_, {}, "dc1"), "switch1");
  EXPECT_EQ(desk.model.node("switch1")->datacenter, "dc1");
  EXPECT_EQ(desk.model.connect("dc1", "router1"), "link:dc1--router1");
  EXPECT_EQ(desk.model.connect("dc1", "router1"), "link:dc1--router1-2");
  EXPECT_EQ(desk.model.connect("dc1", "dc1"), "");
  EXPECT_EQ(desk.model.connect("dc1", "nowhere"), "");
  EXPECT_TRUE(desk.problems().isEmpty()) << desk.problems().join('\n').toStdString();
}

TEST(TopologyModel, ATrainingJobBeginsWithTheDataCentersThereAre) {
  Desk desk(example("playground.json"));
  desk.model.add_training();
  EXPECT_TRUE(desk.problems().isEmpty()) << desk.problems().join('\n').toStdString();
  EXPECT_EQ(desk.document.scenario()->training->parties.size(), 2u);
  desk.model.remove_training();
  EXPECT_EQ(desk.document.text(), example("playground.json"));
}

TEST(TopologyModel, ElementsOfListsMove) {
  Desk desk(example("changing-wan.json"));
  const QByteArray before = desk.document.text();
  desk.model.move_element("/events", 0, 1);
  EXPECT_EQ(desk.document.typed("/events/0/at"), "6s");
  EXPECT_EQ(desk.document.typed("/events/1/at"), "3s");
  desk.model.move_element("/events", 0, 1);
  EXPECT_EQ(desk.document.text(), before);
  desk.model.remove_element("/events", 0);
  desk.model.remove_element("/events", 0);
  EXPECT_EQ(desk.document.typed("/events"), std::nullopt);
}

}  // namespace
}  // namespace geomx::gui
