#include "ps/config/transport_config.h"

namespace geomx::ps {

TransportConfig read_transport(const Variables& variables, bool listens) {
  TransportConfig config;
  config.security = read_security(variables, listens);
  const long timeout = variables.integer("PS_RESEND_TIMEOUT", 1, 3'600'000, 1000);
  if (variables.flag("PS_RESEND")) config.resend_timeout = std::chrono::milliseconds(timeout);
  config.drop = variables.number("PS_DROP_MSG", 0, 90, 0, "a percentage") / 100;
  if (config.drop > 0 && config.resend_timeout.count() == 0) {
    variables.wrong("PS_DROP_MSG", *variables.text("PS_DROP_MSG"), "0, or PS_RESEND=1 beside it,");
  }
  return config;
}

}  // namespace geomx::ps
