#include "berth/base/yaml.h"

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/mark.h>
#include <yaml-cpp/parser.h>

#include <sstream>
#include <string>
#include <vector>

namespace berth::base {

namespace {

constexpr std::size_t kMaxDepth = 32;

// The first thing that was wrong, and where.
struct Problem {
  std::string what;
  YAML::Mark where = YAML::Mark::null_mark();
};

// Builds the value from the parser's events. Aliases and tags are refused: a configuration needs neither, and aliases make
// small files unfold to huge ones.
class Builder final : public YAML::EventHandler {
 public:
  [[nodiscard]] const std::optional<Problem>& problem() const { return problem_; }
  Json take_root() { return std::move(root_); }

  void OnDocumentStart(const YAML::Mark&) override {}
  void OnDocumentEnd() override {}

  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override { scalar(mark, "", anchor, "", kIsNull); }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t) override { refuse("aliases are not allowed here", mark); }
  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor, const std::string& value) override {
    scalar(mark, tag, anchor, value, kIsText);
  }

  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    open(mark, tag, anchor, Json::array());
  }
  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor, YAML::EmitterStyle::value) override {
    open(mark, tag, anchor, Json::object());
  }
  void OnSequenceEnd() override { close(); }
  void OnMapEnd() override { close(); }

 private:
  enum ScalarKind { kIsNull, kIsText };

  void refuse(std::string what, const YAML::Mark& mark) {
    if (!problem_) problem_ = Problem{std::move(what), mark};
  }

  // True when the event may be taken: nothing was wrong before, and it is plain YAML.
  bool admit(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor) {
    if (anchor != YAML::NullAnchor) refuse("anchors are not allowed here", mark);
    // "?" and "!" are the parser's own marks for a plain and a quoted scalar.
    if (!tag.empty() && tag != "?" && tag != "!") refuse("tags are not allowed here", mark);
    return !problem_;
  }

  [[nodiscard]] bool expects_key() const { return !stack_.empty() && stack_.back()->is_object() && next_ == nullptr; }

  void scalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor, const std::string& text, ScalarKind kind) {
    if (!admit(mark, tag, anchor)) return;
    if (!expects_key()) {
      place(text, mark);
      return;
    }
    if (kind == kIsNull) return refuse("a key is missing", mark);
    auto [value, fresh] = stack_.back()->get_ref<Json::object_t&>().try_emplace(text);
    if (!fresh) return refuse("duplicate key \"" + text + "\"", mark);
    next_ = &value->second;
  }

  Json* place(Json value, const YAML::Mark& mark) {
    if (stack_.empty()) {
      // An empty document has one null in it, which stands for an empty object.
      if (value.is_string() && value.get_ref<const std::string&>().empty()) return nullptr;
      if (!value.is_object()) {
        refuse("the document must be a mapping of names to values", mark);
        return nullptr;
      }
      root_ = std::move(value);
      return &root_;
    }
    if (stack_.back()->is_array()) {
      auto& array = stack_.back()->get_ref<Json::array_t&>();
      array.push_back(std::move(value));
      return &array.back();
    }
    Json* const at = std::exchange(next_, nullptr);
    *at = std::move(value);
    return at;
  }

  void open(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor, Json container) {
    if (!admit(mark, tag, anchor)) return;
    if (expects_key()) return refuse("a key must be plain text", mark);
    if (stack_.size() >= kMaxDepth) return refuse("nested deeper than " + std::to_string(kMaxDepth) + " levels", mark);
    if (Json* const at = place(std::move(container), mark)) stack_.push_back(at);
  }

  void close() {
    if (!problem_ && !stack_.empty()) stack_.pop_back();
  }

  Json root_ = Json::object();
  std::vector<Json*> stack_;
  Json* next_ = nullptr;  // where the value of the last key goes
  std::optional<Problem> problem_;
};

tl::unexpected<Error> refused(const Problem& problem) {
  std::string place;
  if (!problem.where.is_null()) {
    place = " at line " + std::to_string(problem.where.line + 1) + ", column " + std::to_string(problem.where.column + 1);
  }
  return fail(ErrorCode::configuration_invalid, "invalid YAML" + place + ": " + problem.what);
}

// Sees whether anything at all comes after the first document.
class Ignore final : public YAML::EventHandler {
 public:
  void OnDocumentStart(const YAML::Mark&) override {}
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark&, YAML::anchor_t) override {}
  void OnAlias(const YAML::Mark&, YAML::anchor_t) override {}
  void OnScalar(const YAML::Mark&, const std::string&, YAML::anchor_t, const std::string&) override {}
  void OnSequenceStart(const YAML::Mark&, const std::string&, YAML::anchor_t, YAML::EmitterStyle::value) override {}
  void OnSequenceEnd() override {}
  void OnMapStart(const YAML::Mark&, const std::string&, YAML::anchor_t, YAML::EmitterStyle::value) override {}
  void OnMapEnd() override {}
};

}  // namespace

Result<Json> parse_yaml(std::string_view text) {
  Builder builder;
  try {
    std::istringstream stream{std::string(text)};
    YAML::Parser parser(stream);
    if (!parser.HandleNextDocument(builder)) return Json::object();
    if (builder.problem()) return refused(*builder.problem());
    Ignore rest;
    if (parser.HandleNextDocument(rest)) return refused({.what = "a second document; there may be one alone"});
  } catch (const YAML::Exception& e) {
    return refused({.what = e.msg, .where = e.mark});
  } catch (const std::exception& e) {
    return refused({.what = e.what()});
  }
  return builder.take_root();
}

}  // namespace berth::base
