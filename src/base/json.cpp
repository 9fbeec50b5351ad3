#include "berth/base/json.h"

#include <algorithm>
#include <cstring>
#include <iterator>
#include <string>
#include <vector>

namespace berth::base {

namespace {

constexpr std::size_t kNone = static_cast<std::size_t>(-1);
constexpr std::size_t kShownKey = 64;

// Hands the text to the lexer and keeps in `*position` how much of it was taken: the SAX events do not say where they are.
class CountingIterator {
 public:
  using iterator_category = std::input_iterator_tag;
  using value_type = char;
  using difference_type = std::ptrdiff_t;
  using pointer = const char*;
  using reference = const char&;

  CountingIterator(const char* at, const char** position) : at_(at), position_(position) {}
  reference operator*() const { return *at_; }
  CountingIterator& operator++() {
    *position_ = ++at_;
    return *this;
  }
  CountingIterator operator++(int) {
    CountingIterator before = *this;
    ++*this;
    return before;
  }
  friend bool operator==(const CountingIterator& a, const CountingIterator& b) { return a.at_ == b.at_; }

 private:
  const char* at_;
  const char** position_;
};

// The key as JSON text, cut short, for a message.
std::string show_key(const std::string& key) {
  std::size_t end = std::min(key.size(), kShownKey);
  while (end > 0 && end < key.size() && (static_cast<unsigned char>(key[end]) & 0xC0) == 0x80) --end;
  const std::string text = Json(key.substr(0, end)).dump(-1, ' ', false, Json::error_handler_t::replace);
  return end < key.size() ? text + "…" : text;
}

bool is_number_character(char c) { return (c >= '0' && c <= '9') || c == '-' || c == '+' || c == '.' || c == 'e' || c == 'E'; }

// Builds the value from the events and stops at the first thing that the contract refuses.
class Builder final : public nlohmann::json_sax<Json> {
 public:
  Builder(std::string_view text, const JsonLimits& limits) : text_(text), limits_(limits), position_(text.data()) {}

  const char** position() { return &position_; }
  Json take_root() { return std::move(root_); }
  // Empty when nothing was wrong.
  [[nodiscard]] const std::string& problem() const { return problem_; }
  [[nodiscard]] std::size_t problem_offset() const { return problem_offset_; }

  bool null() override { return scalar(nullptr, 4); }
  bool boolean(bool value) override { return scalar(value, value ? 4 : 5); }
  bool number_integer(number_integer_t value) override { return scalar(value, kNone); }
  bool number_unsigned(number_unsigned_t value) override { return scalar(value, kNone); }
  bool number_float(number_float_t value, const string_t&) override { return scalar(value, kNone); }
  bool string(string_t& value) override {
    if (!count()) return refuse_count(string_start());
    place(std::move(value));
    return true;
  }
  bool binary(binary_t&) override { return refuse("binary data", offset()); }

  bool start_object(std::size_t) override { return open(Json::object()); }
  bool start_array(std::size_t) override { return open(Json::array()); }
  bool end_object() override { return close(); }
  bool end_array() override { return close(); }

  bool key(string_t& name) override {
    if (!count()) return refuse_count(string_start());
    auto [place, fresh] = stack_.back()->get_ref<Json::object_t&>().try_emplace(name);
    if (!fresh) return refuse("duplicate key " + show_key(name) + " in one object", string_start());
    next_ = &place->second;
    return true;
  }

  bool parse_error(std::size_t position, const std::string&, const Json::exception& error) override {
    return refuse(plain_words(error.what()), std::min(position == 0 ? 0 : position - 1, text_.size()));
  }

 private:
  [[nodiscard]] std::size_t offset() const { return static_cast<std::size_t>(position_ - text_.data()); }

  // Where the string that ends before `position_` begins: the nearest quote to the left that no backslash escapes.
  [[nodiscard]] std::size_t string_start() const {
    std::size_t at = offset() - 1;
    while (at > 0) {
      --at;
      if (text_[at] != '"') continue;
      std::size_t slashes = 0;
      while (slashes < at && text_[at - 1 - slashes] == '\\') ++slashes;
      if (slashes % 2 == 0) break;
    }
    return at;
  }

  // Where the number that ends at `position_` begins; the lexer has read one character beyond it, unless the text ended.
  [[nodiscard]] std::size_t number_start() const {
    std::size_t at = offset();
    if (at > 0 && !is_number_character(text_[at - 1])) --at;
    while (at > 0 && is_number_character(text_[at - 1])) --at;
    return at;
  }

  bool count() { return ++values_ <= limits_.max_values; }
  bool refuse_count(std::size_t at) { return refuse("more than " + std::to_string(limits_.max_values) + " values", at); }

  bool refuse(std::string problem, std::size_t at) {
    problem_ = std::move(problem);
    problem_offset_ = at;
    return false;
  }

  // `length` of a literal, or kNone for a number.
  template <typename T>
  bool scalar(T value, std::size_t length) {
    if (!count()) return refuse_count(length == kNone ? number_start() : offset() - length);
    place(value);
    return true;
  }

  Json* place(Json value) {
    if (stack_.empty()) {
      root_ = std::move(value);
      return &root_;
    }
    if (stack_.back()->is_array()) {
      auto& array = stack_.back()->get_ref<Json::array_t&>();
      array.push_back(std::move(value));
      return &array.back();
    }
    *next_ = std::move(value);
    return next_;
  }

  bool open(Json container) {
    if (stack_.size() >= limits_.max_depth) {
      return refuse("nested deeper than " + std::to_string(limits_.max_depth) + " levels", offset() - 1);
    }
    if (!count()) return refuse_count(offset() - 1);
    stack_.push_back(place(std::move(container)));
    return true;
  }

  bool close() {
    stack_.pop_back();
    return true;
  }

  // "[json.exception.parse_error.101] parse error at line 1, column 9: syntax error while parsing value - unexpected end of
  // input" becomes "unexpected end of input": the position is given apart, and what was last read may be a secret.
  static std::string plain_words(std::string_view what) {
    std::string_view words = what;
    if (const auto bracket = words.find("] "); bracket != words.npos) words.remove_prefix(bracket + 2);
    words = words.substr(0, words.find("; last read"));
    if (const auto syntax = words.find("syntax error"); syntax != words.npos) {
      if (const auto dash = words.find(" - ", syntax); dash != words.npos) words.remove_prefix(dash + 3);
    }
    if (words.starts_with("number overflow")) return "a number that is too large";
    return std::string(words);
  }

  std::string_view text_;
  JsonLimits limits_;
  const char* position_;
  Json root_;
  std::vector<Json*> stack_;
  Json* next_ = nullptr;  // where the value of the last key goes
  std::size_t values_ = 0;
  std::string problem_;
  std::size_t problem_offset_ = 0;
};

tl::unexpected<Error> refused(const std::string& problem, std::size_t offset) {
  return fail(ErrorCode::request_malformed, "invalid JSON at byte " + std::to_string(offset) + ": " + problem);
}

}  // namespace

Result<Json> parse_json(std::string_view text, const JsonLimits& limits) {
  // The lexer skips a byte order mark and takes a NUL for the end of the text; both would let two readers see two documents.
  if (text.starts_with("\xEF\xBB\xBF")) return refused("a byte order mark", 0);
  if (const auto nul = text.find('\0'); nul != text.npos) return refused("a NUL byte", nul);
  if (text.empty()) return refused("empty text", 0);

  Builder builder(text, limits);
  const CountingIterator begin(text.data(), builder.position());
  const CountingIterator end(text.data() + text.size(), builder.position());
  if (!Json::sax_parse(begin, end, &builder)) return refused(builder.problem(), builder.problem_offset());
  return builder.take_root();
}

}  // namespace berth::base
