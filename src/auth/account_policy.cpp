#include <unordered_map>

#include "auth/brake.h"
#include "auth/directory.h"
#include "auth/key_ring.h"
#include "auth/remembered.h"
#include "auth/token_scopes.h"
#include "auth/token_text.h"
#include "berth/auth/accounts.h"
#include "berth/auth/key_text.h"
#include "berth/auth/passwords.h"
#include "berth/base/ascii.h"
#include "berth/base/hash.h"
#include "berth/base/json.h"
#include "berth/base/metrics.h"
#include "berth/base/sign.h"
#include "berth/catalog/sessions.h"
#include "berth/catalog/subjects.h"

namespace berth::auth {

using base::ErrorCode;
using base::Result;
using base::metrics::Metric;

namespace {

// Longer than 300: NGC's client renews 300 s early and would ask before every request.
constexpr std::chrono::seconds kBroadLifetime{900};
constexpr std::chrono::hours kRefreshLifetime{24 * 30};
constexpr std::string_view kDefaultService = "berth";

// One answer for every way in which a credential can be wrong: wrong, unknown, expired, revoked, disabled.
auto bad_credential() { return base::fail(ErrorCode::unauthorized, "the credentials are not valid"); }

class Accounts final : public AccountPolicy {
 public:
  Accounts(AccountOptions options, catalog::Catalog& catalog, std::unique_ptr<KeyRing> ring, Witness& witness,
           const base::Clock& clock)
      : options_(std::move(options)),
        accounts_(catalog.accounts()),
        sessions_(catalog.sessions()),
        witness_(witness),
        clock_(clock),
        ring_(std::move(ring)),
        directory_(catalog),
        brake_(clock) {
    if (options_.service.empty()) options_.service = kDefaultService;
    names_ = {options_.service, options_.service};
  }

  Result<Principal> authenticate(const Credential& credential, const From& from, Expired expired) const override;
  Result<ConfirmedPassword> confirm_password(const BasicCredential& credential, const From& from) const override;
  [[nodiscard]] Principal guest() const override { return {}; }
  Result<void> check(const Principal& principal, Action action, const Scope& scope) const override;
  Result<void> check_member(const Principal& principal, const Scope& scope) const override;
  [[nodiscard]] catalog::Sight sight(const Principal& principal) const override {
    return sight_of(principal, options_.default_org);
  }
  Result<IssuedToken> issue(const TokenRequest& request) const override;
  [[nodiscard]] std::string public_keys() const override;
  Result<void> tick() override;

 private:
  // authenticate
  Result<Principal> by_basic(const BasicCredential& basic, const From& from) const;
  Result<Principal> by_password(const BasicCredential& basic, const From& from) const;
  Result<ConfirmedPassword> check_password(const catalog::User& user, const BasicCredential& basic) const;
  Result<Principal> by_key(std::string_view text, const From& from) const;
  Result<Principal> by_token(std::string_view text, const From& from, Expired expired) const;
  Result<Principal> by_session(std::string_view secret) const;
  Result<ReadToken> read(std::string_view text) const;
  // The principals that rows still stand behind.
  Result<Principal> user_principal(std::int64_t id) const;
  Result<Principal> session_principal(const catalog::Session& session) const;
  Result<Principal> session_of_token(const Claims& claims) const;
  Result<Principal> key_principal(const KeyRecord& record) const;
  Result<Principal> claimed_principal(const Claims& claims) const;

  // issue
  Result<Principal> requester(const TokenRequest& request, const WantedScopes& wanted) const;
  Result<TokenScope> grant(const Principal& principal, const WantedScopes& wanted) const;
  Result<Question> question_of(Action action, const Scope& scope) const;
  Result<Decision> decide_on(const Principal& principal, Action action, const Scope& scope) const;

  AccountOptions options_;
  catalog::AccountCatalog& accounts_;
  catalog::SessionCatalog& sessions_;
  Witness& witness_;
  const base::Clock& clock_;
  std::unique_ptr<KeyRing> ring_;
  TokenNames names_;
  mutable Directory directory_;
  mutable Passwords passwords_;
  mutable Brake brake_;
  mutable RememberedPasswords remembered_;
  mutable RememberedTokens tokens_;
  mutable base::Synced<std::unordered_map<std::int64_t, base::TimePoint>> key_uses_;
};

// --- who are you -----------------------------------------------------------------------------------------------------------------

Result<Principal> Accounts::authenticate(const Credential& credential, const From& from, Expired expired) const {
  if (std::holds_alternative<NoCredential>(credential)) return guest();
  auto principal = [&]() -> Result<Principal> {
    if (const auto* basic = std::get_if<BasicCredential>(&credential)) return by_basic(*basic, from);
    if (const auto* bearer = std::get_if<BearerCredential>(&credential)) {
      return looks_like_key(bearer->text) ? by_key(bearer->text, from) : by_token(bearer->text, from, expired);
    }
    if (const auto* session = std::get_if<SessionCredential>(&credential)) return by_session(session->secret);
    return bad_credential();
  }();
  if (!principal)
    base::metrics::add(Metric::http_rejected, 1,
                       {principal.error().code() == ErrorCode::unauthorized ? "credential" : "password_queue"});
  return principal;
}

// A key is a key whatever user stands before it: "$oauthtoken", the email, anything.
Result<Principal> Accounts::by_basic(const BasicCredential& basic, const From& from) const {
  if (looks_like_key(basic.password)) return by_key(basic.password, from);
  return by_password(basic, from);
}

Result<Principal> Accounts::by_password(const BasicCredential& basic, const From& from) const {
  const auto email = base::lower_ascii(basic.user);
  const auto generation = directory_.generation();
  if (const auto user = remembered_.find(email, basic.password, generation, clock_.now())) return user_principal(*user);
  BERTH_TRY(auto confirmed, confirm_password(basic, from));
  if (confirmed.state == catalog::PasswordState::must_change) {
    return base::fail(ErrorCode::unauthorized,
                      "the password must be changed before it is good for anything: POST /api/v1/me/password");
  }
  remembered_.put(email, basic.password, confirmed.principal.user, generation, clock_.now());
  return std::move(confirmed.principal);
}

Result<ConfirmedPassword> Accounts::confirm_password(const BasicCredential& basic, const From& from) const {
  const auto email = base::lower_ascii(basic.user);
  if (auto slowed = brake_.check(from.address, email); !slowed) {
    witness_.refused({.method = Method::password, .reason = RefusedCredential::Reason::slowed}, from);
    return base::fail(std::move(slowed).error());
  }
  BERTH_TRY(const auto user, accounts_.find_user_by_email(email));
  if (!user) {
    BERTH_TRY([[maybe_unused]] const auto match, passwords_.verify_nobody(basic.password));
    brake_.count_failure(from.address, email);
    witness_.refused({.method = Method::password}, from);
    return bad_credential();
  }
  auto confirmed = check_password(*user, basic);
  if (confirmed) {
    witness_.signed_in(user->id, from);
  } else if (confirmed.error().code() == ErrorCode::unauthorized) {
    brake_.count_failure(from.address, email);
    witness_.refused({.method = Method::password, .user = user->id}, from);
  }
  return confirmed;
}

Result<ConfirmedPassword> Accounts::check_password(const catalog::User& user, const BasicCredential& basic) const {
  BERTH_TRY(const auto stored, accounts_.find_password(user.id));
  if (!stored) {
    BERTH_TRY([[maybe_unused]] const auto match, passwords_.verify_nobody(basic.password));
    return bad_credential();
  }
  BERTH_TRY(const auto match, passwords_.verify(basic.password, stored->hash));
  if (match == PasswordMatch::no) return bad_credential();
  BERTH_TRY(auto principal, user_principal(user.id));
  return ConfirmedPassword{std::move(principal), stored->state, stored->changed};
}

Result<Principal> Accounts::by_key(std::string_view text, const From& from) const {
  const auto key = parse_key_text(text);
  std::shared_ptr<const KeyRecord> record;
  if (key) {
    BERTH_TRY(record, directory_.find_key_by_hash(key->hash()));
  }
  if (record == nullptr) {
    witness_.refused({.method = Method::key}, from);
    return bad_credential();
  }
  auto principal = key_principal(*record);
  if (!principal && principal.error().code() == ErrorCode::unauthorized) {
    witness_.refused(
        {.method = Method::key, .user = record->key.user, .key = record->key.id, .reason = RefusedCredential::Reason::ended},
        from);
  }
  return principal;
}

Result<ReadToken> Accounts::read(std::string_view text) const {
  const auto now = clock_.now();
  if (auto known = tokens_.find(text)) {
    const bool over = known->expires <= now;
    return ReadToken{std::move(*known), over ? Principal::Freshness::expired : Principal::Freshness::fresh};
  }
  BERTH_TRY(auto token, read_token(text, names_, *ring_, now));
  tokens_.put(text, token.claims);
  return token;
}

// That a token's time is over is no event: every client lets it happen, and then asks for another.
Result<Principal> Accounts::by_token(std::string_view text, const From& from, Expired expired) const {
  auto readable = read(text);
  if (!readable || readable->claims.use == Claims::Use::refresh) {
    witness_.refused({.method = Method::token}, from);
    return readable ? bad_credential() : base::fail(std::move(readable).error());
  }
  auto token = *std::move(readable);
  if (token.freshness == Principal::Freshness::expired && expired == Expired::refused) {
    return base::fail(ErrorCode::unauthorized, "the token's time is over; ask for a new one");
  }
  auto claimed = claimed_principal(token.claims);
  if (!claimed) {
    witness_.refused(
        {.method = Method::token, .user = token.claims.user, .key = token.claims.key, .reason = RefusedCredential::Reason::ended},
        from);
    return claimed;
  }
  auto principal = *std::move(claimed);
  principal.scope = std::make_shared<const TokenScope>(std::move(token.claims.scope));
  principal.freshness = token.freshness;
  principal.until = std::min(token.claims.expires, principal.until.value_or(token.claims.expires));
  return principal;
}

Result<Principal> Accounts::claimed_principal(const Claims& claims) const {
  if (claims.key != 0) {
    BERTH_TRY(const auto record, directory_.find_key(claims.key));
    if (record == nullptr || record->key.user != claims.user) return bad_credential();
    return key_principal(*record);
  }
  if (claims.user == 0) return guest();
  if (claims.session != 0) return session_of_token(claims);
  return user_principal(claims.user);
}

Result<Principal> Accounts::user_principal(std::int64_t id) const {
  BERTH_TRY(const auto record, directory_.find_user(id));
  if (record == nullptr || record->user.standing != catalog::Standing::active) return bad_credential();
  Principal principal;
  principal.kind = Principal::Kind::user;
  principal.name = catalog::user_subject(id);
  principal.user = id;
  principal.rights = record->rights;
  return principal;
}

Result<Principal> Accounts::by_session(std::string_view secret) const {
  BERTH_TRY(const auto session, sessions_.find_session_by_hash(session_hash(secret)));
  if (!session || session->ends <= clock_.now()) return bad_credential();
  return session_principal(*session);
}

Result<Principal> Accounts::session_principal(const catalog::Session& session) const {
  BERTH_TRY(auto principal, user_principal(session.user));
  principal.session = session.id;
  principal.until = session.ends;
  return principal;
}

// A token ends with its session, and that at once when it is signed out of.
Result<Principal> Accounts::session_of_token(const Claims& claims) const {
  BERTH_TRY(const auto kept, directory_.find_session(claims.session));
  if (kept == nullptr || kept->user != claims.user) return bad_credential();
  if (kept->ends > clock_.now()) return session_principal(*kept);
  BERTH_TRY(const auto session, sessions_.find_session(claims.session));
  if (!session || session->ends <= clock_.now()) return bad_credential();
  return session_principal(*session);
}

Result<Principal> Accounts::key_principal(const KeyRecord& record) const {
  const auto now = clock_.now();
  const auto& key = record.key;
  if (key.revoked || (key.expires && *key.expires <= now)) return bad_credential();
  key_uses_.with([&](auto& uses) { uses[key.id] = now; });
  if (key.kind != catalog::KeyKind::service) {
    BERTH_TRY(auto principal, user_principal(key.user));
    principal.key = key.id;
    principal.ceiling = record.ceiling;
    principal.until = key.expires;
    return principal;
  }
  // A service key is the organisation's: its ceiling says what it may, and the organisation's registry is the most that it can.
  Principal principal;
  principal.kind = Principal::Kind::service;
  principal.name = catalog::actor_name(0, key.id);
  principal.key = key.id;
  principal.rights = std::make_shared<const Rights>(Rights{catalog::Rank::user, {{key.org, 0, catalog::Role::registry_admin}}});
  principal.ceiling = record.ceiling;
  principal.until = key.expires;
  return principal;
}

// --- may you ---------------------------------------------------------------------------------------------------------------------

Result<Question> Accounts::question_of(Action action, const Scope& scope) const {
  Question question;
  question.action = action;
  if (const auto repository = scope.repository; !repository.empty()) {
    BERTH_TRY(const auto name, oci::RepositoryName::parse(repository));
    question.org = name.org().empty() ? std::string_view(options_.default_org) : repository.substr(0, name.org().size());
    question.team = name.team().empty() ? std::string_view() : repository.substr(name.org().size() + 1, name.team().size());
    question.repository = repository;
    BERTH_TRY(question.place, directory_.find_place({question.org, question.team, repository}));
  } else if (!scope.org.empty()) {
    question.org = scope.org;
    question.team = scope.team;
    BERTH_TRY(question.place, directory_.find_place({scope.org, scope.team, {}}));
  }
  return question;
}

Result<Decision> Accounts::decide_on(const Principal& principal, Action action, const Scope& scope) const {
  BERTH_TRY(const auto question, question_of(action, scope));
  return decide(principal, question);
}

namespace {

// {"need":{"action":"registry:push","scope":"acme/vision"},"role":"REGISTRY_USER"}, for those who may know it.
base::Error denial_of(Decision decision) {
  base::Error denial(ErrorCode::denied, std::move(decision.reason));
  if (!decision.need) return denial;
  base::OrderedJson detail = {{"need", {{"action", action_name(decision.need->action)}, {"scope", decision.need->scope}}}};
  if (!decision.need->role.empty()) detail["role"] = decision.need->role;
  return std::move(denial).with_detail(detail.dump());
}

Result<void> outcome_of(Decision decision) {
  switch (decision.verdict) {
    case Verdict::allowed: return {};
    case Verdict::unauthorized:
    case Verdict::insufficient_scope: return base::fail(ErrorCode::unauthorized, std::move(decision.reason));
    case Verdict::denied: return base::fail(denial_of(std::move(decision)));
  }
  return base::fail(ErrorCode::denied, "denied");
}

}  // namespace

Result<void> Accounts::check(const Principal& principal, Action action, const Scope& scope) const {
  BERTH_TRY(auto decision, decide_on(principal, action, scope));
  return outcome_of(std::move(decision));
}

Result<void> Accounts::check_member(const Principal& principal, const Scope& scope) const {
  BERTH_TRY(const auto question, question_of(Action::registry_list, scope));
  return outcome_of(decide_member(principal, question));
}

// --- tokens ----------------------------------------------------------------------------------------------------------------------

Result<Principal> Accounts::requester(const TokenRequest& request, const WantedScopes& wanted) const {
  auto principal = [&]() -> Result<Principal> {
    if (request.refresh_token.text().empty()) {
      BERTH_TRY(auto asker, authenticate(request.credential, {request.peer, request.request}, Expired::refused));
      // A token is no way to another one: it would outlive its own time, or reach further than it was given for.
      if (asker.scope != nullptr) return bad_credential();
      return asker;
    }
    BERTH_TRY(const auto token, read(request.refresh_token));
    if (token.claims.use != Claims::Use::refresh || token.freshness == Principal::Freshness::expired) return bad_credential();
    BERTH_TRY(auto owner, claimed_principal(token.claims));
    BERTH_TRY(const auto stored, accounts_.find_password(owner.user));
    // A new password ends what the old one gave.
    if (owner.key == 0 && (!stored || stored->changed > token.claims.issued + std::chrono::seconds(1))) return bad_credential();
    return owner;
  }();
  if (principal || principal.error().code() != ErrorCode::unauthorized) return principal;
  // A foreign or stale credential does not stand in the way of what is open to everybody. Anything more, and a bare login, is refused.
  if (wanted.items.empty() || wanted.catalog || wanted.groups) return principal;
  for (const auto& item : wanted.items) {
    if (item.actions != ActionSet{Action::registry_pull}) return principal;
    BERTH_TRY(const auto decision, decide_on(guest(), Action::registry_pull, {item.repository}));
    if (decision.verdict != Verdict::allowed) return principal;
  }
  return guest();
}

Result<TokenScope> Accounts::grant(const Principal& principal, const WantedScopes& wanted) const {
  TokenScope scope;
  for (const auto& item : wanted.items) {
    TokenScope::Item granted{item.repository, {}};
    for (const auto action : {Action::registry_pull, Action::registry_push, Action::registry_delete}) {
      if (!item.actions.has(action)) continue;
      BERTH_TRY(const auto decision, decide_on(principal, action, {item.repository}));
      if (decision.verdict == Verdict::allowed) granted.actions.add(action);
    }
    scope.items.push_back(std::move(granted));
  }
  scope.catalog = wanted.catalog && principal.kind != Principal::Kind::guest;
  return scope;
}

Result<IssuedToken> Accounts::issue(const TokenRequest& request) const {
  const auto wanted = parse_scopes(request.scopes);
  BERTH_TRY(const auto principal, requester(request, wanted));
  if (principal.kind == Principal::Kind::guest && wanted.empty()) {
    return base::fail(ErrorCode::unauthorized, "log in: a token without a scope needs an account");
  }
  Claims claims;
  claims.user = principal.user;
  claims.key = principal.key;
  claims.issued = clock_.now();
  const bool broad = (request.service == "ngc" || wanted.groups) && principal.kind != Principal::Kind::guest;
  claims.use = broad ? Claims::Use::broad : Claims::Use::access;
  claims.session = principal.session;
  auto lifetime = broad ? kBroadLifetime : options_.token_lifetime;
  if (principal.session != 0 && principal.until)
    lifetime = std::min(lifetime, std::chrono::floor<std::chrono::seconds>(*principal.until - claims.issued));
  claims.expires = claims.issued + lifetime;
  if (!broad) {
    BERTH_TRY(claims.scope, grant(principal, wanted));
  }
  witness_.token_issued(principal.user, principal.key, {request.peer, request.request});
  const auto key = ring_->newest();
  IssuedToken issued;
  issued.token = write_token(claims, names_, *key);
  issued.lifetime = lifetime;
  issued.issued = claims.issued;
  issued.scope = format_scope(claims.scope);
  if (request.offline == TokenRequest::Offline::yes && principal.session == 0 && principal.kind != Principal::Kind::guest) {
    claims.use = Claims::Use::refresh;
    claims.scope = {};
    claims.expires = claims.issued + kRefreshLifetime;
    issued.refresh_token = write_token(claims, names_, *key);
  }
  return issued;
}

std::string Accounts::public_keys() const {
  auto keys = base::OrderedJson::array();
  for (const auto& entry : ring_->entries()) {
    keys.push_back({{"kty", "OKP"},
                    {"crv", "Ed25519"},
                    {"use", "sig"},
                    {"alg", "EdDSA"},
                    {"kid", entry->kid},
                    {"x", base::to_base64url(entry->key.public_key())}});
  }
  return base::OrderedJson{{"keys", std::move(keys)}}.dump();
}

Result<void> Accounts::tick() {
  const auto uses = key_uses_.with([](auto& present) { return std::exchange(present, {}); });
  BERTH_CHECK_OK(accounts_.touch_keys({uses.begin(), uses.end()}));
  return ring_->rotate_if_due();
}

}  // namespace

Result<std::unique_ptr<AccountPolicy>> make_account_policy(AccountOptions options, catalog::Catalog& catalog,
                                                           base::FileSystem& fs, Witness& witness, const base::Clock& clock) {
  BERTH_TRY(auto ring, KeyRing::open(fs, options.key_directory, clock));
  return std::make_unique<Accounts>(std::move(options), catalog, std::move(ring), witness, clock);
}

}  // namespace berth::auth
