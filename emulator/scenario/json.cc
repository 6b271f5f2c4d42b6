#include "emulator/scenario/json.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <deque>
#include <iterator>

namespace geomx::scenario {
namespace {

constexpr std::size_t kMaxDepth = 64;

// Lets nlohmann's lexer read while we watch how far it has got.
class Cursor {
 public:
  using iterator_category = std::forward_iterator_tag;
  using value_type = char;
  using difference_type = std::ptrdiff_t;
  using pointer = const char*;
  using reference = const char&;

  Cursor() = default;
  Cursor(const char* position, const char** reached) : position_(position), reached_(reached) {}
  reference operator*() const { return *position_; }
  Cursor& operator++() {
    ++position_;
    if (reached_ != nullptr) *reached_ = position_;
    return *this;
  }
  Cursor operator++(int) {
    Cursor before = *this;
    ++*this;
    return before;
  }
  bool operator==(const Cursor& other) const { return position_ == other.position_; }

 private:
  const char* position_ = nullptr;
  const char** reached_ = nullptr;
};

// Lines and columns, asked for from the first to the last: each goes on from the one before, so that all of them
// together cost one walk over the text, however long its lines are.
class Walk {
 public:
  explicit Walk(std::string_view text) : text_(text) {}

  // `offset`: not before the last one's.
  Place place(std::size_t offset) {
    for (; reached_ < offset; ++reached_) {
      const char passed = text_[reached_];
      if (passed == '\n') {
        ++place_.line;
        place_.column = 1;
      } else if ((static_cast<unsigned char>(passed) & 0xC0) != 0x80) {  // bytes 10xxxxxx continue a UTF-8 character
        ++place_.column;
      }
    }
    return place_;
  }

 private:
  std::string_view text_;
  std::size_t reached_ = 0;
  Place place_{1, 1};
};

// "[json.exception.parse_error.101] parse error at line 1, column 8: syntax error while parsing value - X" -> "X",
// without the last token, which the place shows.
std::string reason(std::string message) {
  for (const char* lead : {": ", " - "}) {
    const std::size_t at = message.find(lead);
    if (at != std::string::npos) message.erase(0, at + std::string_view(lead).size());
  }
  const std::size_t last_read = message.find("; last read: ");
  if (last_read != std::string::npos) {
    const std::size_t expected = message.find("; expected ", last_read);
    message.erase(last_read, expected == std::string::npos ? std::string::npos : expected - last_read);
  }
  return message;
}

// Builds the document and notes the place of every key and value. The lexer has read a token to its end, and perhaps
// one character more after a number, when its event arrives; the token began at the first character after the last
// event's that is neither space nor punctuation.
class Builder : public nlohmann::json_sax<Json> {
 public:
  Builder(std::string_view text, Document& document) : text_(text), walk_(text), document_(document) {}

  const char* reached = nullptr;  // kept by Cursor

  bool null() override { return scalar(nullptr); }
  bool boolean(bool value) override { return scalar(value); }
  bool number_integer(number_integer_t value) override { return scalar(value); }
  bool number_unsigned(number_unsigned_t value) override { return scalar(value); }
  bool number_float(number_float_t value, const string_t&) override { return scalar(value); }
  bool string(string_t& value) override { return scalar(std::move(value)); }
  bool binary(binary_t&) override { return true; }  // not in JSON text

  bool start_object(std::size_t) override { return open(Json::object()); }
  bool start_array(std::size_t) override { return open(Json::array()); }
  bool end_object() override { return close(); }
  bool end_array() override { return close(); }

  bool key(string_t& name) override {
    Frame& frame = frames_.back();
    key_place_ = token_place();
    pointer_.resize(frame.pointer_length);
    pointer_ = child(pointer_, name);
    if (frame.container->contains(name)) {
      const Place first = document_.places[pointer_].key;
      document_.problems.push_back({key_place_,
                                    {pointer_, fmt::format("\"{}\" is here twice", name),
                                     fmt::format("the first is in line {}", first.line), true}});
      target_ = &discarded_.emplace_back();
    } else {
      target_ = &(*frame.container)[name];
    }
    finish_token();
    return true;
  }

  bool parse_error(std::size_t, const std::string&, const nlohmann::detail::exception& error) override {
    const std::size_t start = error_start();
    document_.problems.push_back({walk_.place(start), describe(start, error)});
    return false;
  }

 private:
  struct Frame {
    Json* container;
    std::size_t pointer_length;
    std::size_t next_index = 0;
  };

  std::size_t offset(const char* position) const {
    return position == nullptr ? 0 : static_cast<std::size_t>(position - text_.data());
  }
  std::size_t token_start() const { return std::min(text_.find_first_not_of(" \t\r\n,:", token_end_), text_.size()); }

  // Where the token began that should not be there; it may itself be a comma or colon, so only one of them is skipped,
  // and only where one may stand.
  std::size_t error_start() const {
    const auto skip_space = [this](std::size_t from) {
      return std::min(text_.find_first_not_of(" \t\r\n", from), text_.size());
    };
    const char before = token_end_ == 0 ? '{' : text_[token_end_ - 1];
    std::size_t start = skip_space(token_end_);
    const bool separator = start < text_.size() && (text_[start] == ',' || text_[start] == ':');
    if (separator && before != '{' && before != '[') start = skip_space(start + 1);
    return start;
  }

  Place token_place() { return walk_.place(token_start()); }
  void finish_token() { token_end_ = offset(reached); }

  // Where the value that begins now goes; notes its place.
  Json& slot() {
    const Place place = token_place();
    if (frames_.empty()) {
      document_.places[""] = {place, place};
      return document_.root;
    }
    Frame& frame = frames_.back();
    if (frame.container->is_array()) {
      pointer_.resize(frame.pointer_length);
      pointer_ += fmt::format("/{}", frame.next_index++);
      document_.places.emplace(pointer_, Document::Places{place, place});
      frame.container->push_back(nullptr);
      return frame.container->back();
    }
    document_.places.emplace(pointer_, Document::Places{key_place_, place});  // of duplicates the first counts
    return *target_;
  }

  bool scalar(Json value) {
    slot() = std::move(value);
    finish_token();
    return true;
  }

  bool open(Json container) {
    if (frames_.size() == kMaxDepth) {
      document_.problems.push_back(
          {token_place(), {"", fmt::format("nested more than {} levels deep", kMaxDepth), "", false}});
      return false;
    }
    Json& value = slot();
    value = std::move(container);
    frames_.push_back({&value, pointer_.size()});
    finish_token();
    return true;
  }

  bool close() {
    frames_.pop_back();
    finish_token();
    return true;
  }

  // A syntax error in the words of somebody who has just edited the file.
  Problem describe(std::size_t start, const nlohmann::detail::exception& error) const {
    const std::size_t before = start == 0 ? std::string_view::npos : text_.find_last_not_of(" \t\r\n", start - 1);
    const char previous = before == std::string_view::npos ? '\0' : text_[before];
    const char first = start < text_.size() ? text_[start] : '\0';
    if (text_.find_first_not_of(" \t\r\n") == std::string_view::npos) {
      return {"", "the file is empty", "a scenario begins with {\"version\": 1", false};
    }
    const std::string why = reason(error.what());
    std::string hint;
    if (first == '\0' && start >= text_.size()) {
      hint = "the text ends too early: a closing } or ] is missing";
    } else if (previous == ',' && (first == '}' || first == ']')) {
      hint = "remove the comma before it";
    } else if (first == '/' || first == '#') {
      hint = "JSON has no comments";
    } else if (first == '\'') {
      hint = "strings take double quotes";
    } else if (previous != ',' && (why.ends_with("expected '}'") || why.ends_with("expected ']'"))) {
      hint = "a comma is missing before it";
    }
    return {"", "not JSON: " + why, hint, false};
  }

  std::string_view text_;
  Walk walk_;
  Document& document_;
  std::vector<Frame> frames_;
  std::string pointer_;
  std::size_t token_end_ = 0;
  Place key_place_;
  Json* target_ = nullptr;
  std::deque<Json> discarded_;  // where the values of keys go that are there twice
};

}  // namespace

Document read_json(std::string_view text) {
  constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
  if (text.starts_with(kByteOrderMark)) text.remove_prefix(kByteOrderMark.size());
  Document document;
  Builder builder(text, document);
  builder.reached = text.data();
  const Cursor begin(text.data(), &builder.reached);
  const Cursor end(text.data() + text.size(), nullptr);
  if (!Json::sax_parse(begin, end, &builder)) document.root = nullptr;
  return document;
}

std::string child(const std::string& pointer, std::string_view segment) {
  std::string result = pointer + "/";
  for (const char c : segment) {
    if (c == '~') {
      result += "~0";
    } else if (c == '/') {
      result += "~1";
    } else {
      result += c;
    }
  }
  return result;
}

std::string kind_of(const Json& value) {
  switch (value.type()) {
    case Json::value_t::null:
      return "null";
    case Json::value_t::boolean:
      return value.get<bool>() ? "true" : "false";
    case Json::value_t::string:
      return "a string";
    case Json::value_t::array:
      return "a list";
    case Json::value_t::object:
      return "an object";
    default:
      return "a number";
  }
}

}  // namespace geomx::scenario
