#include "gui/client/run_folder_reader.h"

#include <exception>
#include <utility>

#include "gui/client/run_files.h"
#include "gui/client/text.h"

namespace geomx::gui {
namespace {

constexpr std::chrono::milliseconds kLook(250);

struct Found {
  std::optional<RunFacts> facts;
  std::optional<QByteArray> summary;
  RunBatch batch;
  QVector<LogChunk> logs;
  QString trouble;
};

bool is_empty(const RunBatch& batch) {
  const run::DatabaseRows& rows = batch.rows;
  return rows.steps.empty() && rows.evaluations.empty() && rows.rounds.empty() && rows.events.empty() &&
         rows.wan.empty() && batch.link_samples.empty();
}

Found look_into(RunFiles& files) {
  Found found;
  try {
    found.facts = files.facts();
    found.summary = files.summary();
    found.batch = files.rows();
    found.logs = files.logs();
  } catch (const std::exception& error) {
    found.trouble = line_of(error);
  }
  return found;
}

}  // namespace

RunFolderReader::RunFolderReader(QObject* parent) : QObject(parent) {
  connect(&timer_, &QTimer::timeout, this, &RunFolderReader::look);
  timer_.setInterval(kLook);
}

RunFolderReader::~RunFolderReader() = default;

void RunFolderReader::follow(const QString& folder) {
  stop();
  folder_name_ = folder;
  files_ = std::make_shared<RunFiles>(folder);
  emit cleared();
  if (!link_.isEmpty()) thread_.post([files = files_, link = link_] { files->follow_link(link); });
  timer_.start();
  look();
}

void RunFolderReader::stop() {
  ++generation_;
  timer_.stop();
  looking_ = false;
  files_.reset();
  folder_name_.clear();
  facts_.reset();
  last_trouble_.clear();
}

void RunFolderReader::follow_link(const QString& link) {
  if (link == link_) return;
  link_ = link;
  if (!files_) return;
  thread_.post([files = files_, link] { files->follow_link(link); });
}

void RunFolderReader::look() {
  if (looking_ || !files_) return;
  looking_ = true;
  thread_.post([this, files = files_, generation = generation_] {
    Found found = look_into(*files);
    // The thread is joined before the reader is gone, and what is posted to an object goes with it.
    QMetaObject::invokeMethod(
        this,
        [this, generation, found = std::move(found)] {
          if (generation != generation_) return;
          looking_ = false;
          if (facts_ && found.facts && found.facts->start != facts_->start) {
            follow(QString(folder_name_));  // another run has taken the folder over
            return;
          }
          const bool more = found.batch.rows.more || !found.batch.link_samples.empty();
          if (found.facts) {
            facts_ = found.facts;
            emit opened(*facts_);
          }
          if (found.summary) emit summarised(*found.summary);
          if (!is_empty(found.batch)) emit read(found.batch);
          if (!found.logs.isEmpty()) emit logged(found.logs);
          if (!found.trouble.isEmpty() && found.trouble != last_trouble_) emit trouble(found.trouble);
          last_trouble_ = found.trouble;
          if (more && generation == generation_) look();
        },
        Qt::QueuedConnection);
  });
}

}  // namespace geomx::gui
