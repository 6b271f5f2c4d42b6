#include "ps/transport/zmq_gatekeeper.h"

#include <cerrno>
#include <cstdint>
#include <cstring>
#include <utility>

#include "ps/config/error.h"

namespace geomx::ps::zeromq {
namespace {

constexpr const char* kRequests = "inproc://zeromq.zap.01";
constexpr const char* kEvents = "inproc://listener";
constexpr std::size_t kKeyBytes = 32;
constexpr std::size_t kKeyLength = 40;  // in Z85

std::string in_z85(const void* key) {
  char text[kKeyLength + 1] = {};
  zmq_z85_encode(text, static_cast<const std::uint8_t*>(key), kKeyBytes);
  return text;
}

// All parts of the next message; empty where there is none.
std::vector<std::string> receive_all(Socket& socket) {
  std::vector<std::string> parts;
  for (bool more = true; more;) {
    Part part;
    if (!socket.receive(part)) return {};
    more = part.more();
    parts.push_back(part.text());
  }
  return parts;
}

void send_all(Socket& socket, const std::vector<std::string>& parts) {
  for (std::size_t i = 0; i < parts.size(); ++i) {
    Part part;
    if (zmq_msg_init_size(part.get(), parts[i].size()) != 0) return;
    std::memcpy(zmq_msg_data(part.get()), parts[i].data(), parts[i].size());
    if (!socket.send(part, i + 1 < parts.size())) return;
  }
}

std::string in_words(std::uint32_t protocol_error) {
  switch (protocol_error) {
    case ZMQ_PROTOCOL_ERROR_ZMTP_MECHANISM_MISMATCH:
      return "one side has GEOMX_SECURITY=curve and the other has not";
    case ZMQ_PROTOCOL_ERROR_ZMTP_CRYPTOGRAPHIC:
      return "it was made with another key than this run's (GEOMX_CURVE_SERVER_KEY)";
    default:
      return "it is none of this protocol's";
  }
}

std::set<std::string> keys_of(const Security& security) {
  std::set<std::string> keys(security.admitted.begin(), security.admitted.end());
  keys.insert(security.server_key);
  return keys;
}

}  // namespace

Gatekeeper::Gatekeeper(const Context& context, const Security& security, Rejections& rejections)
    : admitted_(keys_of(security)), rejections_(rejections) {
  Socket requests(context, ZMQ_REP);
  if (!requests.bind(kRequests))
    throw Error(std::string("cannot decide who may connect: ") + zmq_strerror(zmq_errno()));
  Socket events(context, ZMQ_PAIR);
  if (!events.connect(kEvents)) throw Error(std::string("cannot watch who connects: ") + zmq_strerror(zmq_errno()));
  thread_ = std::thread([this, both = std::pair(std::move(requests), std::move(events))]() mutable {
    work(std::move(both.first), std::move(both.second));
  });
}

// Failures of authentication are noted where they are decided.
void Gatekeeper::watch(Socket& listener) {
  const int failures = ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL | ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL;
  if (zmq_socket_monitor(listener.get(), kEvents, failures) != 0) {
    throw Error(std::string("cannot watch who connects: ") + zmq_strerror(zmq_errno()));
  }
}

Gatekeeper::~Gatekeeper() {
  thread_.join();
}

void Gatekeeper::work(Socket requests, Socket events) {
  zmq_pollitem_t items[] = {{requests.get(), 0, ZMQ_POLLIN, 0}, {events.get(), 0, ZMQ_POLLIN, 0}};
  for (;;) {
    if (zmq_poll(items, 2, -1) < 0) {
      if (zmq_errno() == EINTR) continue;
      return;  // the context ends
    }
    if ((items[0].revents & ZMQ_POLLIN) != 0) judge(requests);
    if ((items[1].revents & ZMQ_POLLIN) != 0) note(events);
  }
}

// Request: version, id, domain, address, routing id, mechanism, credentials. Answer: version, id, status, text, user,
// metadata.
void Gatekeeper::judge(Socket& requests) {
  const std::vector<std::string> request = receive_all(requests);
  if (request.empty()) return;
  const bool whole = request.size() == 7 && request[5] == "CURVE" && request[6].size() == kKeyBytes;
  const std::string key = whole ? in_z85(request[6].data()) : "";
  const bool good = whole && admitted_.contains(key);
  if (!good) {
    const std::string address = request.size() > 3 ? request[3] : "";
    rejections_.note("a connection from " + address + ": its key " + key + " is not one of this run's");
  }
  send_all(requests,
           {"1.0", request.size() > 1 ? request[1] : "", good ? "200" : "400", good ? "OK" : "unknown key", "", ""});
}

// An event: 16 bits of its number and 32 of its value; then the listener's endpoint.
void Gatekeeper::note(Socket& events) {
  const std::vector<std::string> event = receive_all(events);
  if (event.size() != 2 || event[0].size() != sizeof(std::uint16_t) + sizeof(std::uint32_t)) return;
  std::uint16_t number = 0;
  std::uint32_t value = 0;
  std::memcpy(&number, event[0].data(), sizeof number);
  std::memcpy(&value, event[0].data() + sizeof number, sizeof value);
  // Of two who do not go together, either may be the first to see it.
  const std::string why = number == ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL
                              ? "the other side ended it before it was one (perhaps " +
                                    in_words(ZMQ_PROTOCOL_ERROR_ZMTP_MECHANISM_MISMATCH) + ")"
                              : in_words(value);
  rejections_.note("a connection to " + event[1] + ": " + why);
}

void secure_listener(Socket& socket, const Security& security) {
  if (!security.curve) return;
  socket.set(ZMQ_CURVE_SERVER, 1, "ZMQ_CURVE_SERVER");
  socket.set(ZMQ_CURVE_SECRETKEY, security.secret_key, "ZMQ_CURVE_SECRETKEY");
  socket.set(ZMQ_ZAP_DOMAIN, std::string("geomx"), "ZMQ_ZAP_DOMAIN");
}

void secure_connection(Socket& socket, const Security& security) {
  if (!security.curve) return;
  socket.set(ZMQ_CURVE_SERVERKEY, security.server_key, "ZMQ_CURVE_SERVERKEY");
  socket.set(ZMQ_CURVE_PUBLICKEY, security.public_key, "ZMQ_CURVE_PUBLICKEY");
  socket.set(ZMQ_CURVE_SECRETKEY, security.secret_key, "ZMQ_CURVE_SECRETKEY");
}

void require_usable(const Security& security) {
  if (!security.curve) return;
  if (zmq_has("curve") == 0) throw Error("GEOMX_SECURITY=curve: this ZeroMQ was built without CURVE (libsodium)");
  char public_key[kKeyLength + 1] = {};
  if (zmq_curve_public(public_key, security.secret_key.c_str()) != 0 || public_key != security.public_key) {
    throw Error("GEOMX_CURVE_SECRET_KEY does not belong to GEOMX_CURVE_PUBLIC_KEY=" + security.public_key);
  }
}

}  // namespace geomx::ps::zeromq
