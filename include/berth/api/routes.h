// A route is one row. The same rows drive matching and 405, access, body limits, the OpenAPI document, docs/api.md, metric labels and the
// list from which tests are checked for coverage.
//
// A new endpoint = one row in its face's table (src/api/<face>/routes.cpp), one handler, one test case. A row that does not state its access
// does not compile: Access has no default.
#pragma once

#include <cstdint>
#include <functional>
#include <initializer_list>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "berth/auth/access.h"
#include "berth/base/error.h"
#include "berth/http/handler.h"
#include "berth/http/message.h"

namespace berth::api {

struct Services;
struct Call;

// What a caller must be allowed, on what.
class Access {
 public:
  // Anybody, without a look at credentials: health, the API document.
  static constexpr Access everyone() { return Access(Kind::everyone, auth::Action::registry_list); }
  // Anybody who is known; under --open that is everybody.
  static constexpr Access known() { return Access(Kind::known, auth::Action::registry_list); }
  // The caller's own account: anybody who is known, but by a token that was issued for repositories alone.
  static constexpr Access account() { return Access(Kind::account, auth::Action::registry_list); }
  // `action` on the repository that the path names.
  static constexpr Access repository(auth::Action action) { return Access(Kind::repository, action); }
  // `action` on the organisation that the path names by {org}, or on the team of it that it names by {team}.
  static constexpr Access organisation(auth::Action action) { return Access(Kind::organisation, action); }
  // Any role at all in that organisation, or in that team.
  static constexpr Access member() { return Access(Kind::member, auth::Action::registry_list); }
  // `action` on the registry as a whole.
  static constexpr Access registry(auth::Action action) { return Access(Kind::registry, action); }
  // Additionally, pull on the repository that query parameter `parameter` names. A refusal is not an error: Call::also_granted is false
  // and the handler falls back (cross-repository mount, security.md B1.8).
  [[nodiscard]] constexpr Access also_pull_if(std::string_view parameter) const {
    Access copy = *this;
    copy.also_parameter_ = parameter;
    return copy;
  }

  // A token whose time is over still says whose request this is: an upload that it began is finished on the session's own URL, by the same
  // principal and as far as that one still may (CONTRACTS.md; the session itself checks whose it is).
  [[nodiscard]] constexpr Access with_expired_token() const {
    Access copy = *this;
    copy.expired_ = auth::Expired::named;
    return copy;
  }

  enum class Kind : std::uint8_t { everyone, known, account, repository, organisation, member, registry };
  [[nodiscard]] constexpr Kind kind() const { return kind_; }
  [[nodiscard]] constexpr auth::Action action() const { return action_; }
  [[nodiscard]] constexpr std::string_view also_parameter() const { return also_parameter_; }
  [[nodiscard]] constexpr auth::Expired expired() const { return expired_; }
  // "registry:pull on the repository", for the documents.
  [[nodiscard]] std::string text() const;

 private:
  constexpr Access(Kind kind, auth::Action action) : kind_(kind), action_(action) {}
  Kind kind_;
  auth::Action action_;
  std::string_view also_parameter_;
  auth::Expired expired_ = auth::Expired::refused;
};

// What a route does with the body of its request.
struct BodyRule {
  enum class Kind : std::uint8_t { none, buffered, streamed };
  Kind kind = Kind::none;
  std::size_t limit = 0;                                   // of a buffered one, bytes
  base::ErrorCode over = base::ErrorCode::body_too_large;  // what a longer one is called
  static constexpr BodyRule none() { return {}; }
  static constexpr BodyRule buffered(std::size_t limit, base::ErrorCode over) { return {Kind::buffered, limit, over}; }
  static constexpr BodyRule streamed() { return {Kind::streamed, 0, base::ErrorCode::body_too_large}; }
};

// Whether an answer of 200 may be given again, from memory, to the same question of the same caller until the catalog changes.
enum class Recall : std::uint8_t { never, until_write };

// Whether a GET that is answered with 200 is a pull, also when the answer comes from memory.
enum class Pull : std::uint8_t { no, of_manifest };

struct Parameter {
  enum class Where : std::uint8_t { query, header };
  std::string_view name;
  Where where;
  std::string_view form;  // "sha256:<hex>", "whole number"
  std::string_view help;
};

struct ReplyRow {
  int status;
  std::string_view content;  // media type of the body; empty: none
  std::string_view help;
  std::string_view headers;  // names of the fields that matter, comma list
};

// The body of a streamed request as it comes. Errors are rendered in the face's dialect by the pipeline.
class Intake {
 public:
  virtual ~Intake() = default;
  virtual base::Result<void> take(base::ByteView bytes) = 0;
  virtual base::Result<http::Response> finish() = 0;
  virtual void abandon() = 0;
};

using Answer = std::variant<http::Response, std::unique_ptr<Intake>>;
using RouteHandler = base::Result<Answer> (*)(const Services&, Call&);

// Whether a part of the path may hold a '/' as %2F: only where the route's row says so (CONTRACTS.md, Addresses).
enum class EncodedSlash : std::uint8_t { refused, accepted };

// Which listeners answer a route.
enum class Place : std::uint8_t {
  everywhere,
  operations,  // the operators' own listener, where there is one
};

struct Route {
  std::string_view name;  // "oci.manifest.get": metrics label, test tag
  std::string_view spec;  // the clause
  std::vector<http::Method> methods;
  std::string_view path;  // "/v2/{name}/manifests/{reference}"; {name} takes several parts
  Access access;
  BodyRule body;
  Recall recall = Recall::never;
  Pull pull = Pull::no;
  std::vector<Parameter> parameters;
  std::vector<ReplyRow> replies;
  std::vector<base::ErrorCode> errors;  // beside those that every route has (common_errors())
  std::string_view summary;
  RouteHandler handler;
  Place place = Place::everywhere;
  EncodedSlash encoded_slash = EncodedSlash::refused;
};

// Errors that the pipeline itself can answer on any route.
std::span<const base::ErrorCode> common_errors();

// How a face says an error.
using ErrorRenderer = http::Response (*)(const http::Request&, const base::Error&);

// Whether a path may end in one slash more than its row has.
enum class Slash : std::uint8_t { exact, tolerated };

// Whether the path prefix of the public URL stands before the face's paths (CONTRACTS.md, Addresses). Clients of the others look at the root.
enum class Prefix : std::uint8_t { never, applies };

struct Face {
  std::string_view name;
  std::span<const Route> routes;
  ErrorRenderer render;
  Slash slash = Slash::exact;
  Prefix prefix = Prefix::never;
};

// Whether what begins with this part stands at the root whatever the prefix, so that no prefix may begin with it.
bool stands_at_root(std::string_view first_part);

// Every face, in the order in which their routes are tried.
std::span<const Face> faces();
// The face whose dialect a path is answered in, matched or not.
const Face& face_of(std::string_view path);

}  // namespace berth::api
