#include <algorithm>
#include <utility>

#include "ps/config/error.h"
#include "ps/worker/kv_worker_state.h"
#include "ps/worker/slice.h"

namespace geomx::ps {

void KvWorker::Impl::receive(NodeId from, const Message& message) {
  const proto::Data& data = message.header.data();
  if (data.operation() == proto::AWAITED) return take_awaited(from, data);
  if (data.operation() != proto::RESPONSE) return;
  Part part;
  const auto now = Clock::now();
  {
    const std::lock_guard lock(mutex);
    const auto found = parts.find(data.request());
    // An answer that nobody waits for any more: its deadline has passed.
    if (closed || found == parts.end() || found->second.server != from) return;
    part = std::move(found->second);
    parts.erase(found);
    roads.note(from, part.sent, now, data);
    if (part.data.operation() == proto::PUSH_PULL && data.error().empty()) keep(part, data.durable());
    accepting.insert(part.handle);
    ++handling;
  }
  std::string error = data.error();
  const Buffer frame = message.frames.empty() ? Buffer() : message.frames.front();
  Answer answer;
  if (error.empty()) {
    try {
      if (part.accept) part.accept(data, frame);
      if (part.answered) answer.value = read_slice(data, frame, part.chunk.length);
    } catch (const Error& refused) {
      error = refused.what();
    }
  }
  if (!error.empty() && part.handle != 0) error = member.name_of(from) + ": " + error;
  if (data.has_optimizer()) answer.optimizer = data.optimizer();
  if (part.answered) {
    answer.error = error;
    answer.round = data.round();
    answer.durable = data.durable();
    part.answered(answer);
  }
  bool news = false;
  {
    const std::lock_guard lock(mutex);
    if (answer.optimizer && !optimizer) optimizer = answer.optimizer;
    accepting.erase(accepting.find(part.handle));
    --handling;
    // Whoever waits is woken by the last part of a handle, and not by each.
    news = (part.handle != 0 && part.handle == abandoning) || (closed && handling == 0);
    if (const auto found = pending.find(part.handle); found != pending.end()) {
      Pending& handle = found->second;
      --handle.unanswered;
      handle.round = std::max<std::uint64_t>(handle.round, data.round());
      handle.oldest_round = std::min<std::uint64_t>(handle.oldest_round, data.round());
      if (handle.error.empty()) handle.error = std::move(error);
      news = news || handle.unanswered == 0 || !handle.error.empty();
    }
  }
  // Without the mutex, on which whoever wakes would have to wait again.
  if (news) changed.notify_all();
}

void KvWorker::Impl::take_awaited(NodeId from, const proto::Data& data) {
  std::function<void(const std::string&)> told;
  {
    const std::lock_guard lock(mutex);
    const auto found = parts.find(data.request());
    if (closed || found == parts.end() || found->second.server != from) return;
    found->second.awaited = data.awaited();
    told = found->second.on_awaited;
    if (!told) return;
    ++handling;
  }
  told(data.awaited());
  const std::lock_guard lock(mutex);
  --handling;
  if (closed && handling == 0) changed.notify_all();
}

void KvWorker::Impl::fail(const std::string& why) {
  std::vector<Answered> listeners;
  {
    const std::lock_guard lock(mutex);
    if (closed || !failure.empty()) return;
    failure = why;
    ++handling;
    for (auto& [request, part] : parts) {
      if (part.answered) listeners.push_back(std::move(part.answered));
    }
    std::erase_if(parts, [](const auto& entry) { return entry.second.handle == 0; });
    if (failure_handler)
      listeners.push_back([handler = failure_handler](const Answer& answer) { handler(answer.error); });
  }
  for (const Answered& listener : listeners) listener({.error = why});
  const std::lock_guard lock(mutex);
  --handling;
  changed.notify_all();
}

void KvWorker::Impl::close() {
  std::unique_lock lock(mutex);
  closed = true;
  changed.wait(lock, [&] { return handling == 0; });
}

}  // namespace geomx::ps
