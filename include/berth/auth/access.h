// Who are you, may you: the door between the pipeline and everything that knows accounts.
//
// Two policies: the open one (`--open`, loopback listeners: one principal that may do everything) and the one over accounts
// (berth/auth/accounts.h). Threads: any worker thread; calls may read rows.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "berth/auth/decision.h"
#include "berth/auth/roles.h"
#include "berth/auth/witness.h"
#include "berth/base/error.h"
#include "berth/base/secret.h"

namespace berth::auth {

// What an action is asked on: a repository, else an organisation or a team in it, else (all empty) the whole registry. An organisation or
// team that is not there is refused like one that the principal has no part in.
struct Scope {
  std::string_view repository;
  std::string_view org = {};
  std::string_view team = {};
};

// What came with a request, taken apart but not believed.
struct NoCredential {};
struct BasicCredential {
  std::string user;
  base::Secret password;
};
// A token or a key.
struct BearerCredential {
  base::Secret text;
};
// The secret of a browser session's cookie: of /api/v1/session alone. No Authorization header becomes one, so no other route takes it.
struct SessionCredential {
  base::Secret secret;
};
// An Authorization header that is neither.
struct UnreadableCredential {};
using Credential = std::variant<NoCredential, BasicCredential, BearerCredential, SessionCredential, UnreadableCredential>;

// Whether a token whose time is over still names its principal: for the URL of an upload alone.
enum class Expired : std::uint8_t { refused, named };

struct TokenRequest {
  Credential credential;
  std::string peer;     // address of the client
  std::string request;  // request id
  std::string service;
  std::vector<std::string> scopes;  // as sent: "repository:acme/app:pull,push", "group/ngc:acme", …
  enum class Offline : std::uint8_t { no, yes } offline = Offline::no;  // also wants a refresh token
  base::Secret refresh_token;                                           // instead of a credential
};

struct IssuedToken {
  std::string token;
  std::string refresh_token;  // empty: none
  std::chrono::seconds lifetime{0};
  base::TimePoint issued;
  std::string scope;  // what was granted, in the words of the request
};

// A password that was right, and whether it is good for more than being changed.
using catalog::PasswordState;
struct ConfirmedPassword {
  Principal principal;
  PasswordState state = PasswordState::good;
  base::TimePoint changed{};  // when it was set: which password this was
};

class Policy {
 public:
  virtual ~Policy() = default;
  // Who sent this. No credential: the guest. Errors: unauthorized (wrong, unknown, expired, revoked, disabled: which of them is not said),
  // too_many_requests (too many failures from this address or for this account, or the queue for passwords is full).
  [[nodiscard]] virtual base::Result<Principal> authenticate(const Credential& credential, const From& from,
                                                             Expired expired) const = 0;
  // Whose password this is, also one that must be changed first; keys are none. Errors: unauthorized, too_many_requests, as above;
  // unsupported (there are no accounts here).
  [[nodiscard]] virtual base::Result<ConfirmedPassword> confirm_password(const BasicCredential& credential,
                                                                         const From& from) const = 0;
  [[nodiscard]] virtual Principal guest() const = 0;
  // Errors: unauthorized (credentials would help), denied.
  [[nodiscard]] virtual base::Result<void> check(const Principal& principal, Action action, const Scope& scope) const = 0;
  // Whether it has any role at all in the scope's organisation, or in its team where one is named. Errors: as check().
  [[nodiscard]] virtual base::Result<void> check_member(const Principal& principal, const Scope& scope) const = 0;
  // What a list of the repositories that the principal may list is read by (decision.h).
  [[nodiscard]] virtual catalog::Sight sight(const Principal& principal) const = 0;
  // Errors: as authenticate(); unsupported (there are no accounts here).
  [[nodiscard]] virtual base::Result<IssuedToken> issue(const TokenRequest& request) const = 0;
  // The public keys that tokens are signed with, as a JWK set (RFC 7517 §5).
  [[nodiscard]] virtual std::string public_keys() const = 0;
};

// Everything is allowed to everybody; for `--open`.
class OpenPolicy : public Policy {
 public:
  [[nodiscard]] base::Result<Principal> authenticate(const Credential&, const From&, Expired) const override { return guest(); }
  [[nodiscard]] base::Result<ConfirmedPassword> confirm_password(const BasicCredential&, const From&) const override {
    return base::fail(base::ErrorCode::unsupported, "this registry runs with --open: it has no accounts");
  }
  [[nodiscard]] Principal guest() const override {
    Principal principal;
    principal.kind = Principal::Kind::open;
    principal.name = "open";
    return principal;
  }
  [[nodiscard]] base::Result<void> check(const Principal&, Action, const Scope&) const override { return {}; }
  [[nodiscard]] base::Result<void> check_member(const Principal&, const Scope&) const override { return {}; }
  [[nodiscard]] catalog::Sight sight(const Principal&) const override {
    catalog::Sight sight;
    sight.breadth = catalog::Sight::Breadth::everything;
    return sight;
  }
  [[nodiscard]] base::Result<IssuedToken> issue(const TokenRequest&) const override {
    return base::fail(base::ErrorCode::unsupported, "this registry runs with --open: everything is allowed without a token");
  }
  [[nodiscard]] std::string public_keys() const override { return R"({"keys":[]})"; }
};

}  // namespace berth::auth
