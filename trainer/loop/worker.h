#pragma once

#include "ps/config/node_config.h"
#include "ps/worker/session.h"
#include "trainer/loop/observer.h"
#include "trainer/loop/options.h"

namespace geomx::trainer {

// A worker's life: join the party, load the slice, (as the master: configure the optimizer and initialise the
// parameters,) pull, then round by round: gradient of a batch, pushed tensor by tensor while backward still runs; the
// answers are the new parameters. Rounds are epochs x floor(slice / batch), the same for every worker. The worker of
// data slice 0 evaluates on the whole test set at the end of each epoch and at the end. A master worker without a data
// slice initialises and leaves.
//
// What can be wrong with the options, and with the data as far as the files' headers show, is found before the network
// is touched. The data is read after joining, so that large or slow files do not use up the time that all have to join;
// should it be unreadable, all others are told why. Throws Error or ps::Error in one line. `observer` is called on this
// thread. `interrupt` ends it.
void run_worker(const ps::NodeConfig& config, const WorkerOptions& options, Observer& observer,
                const ps::TransportFactory& make_transport = {}, ps::Interrupt* interrupt = nullptr);

}  // namespace geomx::trainer
