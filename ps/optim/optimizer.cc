#include "ps/optim/optimizer.h"

#include <cmath>
#include <limits>
#include <sstream>
#include <string>

#include "ps/config/error.h"
#include "ps/optim/adam.h"
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

}  // namespace

void validate(const proto::OptimizerConfig& config) {
  const std::string& name = config.name();
  if (name != "sgd" && name != "adam" && name != "adamw") {
    throw Error("optimizer \"" + name + "\" is unknown (sgd, adam or adamw)");
  }
  require_positive(name, {"learning rate", config.learning_rate()});
  require_at_least_zero(name, {"weight decay", config.weight_decay()});
  if (name == "sgd") {
    require_decay_rate(name, {"momentum", config.momentum()});
    return;
  }
  require_unused(name, {"momentum", config.momentum()});
  const AdamSettings adam = adam_settings(config);
  require_decay_rate(name, {"beta1", adam.beta1});
  require_decay_rate(name, {"beta2", adam.beta2});
  require_positive(name, {"epsilon", adam.epsilon});
}

std::unique_ptr<Optimizer> make_optimizer(const proto::OptimizerConfig& config, std::size_t length) {
  validate(config);
  if (config.name() != "sgd") return std::make_unique<Adam>(adam_settings(config), length);
  return std::make_unique<Sgd>(sgd_settings(config), length);
}

}  // namespace geomx::ps
