// The part of the table of keys that says what is trained, by whom, and by which algorithms.
#include <fmt/format.h>

#include <algorithm>

#include "emulator/scenario/formats.h"
#include "emulator/scenario/table.h"

namespace geomx::scenario {
namespace {

constexpr int kMostServers = 64;
constexpr int kMostWorkers = 1000;  // of a party: a bridge has 1023 ports
constexpr int kMillion = 1'000'000;
constexpr int kLargestBatch = 65'536;  // as geomx-node takes them
constexpr double kMostJitter = 10;
constexpr double kLeastFactor = 1e-3;

Object<Party> party() {
  using P = Party;
  return {"party",
          {
              required("datacenter", "where its processes run", &P::datacenter, name()),
              optional("global_servers", "at least 1 in the central party, 0 in every other", &P::global_servers,
                       integer(0, kMostServers)),
              optional("servers", "party servers; the central party has none", &P::servers, integer(1, kMostServers)),
              optional("workers", "processes that train; the central party may have none", &P::workers,
                       integer(0, kMostWorkers)),
          }};
}

Object<Schedule> schedule() {
  using S = Schedule;
  return {
      "schedule",
      {
          optional("name",
                   "constant; step: times gamma after every so many steps; cosine: falls to its floor along half a "
                   "cosine",
                   &S::name, choice({"constant", "step", "cosine"})),
          optional("warmup", "steps in which the rate rises linearly, before the schedule begins", &S::warmup,
                   integer(0, 1000 * kMillion)),
          optional("every", "step: steps", &S::every, integer(1, 1000 * kMillion)),
          optional("gamma", "step: a factor, to 1", &S::gamma, number_between(1e-6, 1)),
          optional("total", "cosine: steps, those of the warm-up among them", &S::total, integer(1, 1000 * kMillion)),
          optional("floor", "cosine: the rate that it falls to (0)", &S::floor, non_negative_number(1000)),
      }};
}

Object<Optimizer> optimizer() {
  using O = Optimizer;
  return {"optimizer",
          {
              optional("name",
                       "adam where left out, adamw with diloco; runs on the global servers, or on every worker where "
                       "the algorithm has it there",
                       &O::name, choice({"sgd", "adam", "adamw"})),
              optional("learning_rate", "step size", &O::learning_rate, positive_number(1000)),
              optional("momentum", "of sgd", &O::momentum, fraction_below_one()),
              optional("nesterov", "the momentum of sgd is Nesterov's", &O::nesterov, flag()),
              optional("weight_decay", "L2 penalty; of adamw, decoupled", &O::weight_decay, non_negative_number(1000)),
              optional("schedule", "of the learning rate, in the optimizer's steps", &O::schedule, object(schedule())),
              optional("clip_norm",
                       "each worker's gradient is scaled down to this L2 norm over all tensors; none of it travels "
                       "before all of it is computed",
                       &O::clip_norm, positive_number(1e9)),
              optional("clip_value", "each element of a worker's gradient is kept within +- this", &O::clip_value,
                       positive_number(1e9)),
          }};
}

Object<Sync> sync() {
  using S = Sync;
  const Object<S> outer(
      "outer", {optional("learning_rate", "of esync (1 where left out) and diloco (0.7)", &S::outer_learning_rate,
                         number_between(1e-6, 1000)),
                optional("momentum", "Nesterov's, of diloco (0.9)", &S::outer_momentum, number_between(0, 0.999999))});
  return {"sync",
          {
              optional("name",
                       "fsa: all wait for all in every round; mixed: parties do not wait for each other; hfa: several "
                       "local steps a round, several party rounds a global one; esync: as many local steps as the "
                       "slowest leaves time for; diloco: many local steps, and Nesterov's momentum between parties",
                       &S::name, choice({"fsa", "mixed", "hfa", "esync", "diloco"})),
              optional("dcasgd", "mixed: compensate for the delay of a party's gradient (optimizer sgd)", &S::dcasgd,
                       flag()),
              optional("dcasgd_lambda", "how much (0.04)", &S::dcasgd_lambda, number_between(0, kMillion)),
              optional("k1", "hfa: steps of a worker in a round of its party (20)", &S::k1, integer(1, kMillion)),
              optional("k2", "rounds of a party in a global one (hfa 10, diloco 1)", &S::k2, integer(1, kMillion)),
              optional("local_steps", "diloco: steps of a worker in a round (100); esync: the most there may be",
                       &S::local_steps, integer(1, kMillion)),
              group("outer", "the step that the global servers make with what comes from below", outer),
          }};
}

Object<Codec> codec() {
  using C = Codec;
  return {"codec",
          {
              optional("name",
                       "none: fp32; fp16, bf16: half of it; bisparse: the largest elements alone between parties; mpq: "
                       "bisparse for large tensors, fp16 for small ones; 2bit: a threshold and two bits an element",
                       &C::name, choice({"none", "fp16", "bf16", "bisparse", "mpq", "2bit"})),
              optional("ratio", "bisparse, mpq: the share of a tensor's elements that is sent (0.01)", &C::ratio,
                       number_between(1e-6, 1)),
              optional("values", "bisparse, mpq: how the elements that are sent look (fp32)", &C::values,
                       choice({"fp32", "fp16"})),
              optional("lower_bound", "bisparse, mpq: elements that a large tensor has at least (1000)",
                       &C::lower_bound, integer(0, 1000 * kMillion)),
              optional("threshold", "2bit: in the gradients' unit (0.5)", &C::threshold, number_between(1e-9, 1e9)),
          }};
}

// A key that says nothing of workers which compute nothing: it is not written for them.
Field<Training> of_computing(Field<Training> field) {
  field.write = [write = std::move(field.write)](const Training& from) {
    return from.computes() ? write(from) : Json();
  };
  return field;
}

// One that the workers know by name, or a file that describes one.
Format<std::string> model() {
  const Format<std::string> known = choice({"cnn", "mlp", "lenet5", "alexnet", "vgg11", "resnet18", "resnet50", "gpt"});
  const Json names = known.schema.at("enum");
  return {{{"title", "model"}, {"type", "string"}, {"anyOf", {{{"enum", names}}, {{"pattern", "\\.json$"}}}}},
          [known](const Json& value, const std::string& pointer, std::string& into, Problems& problems) {
            if (!value.is_string() || !value.get_ref<const std::string&>().ends_with(".json")) {
              return known.read(value, pointer, into, problems);
            }
            into = value.get<std::string>();
            return true;
          },
          known.write};
}

// "cuda:1", a card by its number.
bool is_card(const std::string& device) {
  constexpr std::string_view kCard = "cuda:";
  constexpr std::size_t kMostDigits = 3;
  if (!device.starts_with(kCard)) return false;
  const std::string number = device.substr(kCard.size());
  return !number.empty() && number.size() <= kMostDigits && number.find_first_not_of("0123456789") == std::string::npos;
}

Format<std::string> device() {
  const std::vector<std::string> named{"auto", "cpu", "cuda", "model"};
  return {{{"title", "compute device"},
           {"type", "string"},
           {"anyOf", {{{"enum", named}}, {{"pattern", "^cuda:[0-9]{1,3}$"}}}}},
          [named](const Json& value, const std::string& pointer, std::string& into, Problems& problems) {
            if (!value.is_string()) {
              wrong_type("a string", value, pointer, problems);
              return false;
            }
            const auto& text = value.get_ref<const std::string&>();
            if (!is_card(text) && std::find(named.begin(), named.end(), text) == named.end()) {
              problems.push_back(
                  {pointer, fmt::format("\"{}\" is not known here", text), "known: auto, cpu, cuda, cuda:N, model"});
              return false;
            }
            into = text;
            return true;
          },
          [](const std::string& value) { return Json(value); }};
}

Object<Training> training() {
  using T = Training;
  return {
      "training",
      {
          required("parties", "the data centers that take part", &T::parties, list_of(object(party()))),
          of_computing(optional(
              "model",
              "the network that is trained: cnn, mlp, lenet5, alexnet, vgg11, resnet18, resnet50, gpt, or the path "
              "of a .json file that describes one, relative to the scenario's",
              &T::model, model())),
          of_computing(optional("dataset", "what it is trained on; gpt reads text, the others images", &T::dataset,
                                choice({"fashion-mnist", "mnist", "cifar10", "text"}))),
          optional("data_dir", "folder of the data set's files, where they are not in their usual place", &T::data_dir,
                   word("path")),
          optional("context", "of text: bytes in a sample (128)", &T::context, integer(1, 65536)),
          optional(
              "device",
              "what the workers compute on: cpu; cuda or cuda:N, a card; auto, the first card where the machine has "
              "one, else the CPU; model: they compute nothing, and take the time that a profile says",
              &T::device, device()),
          optional("precision",
                   "what they compute in; bf16: bfloat16 between layers, which not every processor is fast in; tf32: "
                   "of cards. Parameters and gradients are fp32 with each",
                   &T::precision, choice({"fp32", "tf32", "bf16"})),
          optional("profile",
                   "of device model: resnet50, vgg16, bert-base, gpt2-small, cnn, or a file, relative to the "
                   "scenario's folder",
                   &T::profile, word("name or path")),
          optional("compute_seconds", "of device model: a step's computing in the mean, in place of the profile's",
                   &T::compute_seconds, number_between(1e-6, kMillion)),
          optional("jitter", "of device model: the standard deviation of a step's computing, as a share of its mean",
                   &T::jitter, number_between(0, kMostJitter)),
          optional("stragglers", "of device model: workers by name, and how many times as long each takes",
                   &T::stragglers, factors(kLeastFactor, kMillion)),
          optional("batch_size", "samples per worker and round", &T::batch_size, integer(1, kLargestBatch)),
          optional("epochs", "passes over the training data; 1 where rounds is left out too", &T::epochs,
                   integer(1, kMillion)),
          optional("rounds", "in place of epochs: ends after that many rounds", &T::rounds,
                   integer(1, 1000 * kMillion)),
          optional("evaluate_every",
                   "rounds from one evaluation on the test set to the next; 0: only after each epoch and at the end",
                   &T::evaluate_every, integer(0, kMillion)),
          optional("architecture",
                   "hips: a parameter server per party below the global one; flat, for comparison: all workers are "
                   "the central party's, and reach its servers across the WAN",
                   &T::architecture, choice({"hips", "flat"})),
          optional("optimizer", "of the model's parameters", &T::optimizer, object(optimizer())),
          optional("sync", "synchronisation between workers and between parties", &T::sync, object(sync())),
          optional("codec", "compression on the wire", &T::codec, object(codec())),
          optional("flow", "who sends when, and by which road", &T::flow, flow()),
          optional("bigarray_bound",
                   "elements: larger tensors are split over all of a plane's servers (1000000); smaller ones are "
                   "spread whole",
                   &T::bigarray_bound, integer(1, 1000 * kMillion)),
          optional("split_by_class", "the same as split by-class", &T::split_by_class, boolean()),
          optional("split",
                   "contiguous: the data is dealt out in the data set's order; by-class: sorted by label; dirichlet: "
                   "each worker draws its own shares of the classes",
                   &T::split, choice({"contiguous", "by-class", "dirichlet"})),
          optional("dirichlet_alpha", "of split dirichlet: small, few classes a worker; large, all alike (0.5)",
                   &T::dirichlet_alpha, number_between(1e-6, 1e6)),
          optional("augment",
                   "flip-crop: in every epoch each training image is mirrored or not, and moved by up to 4 pixels",
                   &T::augment, choice({"none", "flip-crop"})),
          optional("checkpoint", "of the global servers and of workers: true, or how", &T::checkpoint, checkpoint()),
          optional("security", "curve: all connections of the job are encrypted, with keys made for the run",
                   &T::security, choice({"none", "curve"})),
          optional("faults", "what the job does about nodes that die and messages that are lost", &T::faults, faults()),
      }};
}

}  // namespace

const Object<Training>& training_table() {
  static const Object<Training> table = training();
  return table;
}

}  // namespace geomx::scenario
