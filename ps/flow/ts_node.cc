#include "ps/flow/ts_node.h"

#include <algorithm>
#include <span>
#include <utility>

#include "ps/config/error.h"

namespace geomx::ps {
namespace {

constexpr auto kLook = std::chrono::seconds(3600);  // how long a look into the transport takes at most

std::size_t bytes_of(const Message& message) {
  std::size_t bytes = message.header.ByteSizeLong();
  for (const Buffer& frame : message.frames) bytes += frame.size();
  return bytes;
}

}  // namespace

TsNode::TsNode(Member& member, const FlowConfig::Ts& config, std::uint32_t contributors, Deliver deliver)
    : member_(member),
      config_(config),
      contributors_(std::max<std::uint32_t>(contributors, 1)),
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
    const std::lock_guard lock(mutex_);
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
  held_.insert_or_assign(place, Held{.server = server, .push = std::move(push), .sum = {}});
  ask(place, 1);
}

void TsNode::ask(const ChunkInRound& place, std::uint32_t held) {
  Message message;
  proto::Ask& ask = *message.header.mutable_ask();
  ask.set_key(place.key);
  ask.set_offset(place.offset);
  ask.set_round(place.round);
  ask.set_held(held);
  ask.set_contributors(contributors_);
  ask.set_host(listening_.host);
  ask.set_port(static_cast<std::uint32_t>(listening_.port));
  ask.set_greed(config_.greed);
  for (const proto::Throughput& measured : std::exchange(measured_, {})) *ask.add_throughputs() = measured;
  member_.send(kScheduler, std::move(message));
}

void TsNode::take_match(const proto::Match& match) {
  const std::lock_guard lock(mutex_);
  const auto found = held_.find({match.key(), match.offset(), match.round()});
  if (found == held_.end() || stopping_) return;
  const Held& held = found->second;
  Message push = held.push;
  push.header.mutable_data()->set_contributors(held.contributors);
  if (match.server()) return member_.send(held.server, std::move(push));
  const NodeId to = NodeId::unpacked(match.to());
  if (connected_.insert(to).second) transport_->connect(to, {match.host(), static_cast<int>(match.port())});
  number(to, push);
  stamp(push);
  transport_->send(to, std::move(push));
}

void TsNode::number(NodeId to, Message& message) {
  message.header.mutable_data()->set_number(++last_number_);
  sent_[last_number_] = {to, bytes_of(message), Clock::now()};
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
  for (;;) {
    const auto received = transport_->receive(Clock::now() + kLook);
    {
      const std::lock_guard lock(mutex_);
      if (stopping_) return;
    }
    if (!received) continue;
    try {
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
      const auto sent = sent_.extract(data.number());
      if (!sent || sent.mapped().to != from) return;
      const std::chrono::duration<double> took = Clock::now() - sent.mapped().at;
      proto::Throughput& measured = measured_.emplace_back();
      measured.set_to(from.packed());
      measured.set_rate(static_cast<double>(sent.mapped().bytes) / std::max(took.count(), 1e-6));
      return;
    }
    default:
      return;
  }
}

void TsNode::acknowledge(NodeId from, const std::string& route, std::uint64_t number) {
  Message message;
  message.header.mutable_data()->set_operation(proto::ACKNOWLEDGE);
  message.header.mutable_data()->set_number(number);
  stamp(message);
  if (route.empty()) {
    transport_->send(from, std::move(message));
  } else {
    transport_->reply(route, std::move(message));
  }
}

// Another worker's push, for which the scheduler has chosen this one.
void TsNode::add(NodeId from, const Message& message, const std::string& route) {
  const proto::Data& data = message.header.data();
  acknowledge(from, route, data.number());
  const std::lock_guard lock(mutex_);
  const auto found = takes(message) ? held_.find(place_of(data)) : held_.end();
  if (found == held_.end() || found->second.push.frames[0].size() != message.frames[0].size()) {
    Message refusal;
    refusal.header.mutable_data()->set_operation(proto::RESPONSE);
    refusal.header.mutable_data()->set_request(data.request());
    refusal.header.mutable_data()->set_error("a gradient that " + member_.name_of(member_.self()) +
                                             " cannot add to its own: it has none of that tensor and round");
    stamp(refusal);
    return transport_->reply(route, std::move(refusal));
  }
  Held& held = found->second;
  const std::span<const float> own = held.push.frames[0].as<float>();
  const std::span<const float> other = message.frames[0].as<float>();
  if (!held.sum) {
    held.sum = std::shared_ptr<float[]>(new float[own.size()]);
    for (std::size_t i = 0; i < own.size(); ++i) held.sum[i] = own[i] + other[i];
    held.push.frames[0] = Buffer(held.sum, held.sum.get(), own.size_bytes());
  } else {
    for (std::size_t i = 0; i < own.size(); ++i) held.sum[i] += other[i];
  }
  proto::Data& sum = *held.push.header.mutable_data();
  sum.set_workers(sum.workers() + data.workers());
  held.contributors += std::max<std::uint32_t>(data.contributors(), 1);
  held.children.push_back({from, route, data.request()});
  ask(found->first, held.contributors);
}

void TsNode::take_answer(NodeId from, const Message& message) {
  if (message.header.data().number() != 0) acknowledge(from, {}, message.header.data().number());
  for (const Held& held : finish(message)) deliver_(held.server, message);
}

}  // namespace geomx::ps
