#include <spdlog/spdlog.h>

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
    thread_->change(link_, forward, backward);
    forward_ = forward;
    backward_ = backward;
  }
  LinkCounters counters() const override { return link_->counters(); }
  LinkCounters counters(const TcReading&, const TcReading&) const override { return link_->counters(); }
  std::string describe(bool forward, const std::vector<netlink::Qdisc>&) const override {
    return "wire " + shaper::describe(forward ? forward_ : backward_);
  }

 private:
  std::shared_ptr<WireThread> thread_;
  std::shared_ptr<WireLink> link_;
  Direction forward_;
  Direction backward_;
};

}  // namespace

std::unique_ptr<Shaper> shape_by_wire(WireLoop& loop, const WireEnd& a, const WireEnd& b, const Direction& forward,
                                      const Direction& backward) {
  auto link = std::make_shared<WireLink>(a, b, forward, backward, loop.options());
  return std::make_unique<WireShaper>(loop.least_loaded(), std::move(link), forward, backward);
}

}  // namespace geomx::shaper
