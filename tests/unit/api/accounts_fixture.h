// The whole API over a real catalog and store, with accounts, and a world of people, keys and repositories to ask as.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "berth/api/application.h"
#include "berth/auth/accounts.h"
#include "berth/base/json.h"
#include "berth/base/sign.h"
#include "berth/service/accounts.h"
#include "unit/service/fixture.h"

namespace berth::api {

struct Reply {
  int status = 0;  // 0: the body was asked for, so the request was allowed
  std::string body;
  http::Fields fields;
  [[nodiscard]] std::string field(std::string_view name) const { return std::string(fields.find(name).value_or("")); }
};

class AccountsTest : public service::ServiceTest {
 protected:
  AccountsTest() {
    policy = auth::make_account_policy({.key_directory = directory.path() + "/keys", .default_org = "main", .service = "reg"},
                                       *catalog, base::real_file_system(), audit, clock)
                 .value();
    application = make_application(services());
  }

  // What the application is made of; a test that needs another one changes a member.
  Services services() {
    return {.blob_push = blob_push,
            .manifest_push = manifest_push,
            .blob_pull = blob_pull,
            .manifest_pull = manifest_pull,
            .listing = listing,
            .undo = undo,
            .retention = retention,
            .collector = collector,
            .health = health,
            .catalog_probe = probe,
            .write_gate = write_gate,
            .freshness = freshness,
            .policy = *policy,
            .audit = audit,
            .accounts = &accounts,
            .invitations = &invitations,
            .sessions = &sessions};
  }

  Reply ask(http::Method method, const std::string& target, const std::string& authorization, const std::string& body = {},
            const http::Fields& more = {}) {
    http::Request request;
    request.method = method;
    request.method_text = std::string(http::method_name(method));
    request.target = target;
    request.authority = "reg.example.com";
    request.peer = "192.0.2.1";
    request.id = std::string(32, '0');
    request.has_body = !body.empty();
    request.content_length = body.size();
    request.received = clock.now();
    if (!authorization.empty()) request.fields.add("Authorization", authorization);
    for (const auto& [name, value] : more.all()) request.fields.add(name, value);
    // As the codecs do: what is at hand is given, so every test of access is one of the memory too.
    if (auto known = request.has_body ? nullptr : application->recall(request)) return reply_of(*known);
    auto outcome = application->begin(request);
    if (auto* consumer = std::get_if<std::unique_ptr<http::BodyConsumer>>(&outcome)) {
      if (body.empty() && method != http::Method::put) {
        (*consumer)->abandon();
        return {};
      }
      if (auto early = (*consumer)->write(base::as_bytes(body))) return reply_of(std::move(*early));
      return reply_of((*consumer)->finish());
    }
    return reply_of(std::get<http::Response>(std::move(outcome)));
  }

  // With a body of JSON.
  Reply tell(http::Method method, const std::string& target, const std::string& authorization, const base::OrderedJson& body) {
    return ask(method, target, authorization, body.dump(), {{"Content-Type", "application/json"}});
  }

  static std::string basic(const std::string& user, const std::string& password) {
    const auto text = base::to_base64url(user + ':' + password);
    std::string standard;
    for (const char c : text) standard += c == '-' ? '+' : c == '_' ? '/' : c;
    return "Basic " + standard;
  }
  static std::string bearer(const std::string& text) { return "Bearer " + text; }

  // A token by Basic, as docker asks for one.
  std::string token_for(const std::string& authorization, const std::string& scope) {
    const auto reply = ask(http::Method::get, "/token?service=reg&scope=" + scope, authorization);
    EXPECT_EQ(reply.status, 200) << reply.body;
    if (reply.status != 200) return {};
    return base::Json::parse(reply.body)["token"].get<std::string>();
  }

  void user(const std::string& email) { EXPECT_TRUE(accounts.create_user(email, "", "a long password")); }
  std::string key(const std::string& email, std::vector<std::string> actions = {}, std::vector<std::string> repositories = {},
                  std::optional<std::chrono::seconds> lifetime = std::nullopt) {
    return accounts
        .create_key({.kind = catalog::KeyKind::personal,
                     .email = email,
                     .org = "acme",
                     .name = "k",
                     .lifetime = lifetime,
                     .actions = std::move(actions),
                     .repositories = std::move(repositories)})
        .value()
        .key;
  }

  service::Audit audit{{.data = directory.path()}, *catalog, base::real_file_system(), clock};
  service::WriteGate write_gate{service::WriteGate::Setting::read_write, *catalog};
  service::CatalogProbe probe{*catalog, health};
  service::Freshness freshness{*catalog};
  service::Undo undo{catalog->history(), catalog->usage()};
  service::RetentionService retention{*catalog, clock};
  service::Collector collector{{}, *store, *catalog, clock};
  auth::Passwords passwords;
  service::Accounts accounts{catalog->accounts(), passwords, clock, {"machine:tester"}};
  service::Invitations invitations{catalog->accounts(), passwords, clock, {}, nullptr, {"machine:tester"}};
  service::Sessions sessions{catalog->sessions(), {}, clock};
  std::unique_ptr<auth::AccountPolicy> policy;
  std::unique_ptr<http::Handler> application;

 private:
  static Reply reply_of(http::Response response) {
    Reply reply{response.status, {}, std::move(response.fields)};
    if (auto* text = std::get_if<std::string>(&response.body)) reply.body = std::move(*text);
    if (auto* shared = std::get_if<std::shared_ptr<const std::string>>(&response.body)) reply.body = **shared;
    return reply;
  }
};

}  // namespace berth::api
