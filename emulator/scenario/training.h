#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "emulator/base/units.h"

// The training section of the scenario file (scenario.h) as plain structs: who trains, what, and by which algorithms.
namespace geomx::scenario {

struct Party {
  std::string datacenter;
  int global_servers = 0;  // > 0 in the central party and nowhere else
  int servers = 1;         // ignored in the central party
  int workers = 0;
  bool operator==(const Party&) const = default;
};

// Of the learning rate, in the optimizer's steps; docs/training.md has the formulas.
struct Schedule {
  std::string name = "constant";  // constant, step, cosine
  int warmup = 0;                 // steps, in front of any
  std::optional<int> every;       // step
  std::optional<double> gamma;    // step
  std::optional<int> total;       // cosine
  std::optional<double> floor;    // cosine
  bool operator==(const Schedule&) const = default;
};

struct Optimizer {
  std::optional<std::string> name;  // sgd, adam, adamw; left out: adamw with diloco, else adam
  double learning_rate = 0.001;
  double momentum = 0;                 // sgd
  double weight_decay = 0;             // sgd, adam: L2; adamw: decoupled
  bool nesterov = false;               // sgd with momentum
  std::optional<Schedule> schedule{};  // left out: constant
  std::optional<double> clip_norm{};   // of each worker's gradient
  std::optional<double> clip_value{};
  bool operator==(const Optimizer&) const = default;
};

// When workers and parties wait for each other; docs/algorithms.md says what each does. What is left out is the
// parameter server's own default.
struct Sync {
  std::string name = "fsa";                   // fsa, mixed, hfa, esync, diloco
  bool dcasgd = false;                        // mixed: delay compensation
  std::optional<double> dcasgd_lambda;        // how much of it
  std::optional<int> k1;                      // hfa: steps of a worker in a round of its party
  std::optional<int> k2;                      // hfa, diloco: rounds of a party in a global one
  std::optional<int> local_steps;             // diloco: steps of a round; esync: the most
  std::optional<double> outer_learning_rate;  // esync, diloco
  std::optional<double> outer_momentum;       // diloco
  bool operator==(const Sync&) const = default;
};

// How gradients look on the wire; docs/codecs.md.
struct Codec {
  std::string name = "none";          // none, fp16, bf16, bisparse, mpq, 2bit
  std::optional<double> ratio;        // bisparse, mpq: of the elements, sent between parties
  std::optional<std::string> values;  // bisparse, mpq: fp32, fp16
  std::optional<int> lower_bound;     // bisparse, mpq: elements of a tensor that counts as large
  std::optional<double> threshold;    // 2bit
  bool operator==(const Codec&) const = default;
};

// Differential gradient transmission between parties; docs/flow.md. What is left out is the parameter server's default.
struct Dgt {
  int mode = 1;                     // 1: datagrams; 2: TCP, behind all else; 3: 4 bits a value
  std::optional<int> channels;      // mode 1: of datagrams
  std::optional<double> k;          // of the blocks, sent reliably
  bool adaptive_k = false;          // which falls with the loss
  std::optional<double> k_min;      // and how far
  std::optional<double> alpha;      // the weight of the past in a block's contribution
  std::optional<Bytes> block_size;  // whole floats
  std::optional<Nanoseconds> wait;  // mode 1: of a sender's silence, after which what is missing is lost
  std::optional<Probability> drop;  // mode 1: of the datagrams, by the receiver, to try it out
  bool info = false;                // the log says what went by which way
  bool operator==(const Dgt&) const = default;
};

// The overlay on which gradients are added up; docs/flow.md.
struct TsEngine {
  bool within_parties = false;
  bool between_parties = false;
  std::optional<double> greed;  // how often the fastest link that is known is taken
  bool operator==(const TsEngine&) const = default;
};

// Who sends when, and by which road.
struct Flow {
  bool p3 = false;
  std::optional<Bytes> p3_slice;  // whole floats
  std::optional<Dgt> dgt;
  std::optional<TsEngine> tsengine;
  bool operator==(const Flow&) const = default;
};

// What the job does about nodes that die and messages that are lost; docs/faults.md.
struct Faults {
  std::optional<std::string> on_worker_death;  // drop, wait
  std::optional<Nanoseconds> rejoin_timeout;
  std::optional<Nanoseconds> heartbeat_interval;
  std::optional<Nanoseconds> heartbeat_timeout;  // 0: nobody is ever lost
  std::optional<Nanoseconds> join_timeout;
  std::optional<Nanoseconds> round_timeout;
  bool resend = false;
  std::optional<Nanoseconds> resend_timeout;  // whole milliseconds
  std::optional<Probability> drop_messages;   // to try it out
  bool operator==(const Faults&) const = default;
};

// Of the global servers, and of workers: the one that evaluates and, where workers have optimizers of their own, each.
struct Checkpoint {
  std::optional<std::string> dir;  // left out: in the run folder
  std::optional<int> every;        // rounds
  bool resume = false;
  bool operator==(const Checkpoint&) const = default;
};

// Samples for training of a data set as published, which what lies in a `data_dir` may differ from. Nothing for text,
// which has as many as its file is long.
std::optional<int> training_samples(const std::string& dataset);

struct Training {
  bool computes() const { return device != "model"; }
  std::vector<Party> parties;
  std::string model = "cnn";              // a known one, or the path of a .json file that describes one
  std::string dataset = "fashion-mnist";  // fashion-mnist, mnist, cifar10, text
  std::optional<std::string> data_dir;
  std::string device = "auto";     // auto, cpu, cuda, cuda:N, model
  std::string precision = "fp32";  // fp32, tf32, bf16
  // Of device model, whose workers compute nothing (profile.h); they have no model and no data set, and count rounds.
  std::optional<std::string> profile;        // a name, or a file's absolute path
  std::optional<double> compute_seconds;     // of a step in the mean, in place of the profile's
  std::optional<double> jitter;              // standard deviation of a step's time, as a share of it
  std::map<std::string, double> stragglers;  // workers by name, and how many times as long they take
  int batch_size = 32;
  std::optional<int> epochs;  // exactly one of epochs and rounds is set after validation
  std::optional<int> rounds;
  int evaluate_every = 0;             // rounds; 0: only after each epoch and at the end
  std::optional<int> bigarray_bound;  // elements from which on a tensor is split over all servers
  std::string architecture = "hips";
  Optimizer optimizer;
  Sync sync;
  Codec codec;
  Flow flow;
  Faults faults;
  std::optional<Checkpoint> checkpoint;
  std::optional<int> context;  // bytes of text in a sample
  bool split_by_class = false;
  std::optional<std::string> split;  // in its place: contiguous, by-class, dirichlet
  std::optional<double> dirichlet_alpha;
  std::string augment = "none";   // none, flip-crop
  std::string security = "none";  // none, curve
  bool operator==(const Training&) const = default;
};

}  // namespace geomx::scenario
