#include "ps/flow/ts_node.h"

#include <algorithm>
#include <span>
#include <utility>

#include "ps/config/error.h"

namespace geomx::ps {
namespace {

// After which a question to the scheduler is repeated. It may well take that long to find an answer: others compute.
constexpr auto kAgain = std::chrono::seconds(2);

// What one who stops allows the others to acknowledge the answers that it has passed on. A connection that is closed
// while something unread has come by it loses what it has not sent (RFC 1122, 4.2.2.13), and nobody else would send it.
constexpr auto kLastWords = std::chrono::seconds(5);

std::size_t bytes_of(const Message& message) {
  std::size_t bytes = message.header.ByteSizeLong();
  for (const Buffer& frame : message.frames) bytes += frame.size();
  return bytes;
}

// As long as silence is borne; for ever where it is.
std::chrono::steady_clock::duration patience_of(const PlaneConfig& plane) {
  const auto timeout = std::chrono::duration_cast<std::chrono::steady_clock::duration>(plane.heartbeat_timeout);
  return timeout.count() > 0 ? timeout : std::chrono::steady_clock::duration::max();
}

// The answer may come another way than this goes, and then the memory is the caller's again.
Message owning(const Message& push) {
  Message copy = push;
  const Buffer& frame = push.frames[0];
  if (!frame.owned()) copy.frames[0] = Buffer::copy_of(frame.data(), frame.size());
  return copy;
}

}  // namespace

TsNode::TsNode(Member& member, const FlowConfig::Ts& config, std::uint32_t contributors, Deliver deliver)
    : member_(member),
      config_(config),
      contributors_(std::max<std::uint32_t>(contributors, 1)),
      patience_(patience_of(member.plane())),
      deliver_(std::move(deliver)),
      transport_(member.sibling()) {
  listening_ = transport_->bind({member.plane().bind_host, 0});
  listening_.host = member.plane().advertised;
  thread_ = std::thread([this] { serve(); });
}

TsNode::~TsNode() {
  stop();
}

void TsNode::stop() {
  if (!thread_.joinable()) return;
  {
    std::unique_lock lock(mutex_);
    acknowledged_.wait_until(lock, Clock::now() + kLastWords, [&] {
      return !member_.failure().empty() ||
             std::ranges::all_of(sent_, [](const auto& sent) { return sent.second.push.has_value(); });
    });
    stopping_ = true;
  }
  transport_->stop();
  thread_.join();
}

bool TsNode::takes(const Message& message) {
  const proto::Data& data = message.header.data();
  return data.operation() == proto::PUSH_PULL && data.slices_size() == 1 && message.frames.size() == 1 &&
         message.frames[0].size() == data.slices(0).length() * sizeof(float);
}

ChunkInRound TsNode::place_of(const proto::Data& data) {
  return {data.slices(0).key(), data.slices(0).offset(), data.round()};
}

void TsNode::stamp(Message& message) const {
  message.header.set_version(kProtocolVersion);
  message.header.set_sender(member_.self().packed());
}

// The worker's side
// -----------------------------------------------------------------------------------------------------

void TsNode::send(NodeId server, Message push) {
  const ChunkInRound place = place_of(push.header.data());
  const std::uint64_t request = push.header.data().request();
  const std::lock_guard lock(mutex_);
  places_[request] = place;
  const auto found = held_.find(place);
  if (found != held_.end()) {  // its server is back
    found->second.server = server;
    found->second.own.header.mutable_data()->set_request(request);
    found->second.push.header.mutable_data()->set_request(request);
    return send_alone(found->second);
  }
  Held held{.server = server,
            .own = push,
            .push = std::move(push),
            .sum = {},
            .summed = {member_.self().rank},
            .since = Clock::now()};
  ask(place, held_.emplace(place, std::move(held)).first->second);
}

// To the server, which may have it already.
void TsNode::send_alone(const Held& held) {
  Message push = owning(held.own);
  push.header.mutable_data()->set_not_first(true);
  member_.send(held.server, std::move(push));
}

void TsNode::lose(NodeId worker) {
  if (worker.role != Role::worker) return;
  const std::lock_guard lock(mutex_);
  connected_.erase(worker);
  std::erase_if(sent_, [&](const auto& sent) { return sent.second.to == worker && !sent.second.push; });
  acknowledged_.notify_all();
  for (const auto& [place, held] : held_) send_alone(held);
}

void TsNode::ask_again() {
  const std::lock_guard lock(mutex_);
  for (auto& [place, held] : held_) {
    if (!held.passed_on && Clock::now() - held.asked >= kAgain) ask(place, held, true);
  }
}

void TsNode::ask(const ChunkInRound& place, Held& held, bool again) {
  held.asked = Clock::now();
  Message message;
  proto::Ask& ask = *message.header.mutable_ask();
  ask.set_key(place.key);
  ask.set_offset(place.offset);
  ask.set_round(place.round);
  const auto count = static_cast<std::uint32_t>(held.summed.size());
  ask.set_held(count);
  ask.set_again(again);
  ask.set_contributors(held.asked - held.since < patience_ ? contributors_ : count);
  ask.set_host(listening_.host);
  ask.set_port(static_cast<std::uint32_t>(listening_.port));
  ask.set_greed(config_.greed);
  for (const proto::Throughput& measured : std::exchange(measured_, {})) *ask.add_throughputs() = measured;
  member_.send(kScheduler, std::move(message));
}

void TsNode::take_match(const proto::Match& match) {
  const std::lock_guard lock(mutex_);
  const auto found = held_.find({match.key(), match.offset(), match.round()});
  if (found == held_.end() || stopping_ || found->second.passed_on) return;
  Held& held = found->second;
  held.passed_on = true;
  Message push = match.server() ? held.push : owning(held.push);
  proto::Data& data = *push.header.mutable_data();
  if (held.summed.size() > 1) {
    data.set_contributors(static_cast<std::uint32_t>(held.summed.size()));
    data.mutable_summed()->Assign(held.summed.begin(), held.summed.end());
  }
  if (match.server()) {
    data.set_not_first(true);
    return member_.send(held.server, std::move(push));
  }
  const NodeId to = NodeId::unpacked(match.to());
  if (connected_.insert(to).second) transport_->connect(to, {match.host(), static_cast<int>(match.port())});
  number(to, push, found->first);
  stamp(push);
  transport_->send(to, std::move(push));
}

void TsNode::number(NodeId to, Message& message, std::optional<ChunkInRound> push) {
  message.header.mutable_data()->set_number(++last_number_);
  sent_[last_number_] = {to, push, bytes_of(message), Clock::now()};
}

std::vector<TsNode::Held> TsNode::finish(const Message& answer) {
  const std::lock_guard lock(mutex_);
  const auto asked = places_.find(answer.header.data().request());
  if (asked == places_.end()) return {};
  const auto found = held_.find(asked->second);
  Held held = std::move(found->second);
  held_.erase(found);
  places_.erase(asked);
  for (auto child = held.children.rbegin(); child != held.children.rend() && !stopping_; ++child) {
    Message copy = answer;
    copy.header.mutable_data()->set_request(child->request);
    number(child->node, copy);
    stamp(copy);
    transport_->reply(child->route, std::move(copy));
  }
  std::vector<Held> finished;
  finished.push_back(std::move(held));
  return finished;
}

void TsNode::pass_on(const Message& answer) {
  if (answer.header.data().operation() == proto::RESPONSE) finish(answer);
}

// Among workers
// ---------------------------------------------------------------------------------------------------------

void TsNode::serve() {
  auto look = Clock::now();  // at what is to be asked again: not with every message
  for (;;) {
    const auto received = transport_->receive(Clock::now() + kAgain / 2);
    {
      const std::lock_guard lock(mutex_);
      if (stopping_) return;
    }
    try {
      if (Clock::now() >= look) {
        ask_again();
        look = Clock::now() + kAgain / 2;
      }
      if (!received) continue;
      handle(received->message, received->route);
    } catch (const Error& error) {
      member_.fail(error.what());
    }
  }
}

void TsNode::handle(const Message& message, const std::string& route) {
  const proto::Data& data = message.header.data();
  const NodeId from = NodeId::unpacked(message.header.sender());
  if (from.role != Role::worker || from.rank >= static_cast<std::uint32_t>(member_.plane().num_workers)) return;
  switch (data.operation()) {
    case proto::PUSH_PULL:
      return add(from, message, route);
    case proto::RESPONSE:
      return take_answer(from, message);
    case proto::ACKNOWLEDGE: {
      const std::lock_guard lock(mutex_);
      return take_acknowledgement(from, data);
    }
    default:
      return;
  }
}

void TsNode::take_acknowledgement(NodeId from, const proto::Data& data) {
  const auto found = sent_.find(data.number());
  if (found == sent_.end() || found->second.to != from) return;
  const Sent sent = found->second;
  sent_.erase(found);
  acknowledged_.notify_all();
  const std::chrono::duration<double> took = Clock::now() - sent.at;
  proto::Throughput& measured = measured_.emplace_back();
  measured.set_to(from.packed());
  measured.set_rate(static_cast<double>(sent.bytes) / std::max(took.count(), 1e-6));
  if (!data.declined() || !sent.push) return;
  const auto held = held_.find(*sent.push);
  if (held == held_.end()) return;
  held->second.passed_on = false;
  ask(held->first, held->second);
}

void TsNode::acknowledge(NodeId from, const std::string& route, std::uint64_t number, bool declined) {
  Message message;
  message.header.mutable_data()->set_operation(proto::ACKNOWLEDGE);
  message.header.mutable_data()->set_number(number);
  message.header.mutable_data()->set_declined(declined);
  stamp(message);
  if (route.empty()) {
    transport_->send(from, std::move(message));
  } else {
    transport_->reply(route, std::move(message));
  }
}

void TsNode::add_up(Held& held, const Message& message) {
  const std::span<const float> own = held.push.frames[0].as<float>();
  const std::span<const float> other = message.frames[0].as<float>();
  if (!held.sum) {
    held.sum = std::shared_ptr<float[]>(new float[own.size()]);
    for (std::size_t i = 0; i < own.size(); ++i) held.sum[i] = own[i] + other[i];
    held.push.frames[0] = Buffer(held.sum, held.sum.get(), own.size_bytes());
  } else {
    for (std::size_t i = 0; i < own.size(); ++i) held.sum[i] += other[i];
  }
  const proto::Data& data = message.header.data();
  proto::Data& sum = *held.push.header.mutable_data();
  sum.set_workers(sum.workers() + data.workers());
  sum.set_absent(sum.absent() + data.absent());
}

// Another worker's push, for which the scheduler has chosen this one.
void TsNode::add(NodeId from, const Message& message, const std::string& route) {
  const proto::Data& data = message.header.data();
  std::set<std::uint32_t> theirs(data.summed().begin(), data.summed().end());
  if (theirs.empty()) theirs.insert(from.rank);
  const std::lock_guard lock(mutex_);
  const auto found = takes(message) ? held_.find(place_of(data)) : held_.end();
  const bool fits =
      found != held_.end() && !found->second.passed_on &&
      found->second.push.frames[0].size() == message.frames[0].size() &&
      std::ranges::none_of(theirs, [&](std::uint32_t rank) { return found->second.summed.contains(rank); });
  acknowledge(from, route, data.number(), !fits);
  if (!fits) return;
  Held& held = found->second;
  add_up(held, message);
  held.summed.merge(theirs);
  held.children.push_back({from, route, data.request()});
  ask(found->first, held);
}

void TsNode::take_answer(NodeId from, const Message& message) {
  if (message.header.data().number() != 0) acknowledge(from, {}, message.header.data().number());
  for (const Held& held : finish(message)) deliver_(held.server, message);
}

}  // namespace geomx::ps
