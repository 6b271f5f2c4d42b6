#include "gui/model/exchange.h"

#include <QCoreApplication>
#include <QFile>
#include <functional>
#include <nlohmann/json.hpp>

#include "emulator/base/error.h"
#include "emulator/interchange/diagram.h"
#include "emulator/interchange/import.h"
#include "emulator/scenario/generate.h"
#include "emulator/scenario/link_patch.h"
#include "emulator/scenario/parse.h"
#include "emulator/scenario/schema.h"
#include "emulator/scenario/wan_maps.h"
#include "emulator/scenario/write.h"
#include "gui/model/text_layout.h"

namespace geomx::gui {
namespace {

constexpr qint64 kLargestFile = qint64{16} << 20;
const QString kWan = QStringLiteral("wan:");

struct Words {
  Q_DECLARE_TR_FUNCTIONS(geomx::gui::Template)
};

constexpr int kLargestMesh = 100;   // sites: 4950 links
constexpr int kDensestWaxman = 40;  // sites, from which on more of them have no more links each

// What says no more than that it is left out.
Json without_defaults(const Json& value, const Json& schema) {
  Json kept = value;
  if (value.is_array() && schema.contains("items")) {
    for (Json& element : kept) element = without_defaults(element, schema.at("items"));
  }
  if (!value.is_object() || !schema.contains("properties")) return kept;
  kept = Json::object();
  for (const auto& [key, member] : value.items()) {
    const auto found = schema.at("properties").find(key);
    if (found == schema.at("properties").end()) {
      kept[key] = member;
      continue;
    }
    const bool is_default = found->contains("default") && found->at("default") == member;
    Json inner = without_defaults(member, *found);
    const bool says_nothing = member.is_object() && inner.empty();
    if (!is_default && !says_nothing) kept[key] = std::move(inner);
  }
  return kept;
}

Json json_of(const scenario::Scenario& scenario) {
  const std::string text = scenario::write(scenario);
  scenario::parse(text, "template");  // what is wrong with it is said now
  static const Json schema = Json::parse(scenario::json_schema());
  return without_defaults(Json::parse(text), schema);
}

// Where the sites of a real network are; the generator's scenario does not keep it, as the network does not need it.
void locate(const scenario::WanMap& map, Json& json) {
  for (Json& datacenter : json["topology"]["datacenters"]) {
    for (const scenario::WanSite& site : map.sites) {
      if (!map.located || datacenter.value("name", std::string()) != site.name) continue;
      datacenter["latitude"] = site.latitude;
      datacenter["longitude"] = site.longitude;
    }
  }
}

scenario::LinkProperties properties_of(const QMap<QString, QString>& typed) {
  scenario::LinkPatch patch;
  for (auto property = typed.begin(); property != typed.end(); ++property) {
    if (!property->trimmed().isEmpty()) patch[property.key().toStdString()] = as_json(*property).toStdString();
  }
  return scenario::patched({}, patch, "link");
}

// "abilene" as "Abilene".
QString capitalised(const QString& name) {
  return name.left(1).toUpper() + name.mid(1);
}

QList<Template> make_templates() {
  const Template::Number hosts{Words::tr("Hosts"), Words::tr("How many hosts in all"), 1, 1000, 4};
  const Template::Number sites{Words::tr("Data centers"),
                               Words::tr("How many data centers share them; 0: one for each host"), 0, 1000, 0};
  QList<Template> all{
      {QStringLiteral("star"), Words::tr("Star"), Words::tr("Hosts on one switch"), {hosts}},
      {QStringLiteral("linear"), Words::tr("Row"), Words::tr("Data centers in a row"), {hosts, sites}},
      {QStringLiteral("ring"), Words::tr("Ring"), Words::tr("Data centers in a ring"), {hosts, sites}},
      {QStringLiteral("mesh"), Words::tr("Mesh"), Words::tr("Data centers, every two joined"), {hosts, sites}},
      {QStringLiteral("tree"),
       Words::tr("Tree"),
       Words::tr("Hosts below a tree of routers"),
       {hosts, {Words::tr("Fan-out"), Words::tr("Children of each router"), 2, 100, 2}}},
      {QStringLiteral("fat-tree"),
       Words::tr("Fat tree"),
       Words::tr("Hosts below a k-ary fat tree of routers"),
       {hosts, {Words::tr("Ports (k)"), Words::tr("Ports of each router; 0: as few as will do"), 0, 16, 0}}},
      {QStringLiteral("waxman"),
       Words::tr("Waxman (random)"),
       Words::tr("Data centers joined at random, near ones rather than far ones"),
       {hosts, sites, {Words::tr("Seed"), Words::tr("Same seed, same network"), 0, 1'000'000, 1}}},
  };
  for (const scenario::WanMap& map : scenario::wan_maps()) {
    const QString name = QString::fromUtf8(map.name.data(), static_cast<qsizetype>(map.name.size()));
    const QString source = QString::fromUtf8(map.source.data(), static_cast<qsizetype>(map.source.size()));
    all.append({kWan + name,
                Words::tr("%1 (real)").arg(capitalised(name)),
                Words::tr("A real network. Source: %1").arg(source),
                {{Words::tr("Hosts"), Words::tr("How many hosts in all; 0: one at each site"), 0, 1000, 0}}});
  }
  return all;
}

// Links grow with the square of the sites: what nobody could look at is not made.
scenario::Scenario generated_mesh(const scenario::SiteOptions& options) {
  const int sites = options.sites > 0 ? options.sites : options.hosts;
  if (sites > kLargestMesh) {
    throw InputError("mesh", std::to_string(sites) + " data centers, every two joined, are too many to be drawn",
                     "take " + std::to_string(kLargestMesh) + " at most");
  }
  return scenario::generate_mesh(options);
}

scenario::Scenario generated_waxman(const scenario::SiteOptions& options, int seed) {
  scenario::WaxmanOptions waxman;
  waxman.sites = options;
  waxman.seed = static_cast<std::uint64_t>(seed);
  const int sites = options.sites > 0 ? options.sites : options.hosts;
  if (sites > kDensestWaxman) waxman.beta *= static_cast<double>(kDensestWaxman) / sites;
  return scenario::generate_waxman(waxman);
}

scenario::Scenario generated(const QString& name, const QList<int>& numbers, const scenario::LinkProperties& link) {
  const auto at = [&](qsizetype i) { return numbers.value(i); };
  if (name.startsWith(kWan)) return scenario::generate_wan(name.mid(kWan.size()).toStdString(), at(0), link);
  if (name == QLatin1String("star")) return scenario::generate_star(at(0), link);
  if (name == QLatin1String("tree")) return scenario::generate_tree(at(0), at(1), link);
  if (name == QLatin1String("fat-tree")) return scenario::generate_fat_tree(at(0), at(1), link);
  const scenario::SiteOptions sites{at(0), at(1), link};
  if (name == QLatin1String("linear")) return scenario::generate_linear(sites);
  if (name == QLatin1String("ring")) return scenario::generate_ring(sites);
  if (name == QLatin1String("mesh")) return generated_mesh(sites);
  if (name == QLatin1String("waxman")) return generated_waxman(sites, at(2));
  throw InputError(name.toStdString(), "there is no such template");
}

const scenario::Scenario& whole(const Document& document, const std::shared_ptr<const scenario::Scenario>& scenario) {
  if (scenario) return *scenario;
  const Problems& problems = document.problems();
  throw InputError(document.path().toStdString(), "the scenario has errors",
                   problems.isEmpty() ? std::string() : problems.front().sentence().toStdString());
}

}  // namespace

const QList<Template>& templates() {
  static const QList<Template> all = make_templates();
  return all;
}

QByteArray make_template(const QString& name, const QList<int>& numbers, const QMap<QString, QString>& link) {
  Json json = json_of(generated(name, numbers, properties_of(link)));
  if (name.startsWith(kWan)) locate(scenario::wan_map(name.mid(kWan.size()).toStdString()), json);
  return file_text(json);
}

Imported import_file(const QString& path) {
  QFile file(path);
  if (!file.open(QIODevice::ReadOnly)) {
    throw InputError(path.toStdString(), "cannot read the topology: " + file.errorString().toStdString());
  }
  if (file.size() > kLargestFile) throw InputError(path.toStdString(), "the topology is larger than 16 MiB");
  const std::string text = file.readAll().toStdString();
  // containerlab's files may be JSON as well, as that is YAML; theirs have a topology.
  const Json json = Json::parse(text, nullptr, false);
  const bool is_mininet = json.is_object() && !json.contains("topology");
  const interchange::Import import = is_mininet ? interchange::read_mininet(text, path.toStdString())
                                                : interchange::read_containerlab(text, path.toStdString());
  Imported imported{file_text(json_of(import.scenario)), {}};
  for (const interchange::Note& note : import.notes) {
    imported.notes.append(QString::fromStdString(InputError(note.where, note.what, note.hint).line()));
  }
  return imported;
}

QByteArray export_mermaid(const Document& document) {
  return QByteArray::fromStdString(interchange::to_mermaid(whole(document, document.scenario())));
}

QByteArray export_dot(const Document& document) {
  return QByteArray::fromStdString(interchange::to_dot(whole(document, document.scenario())));
}

}  // namespace geomx::gui
