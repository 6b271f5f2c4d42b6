#include <spdlog/spdlog.h>

#include <functional>
#include <utility>

#include "emulator/base/error.h"
#include "emulator/shaper/describe.h"
#include "emulator/shaper/shaper.h"
#include "emulator/shaper/wire_link.h"
#include "emulator/shaper/wire_loop.h"
#include "emulator/shaper/wire_thread.h"

namespace geomx::shaper {
namespace {

class WireShaper : public Shaper {
 public:
  WireShaper(std::shared_ptr<WireThread> thread, std::shared_ptr<WireLink> link, const Direction& forward,
             const Direction& backward)
      : thread_(std::move(thread)), link_(std::move(link)), forward_(forward), backward_(backward) {
    thread_->add(link_);
  }
  ~WireShaper() override {
    try {
      thread_->remove(link_);
    } catch (const Error& error) {
      // The thread holds its own share of the link, so nothing dangles.
      spdlog::warn("removing a link: {}", error.line());
    }
  }

  Kind kind() const override { return Kind::wire; }
  void change(const Direction& forward, const Direction& backward) override {
    const Change change = [forward, backward](WireLink& link) { link.change(forward, backward); };
    const bool clear = forward.clear() && backward.clear();
    if (link_->way() != WireLink::Way::sockets && !clear) {
      leave_kernel(change);
    } else if (link_->can_hold() && link_->way() == WireLink::Way::sockets && clear) {
      return_to_kernel(change);
    } else {
      thread_->apply(link_, change);
    }
    forward_ = forward;
    backward_ = backward;
  }
  LinkCounters counters() const override { return link_->counters(); }
  LinkCounters counters(const TcReading&, const TcReading&) const override { return link_->counters(); }
  std::string describe(bool forward, const std::vector<netlink::Qdisc>&) const override {
    return "wire " + shaper::describe(forward ? forward_ : backward_) +
           (link_->way() == WireLink::Way::held ? ", frames stay in the kernel" : "");
  }

 private:
  using Change = std::function<void(WireLink&)>;

  // The steps are explained at WireLink::Way.
  void leave_kernel(const Change& change) {
    link_->let_super_frames_grow(false);
    thread_->apply(link_, [](WireLink& link) { link.begin_leaving(); });
    await_frames_in_flight();
    thread_->apply(link_, [change](WireLink& link) {
      link.finish_leaving();
      change(link);
    });
    link_->close_bridge();
  }
  void return_to_kernel(const Change& change) {
    thread_->apply(link_, [change](WireLink& link) {
      change(link);
      link.begin_returning();
    });
    try {
      link_->open_bridge();
      thread_->apply(link_, [](WireLink& link) { link.hold(); });
      await_frames_in_flight();
      thread_->apply(link_, [](WireLink& link) { link.finish_returning(); });
    } catch (...) {
      thread_->apply(link_, [](WireLink& link) { link.stay_with_sockets(); });
      throw;
    }
    link_->let_super_frames_grow(true);
  }

  std::shared_ptr<WireThread> thread_;
  std::shared_ptr<WireLink> link_;
  Direction forward_;
  Direction backward_;
};

}  // namespace

std::unique_ptr<Shaper> shape_by_wire(WireLoop& loop, const WireEnd& a, const WireEnd& b, const Direction& forward,
                                      const Direction& backward) {
  auto link = std::make_shared<WireLink>(a, b, forward, backward, loop.options(), loop.holding_rules());
  return std::make_unique<WireShaper>(loop.least_loaded(), std::move(link), forward, backward);
}

}  // namespace geomx::shaper
