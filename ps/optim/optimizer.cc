#include "ps/optim/optimizer.h"

#include <cmath>
#include <limits>
#include <sstream>
#include <string>

#include "ps/config/error.h"
#include "ps/optim/adam.h"
#include "ps/optim/schedule.h"
#include "ps/optim/sgd.h"

namespace geomx::ps {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

struct Setting {
  const char* name;
  double value;
};

// Written so that NaN fails.
void require(bool holds, const std::string& optimizer, const Setting& setting, const char* wanted) {
  if (holds) return;
  std::ostringstream line;
  line << "optimizer " << optimizer << ": " << setting.name << " is " << setting.value << ", must be " << wanted;
  throw Error(line.str());
}

void require_at_least_zero(const std::string& optimizer, const Setting& setting) {
  require(setting.value >= 0 && setting.value < kInfinity, optimizer, setting, "at least 0 and finite");
}
void require_positive(const std::string& optimizer, const Setting& setting) {
  require(setting.value > 0 && setting.value < kInfinity, optimizer, setting, "more than 0 and finite");
}
void require_decay_rate(const std::string& optimizer, const Setting& setting) {
  require(setting.value >= 0 && setting.value < 1, optimizer, setting, "in [0, 1)");
}
void require_unused(const std::string& optimizer, const Setting& setting) {
  require(setting.value == 0, optimizer, setting, "left out: this optimizer has none");
}

// A setting of another schedule than the one that was asked for.
void require_absent(bool given, const std::string& schedule, const char* setting, const char* owner) {
  if (given) throw Error("schedule " + schedule + " has no " + setting + ": it belongs to " + owner);
}

void validate_schedule(const proto::OptimizerConfig& config) {
  const proto::LearningRateSchedule& schedule = config.schedule();
  const std::string name = schedule.name().empty() ? "constant" : schedule.name();
  if (name != "constant" && name != "step" && name != "cosine") {
    throw Error("schedule \"" + name + "\" is unknown (constant, step or cosine)");
  }
  if (name == "step") {
    if (schedule.every() == 0) throw Error("schedule step: every is 0, must be a number of steps, at least 1");
    if (!(schedule.gamma() > 0 && schedule.gamma() <= 1)) {
      std::ostringstream line;
      line << "schedule step: gamma is " << schedule.gamma() << ", must be in (0, 1]";
      throw Error(line.str());
    }
  } else {
    require_absent(schedule.every() != 0, name, "every", "step");
    require_absent(schedule.gamma() != 0, name, "gamma", "step");
  }
  if (name == "cosine") {
    if (schedule.total() <= schedule.warmup()) {
      throw Error("schedule cosine: total is " + std::to_string(schedule.total()) +
                  ", must be a number of steps, more than the warm-up's " + std::to_string(schedule.warmup()));
    }
    if (!(schedule.floor() >= 0 && schedule.floor() <= config.learning_rate())) {
      std::ostringstream line;
      line << "schedule cosine: floor is " << schedule.floor() << ", must be from 0 to the learning rate, "
           << config.learning_rate();
      throw Error(line.str());
    }
  } else {
    require_absent(schedule.total() != 0, name, "total", "cosine");
    require_absent(schedule.floor() != 0, name, "floor", "cosine");
  }
}

}  // namespace

void validate(const proto::OptimizerConfig& config) {
  const std::string& name = config.name();
  if (name != "sgd" && name != "adam" && name != "adamw") {
    throw Error("optimizer \"" + name + "\" is unknown (sgd, adam or adamw)");
  }
  require_positive(name, {"learning rate", config.learning_rate()});
  require_at_least_zero(name, {"weight decay", config.weight_decay()});
  if (config.has_clip_norm()) require_positive(name, {"clip norm", config.clip_norm()});
  if (config.has_clip_value()) require_positive(name, {"clip value", config.clip_value()});
  validate_schedule(config);
  if (name == "sgd") {
    require_decay_rate(name, {"momentum", config.momentum()});
    if (config.nesterov() && config.momentum() == 0) {
      throw Error("optimizer sgd: Nesterov's momentum is asked for, and momentum is 0, must be in (0, 1)");
    }
    return;
  }
  require_unused(name, {"momentum", config.momentum()});
  if (config.nesterov()) throw Error("optimizer " + name + ": Nesterov's momentum belongs to sgd");
  const AdamSettings adam = adam_settings(config);
  require_decay_rate(name, {"beta1", adam.beta1});
  require_decay_rate(name, {"beta2", adam.beta2});
  require_positive(name, {"epsilon", adam.epsilon});
}

std::unique_ptr<Optimizer> make_optimizer(const proto::OptimizerConfig& config, std::size_t length) {
  validate(config);
  const Schedule schedule(config);
  if (config.name() != "sgd") return std::make_unique<Adam>(adam_settings(config), schedule, length);
  return std::make_unique<Sgd>(sgd_settings(config), schedule, length);
}

std::vector<std::string> state_names(const proto::OptimizerConfig& config) {
  if (config.name() != "sgd") return {"mean", "variance"};
  return {"momentum"};
}

}  // namespace geomx::ps
