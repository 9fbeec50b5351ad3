// The pipeline without a socket: what only a test's own policy, disk or moment can bring about.
#include "berth/api/application.h"

#include <gtest/gtest.h>

#include <stdexcept>

#include "api/memory.h"
#include "berth/api/errors.h"
#include "berth/api/routes.h"
#include "berth/base/json.h"
#include "berth/base/log.h"
#include "berth/catalog/sqlite_catalog.h"
#include "berth/store/local_blob_store.h"
#include "support/fault_file_system.h"
#include "support/temporary_directory.h"

namespace berth::api {
namespace {

using base::ErrorCode;

// Answers every question as the test says.
auth::Principal somebody(std::string name = "somebody") { return {.kind = auth::Principal::Kind::user, .name = std::move(name)}; }

class ScriptedPolicy final : public auth::OpenPolicy {
 public:
  std::optional<base::Error> refusal;
  bool throws = false;
  [[nodiscard]] auth::Principal guest() const override { return somebody(); }
  [[nodiscard]] base::Result<void> check(const auth::Principal&, auth::Action, const auth::Scope&) const override {
    if (throws) throw std::runtime_error("/secret/path: a library threw");
    if (refusal) return base::fail(*refusal);
    return {};
  }
};

class ApplicationTest : public ::testing::Test {
 protected:
  ApplicationTest() { base::log::configure(base::log::Format::text, base::log::Level::off); }

  static http::Request request_for(http::Method method, std::string target) {
    http::Request request;
    request.method = method;
    request.method_text = http::method_name(method);
    request.target = std::move(target);
    request.id = std::string(32, 'a');
    request.received = base::SystemClock().now();
    return request;
  }

  http::Response begin(http::Method method, std::string target) { return begin(request_for(method, std::move(target))); }

  http::Response begin(const http::Request& request) {
    auto outcome = application->begin(request);
    EXPECT_TRUE(std::holds_alternative<http::Response>(outcome));
    auto* response = std::get_if<http::Response>(&outcome);
    return response != nullptr ? std::move(*response) : http::Response{};
  }

  static std::string body_of(const http::Response& response) {
    if (const auto* text = std::get_if<std::string>(&response.body)) return *text;
    const auto* shared = std::get_if<std::shared_ptr<const std::string>>(&response.body);
    return shared != nullptr ? **shared : std::string();
  }
  static base::Json json_of(const http::Response& response) { return base::parse_json(body_of(response)).value(); }

  test::TemporaryDirectory directory;
  test::FaultFileSystem disk{directory.path()};
  base::SystemClock clock;
  ScriptedPolicy policy;
  service::Health health;
  std::unique_ptr<store::BlobStore> store = store::open_local_blob_store({.directory = directory.path()}, disk, clock).value();
  std::unique_ptr<catalog::Catalog> catalog =
      catalog::open_sqlite_catalog({.path = directory.path() + "/catalog.sqlite"}, clock).value();
  service::DiskReserve reserve{service::DiskReserveOptions{0, 0}, *store, clock, health};
  service::BlobPush blob_push{*store, *catalog, reserve, health};
  service::ManifestPush manifest_push{*catalog, reserve, health, service::SparseIndexes::refused};
  service::BlobPull blob_pull{*store, *catalog, health};
  service::PullCounter counter{catalog->usage(), clock};
  service::ManifestPull manifest_pull{*catalog, &counter};
  service::Listing listing{*catalog};
  service::Freshness freshness{*catalog};
  service::Undo undo{catalog->history(), catalog->usage()};
  service::RetentionService retention{*catalog, clock};
  service::Collector collector{{}, *store, *catalog, clock};
  service::CatalogProbe catalog_probe{*catalog, health};
  service::WriteGate write_gate{service::WriteGate::Setting::read_write, *catalog};
  service::Audit audit{{.data = directory.path()}, *catalog, base::real_file_system(), clock};
  std::unique_ptr<http::Handler> application = make_application({.blob_push = blob_push,
                                                                 .manifest_push = manifest_push,
                                                                 .blob_pull = blob_pull,
                                                                 .manifest_pull = manifest_pull,
                                                                 .listing = listing,
                                                                 .undo = undo,
                                                                 .retention = retention,
                                                                 .collector = collector,
                                                                 .health = health,
                                                                 .catalog_probe = catalog_probe,
                                                                 .write_gate = write_gate,
                                                                 .freshness = freshness,
                                                                 .policy = policy,
                                                                 .audit = audit});
};

// ops.ready 503: a daemon that goes down is alive and no longer ready.
TEST_F(ApplicationTest, ADrainingDaemonIsNotReady) {
  EXPECT_EQ(begin(http::Method::get, "/readyz").status, 200);
  health.set_draining();
  const auto ready = begin(http::Method::get, "/readyz");
  EXPECT_EQ(ready.status, 503);
  EXPECT_EQ(json_of(ready)["status"], "draining");
  EXPECT_EQ(begin(http::Method::get, "/healthz").status, 200);
}

// unauthorized and denied come from the policy, before the handler: nothing is stored.
TEST_F(ApplicationTest, ARefusalComesBeforeTheHandler) {
  struct Case {
    ErrorCode code;
    int status;
    std::string oci;
  };
  for (const auto& [code, status, oci] :
       {Case{ErrorCode::unauthorized, 401, "UNAUTHORIZED"}, Case{ErrorCode::denied, 403, "DENIED"}}) {
    policy.refusal = base::Error(code, "registry:push is not yours");
    const auto calls = disk.calls();
    const auto response = begin(http::Method::post, "/v2/a/b/blobs/uploads/");
    EXPECT_EQ(response.status, status);
    EXPECT_EQ(json_of(response)["errors"][0]["code"], oci);
    EXPECT_EQ(disk.calls(), calls) << "the disk was touched";
  }
}

TEST_F(ApplicationTest, WhatEverybodyMayDoAsksNoPolicy) {
  policy.refusal = base::Error(ErrorCode::denied, "no");
  for (const auto* target : {"/healthz", "/readyz", "/metrics", "/openapi.json"}) {
    EXPECT_EQ(begin(http::Method::get, target).status, 200) << target;
  }
}

// security.md B1.8: a source that may not be pulled is answered like one that lacks the blob.
TEST_F(ApplicationTest, AMountFromWhatMayNotBePulledIsAnUpload) {
  class OnlyTarget final : public auth::OpenPolicy {
    [[nodiscard]] auth::Principal guest() const override { return somebody(); }
    [[nodiscard]] base::Result<void> check(const auth::Principal&, auth::Action, const auth::Scope& scope) const override {
      if (scope.repository == "a/target") return {};
      return base::fail(ErrorCode::denied, "no");
    }
  } only_target;
  const auto digest = oci::Digest::of_bytes(base::HashAlgorithm::sha256, base::as_bytes("secret"));
  const auto source = oci::RepositoryName::parse("a/source").value();
  auto upload = blob_push.begin_single(source, {"owner"}, base::HashAlgorithm::sha256).value();
  ASSERT_TRUE(upload.append(base::as_bytes("secret")));
  ASSERT_TRUE(upload.commit(digest));
  application = make_application({blob_push, manifest_push, blob_pull, manifest_pull, listing, undo, retention, collector, health,
                                  catalog_probe, write_gate, freshness, only_target, audit});
  for (const auto* from : {"&from=a/source", ""}) {
    const auto response = begin(http::Method::post, "/v2/a/target/blobs/uploads/?mount=" + digest.text() + from);
    EXPECT_EQ(response.status, 202) << from;
    EXPECT_FALSE(response.fields.find("Docker-Content-Digest")) << from;
  }
  EXPECT_EQ(begin(http::Method::get, "/v2/a/target/blobs/" + digest.text()).status, 404);
}

// io_error: the client learns that the storage failed, the operator's path stays out of the answer, and health turns red.
TEST_F(ApplicationTest, AFailingDiskIsAnErrorAndTurnsHealthRed) {
  disk.inject({.at = 1, .error_number = EIO, .repeat = test::Repeat::from_then_on});
  const auto response = begin(http::Method::post, "/v2/a/b/blobs/uploads/");
  EXPECT_EQ(response.status, 500);
  EXPECT_EQ(json_of(response)["errors"][0]["code"], "UNKNOWN");
  EXPECT_EQ(body_of(response).find(directory.path()), std::string::npos) << body_of(response);
  disk.clear_faults();
  EXPECT_EQ(begin(http::Method::get, "/healthz").status, 503);
}

// internal: the one catch-all; what the library said goes to the log alone.
TEST_F(ApplicationTest, AnExceptionIsInternalAndSaysNothing) {
  policy.throws = true;
  const auto response = begin(http::Method::get, "/v2/a/b/tags/list");
  EXPECT_EQ(response.status, 500);
  EXPECT_EQ(json_of(response)["errors"][0]["code"], "UNKNOWN");
  EXPECT_EQ(body_of(response).find("secret"), std::string::npos);
}

// What the codec reports has the face's dialect too: request_timeout, http_version_unsupported, busy, shutting_down.
TEST_F(ApplicationTest, ErrorsOfTheCodecAreSaidInTheDialectOfThePath) {
  for (const auto code : {ErrorCode::request_timeout, ErrorCode::http_version_unsupported, ErrorCode::busy,
                          ErrorCode::shutting_down, ErrorCode::request_malformed, ErrorCode::header_too_large}) {
    SCOPED_TRACE(base::error_code_name(code));
    const auto& row = error_row(code);
    http::Request request;
    request.target = "/v2/a/b/tags/list";
    const auto oci = application->render_error(request, base::Error(code, "why").with_retry_after(7));
    EXPECT_EQ(oci.status, row.status);
    EXPECT_EQ(json_of(oci)["errors"][0]["code"], row.oci);
    EXPECT_EQ(json_of(oci)["errors"][0]["message"], "why");
    EXPECT_EQ(oci.fields.find("Retry-After"), "7");

    const auto problem = application->render_error({}, base::Error(code, "why"));
    EXPECT_EQ(problem.status, row.status);
    EXPECT_EQ(problem.fields.find("Content-Type"), "application/problem+json");
    EXPECT_EQ(json_of(problem)["code"], base::error_code_name(code));
    EXPECT_FALSE(problem.fields.find("Retry-After"));
  }
}

// Authorization runs on the headers: a body that is announced too long is refused before a byte of it (HOUSE.md, Threads).
TEST_F(ApplicationTest, ABodyAnnouncedTooLongIsRefusedAtOnce) {
  http::Request request;
  request.method = http::Method::put;
  request.method_text = "PUT";
  request.target = "/v2/a/b/manifests/v1";
  request.content_length = 5 * 1024 * 1024;
  request.has_body = true;
  auto outcome = application->begin(request);
  ASSERT_TRUE(std::holds_alternative<http::Response>(outcome));
  EXPECT_EQ(std::get<http::Response>(outcome).status, 413);
}

// A body that lies about its length, or says none, is cut at the limit.
TEST_F(ApplicationTest, ABodyIsCutAtItsLimit) {
  http::Request request;
  request.method = http::Method::put;
  request.method_text = "PUT";
  request.target = "/v2/a/b/manifests/v1";
  request.has_body = true;
  auto outcome = application->begin(request);
  ASSERT_TRUE(std::holds_alternative<std::unique_ptr<http::BodyConsumer>>(outcome));
  auto& consumer = std::get<std::unique_ptr<http::BodyConsumer>>(outcome);
  const std::string piece(1024 * 1024, ' ');
  for (int i = 0; i < 4; ++i) EXPECT_FALSE(consumer->write(base::as_bytes(piece)));
  const auto refused = consumer->write(base::as_bytes(" "));
  ASSERT_TRUE(refused);
  EXPECT_EQ(refused->status, 413);
}

class RecallTest : public ApplicationTest {
 protected:
  oci::Digest push_blob(const std::string& repository, const std::string& bytes) {
    const auto digest = oci::Digest::of_bytes(base::HashAlgorithm::sha256, base::as_bytes(bytes));
    auto upload =
        blob_push.begin_single(oci::RepositoryName::parse(repository).value(), {policy.guest().name}, base::HashAlgorithm::sha256)
            .value();
    EXPECT_TRUE(upload.append(base::as_bytes(bytes)));
    EXPECT_TRUE(upload.commit(digest));
    return digest;
  }

  // A manifest without layers whose one annotation is `word`.
  std::string push_tag(const std::string& tag, const std::string& word) {
    const auto config = push_blob("a/b", "{}");
    const std::string bytes =
        R"({"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json","config":{"mediaType":"application/vnd.oci.image.config.v1+json","digest":")" +
        config.text() + R"(","size":2},"layers":[],"annotations":{"w":")" + word + R"("}})";
    auto pushed = manifest_push.put({.repository = oci::RepositoryName::parse("a/b").value(),
                                     .reference = oci::parse_reference(tag).value(),
                                     .content_type = "application/vnd.oci.image.manifest.v1+json",
                                     .bytes = bytes,
                                     .tags = {},
                                     .condition = {},
                                     .by = {"somebody"}});
    EXPECT_TRUE(pushed) << pushed.error().message();
    return bytes;
  }

  void limit_callers(CallerLimitOptions limits) {
    application = make_application({blob_push, manifest_push, blob_pull, manifest_pull, listing, undo, retention, collector,
                                    health, catalog_probe, write_gate, freshness, policy, audit},
                                   {}, limits);
  }

  std::shared_ptr<const http::Response> recall(http::Request request) {
    request.received = clock.now();
    return application->recall(request);
  }
  std::shared_ptr<const http::Response> recall(const std::string& target) {
    return recall(request_for(http::Method::get, target));
  }
};

TEST_F(RecallTest, AnAnswerIsGivenAgainUntilSomethingIsWritten) {
  const std::string manifest = "/v2/a/b/manifests/v1";
  const auto first = push_tag("v1", "one");
  EXPECT_FALSE(recall(manifest)) << "nobody has asked yet";
  const auto asked = begin(http::Method::get, manifest);
  const auto known = recall(manifest);
  ASSERT_TRUE(known);
  EXPECT_EQ(known->status, 200);
  EXPECT_EQ(body_of(*known), first);
  EXPECT_EQ(known->fields.all(), asked.fields.all());
  EXPECT_EQ(known->label, "oci.manifest.get");

  const auto second = push_tag("v1", "two");
  EXPECT_FALSE(recall(manifest)) << "the tag has moved";
  EXPECT_EQ(body_of(begin(http::Method::get, manifest)), second);
  EXPECT_EQ(body_of(*recall(manifest)), second);

  ASSERT_EQ(begin(http::Method::delete_, manifest).status, 202);
  EXPECT_FALSE(recall(manifest)) << "the tag has gone";
  EXPECT_EQ(begin(http::Method::get, manifest).status, 404);
  EXPECT_FALSE(recall(manifest)) << "only what was found is remembered";
}

TEST_F(RecallTest, EveryKindOfReadIsRemembered) {
  push_tag("v1", "one");
  const auto digest = push_blob("a/b", "four");
  for (const auto* target : {"/v2/", "/v2/_catalog?n=5", "/v2/a/b/tags/list", "/v2/a/b/manifests/v1"}) {
    EXPECT_FALSE(recall(target)) << target;
    const auto asked = begin(http::Method::get, target);
    const auto known = recall(target);
    ASSERT_TRUE(known) << target;
    EXPECT_EQ(body_of(*known), body_of(asked)) << target;
  }
  const auto blob = "/v2/a/b/blobs/" + digest.text();
  EXPECT_EQ(body_of(begin(http::Method::get, blob)), "four") << "a small file is read whole";
  EXPECT_EQ(body_of(*recall(blob)), "four");
  EXPECT_EQ(begin(http::Method::head, blob).head_length, 4U);
  EXPECT_EQ(recall(request_for(http::Method::head, blob))->head_length, 4U);
  begin(http::Method::get, "/healthz");
  EXPECT_FALSE(recall("/healthz")) << "its row says never";
}

TEST_F(RecallTest, APullFromMemoryIsCounted) {
  push_tag("v1", "one");
  begin(http::Method::get, "/v2/a/b/manifests/v1");
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(recall("/v2/a/b/manifests/v1"));
  begin(http::Method::head, "/v2/a/b/manifests/v1");
  ASSERT_TRUE(recall(request_for(http::Method::head, "/v2/a/b/manifests/v1")));
  ASSERT_TRUE(counter.flush());
  const auto pulls = undo.find_pulls(oci::RepositoryName::parse("a/b").value(), oci::parse_reference("v1").value()).value();
  ASSERT_TRUE(pulls);
  EXPECT_EQ(pulls->count, 4U) << "HEAD pulls nothing";
  EXPECT_TRUE(recall("/v2/a/b/manifests/v1")) << "counting changes no answer";
}

TEST_F(RecallTest, AQuestionIsAllThatTheAnswerDependsOn) {
  push_tag("v1", "one");
  const auto digest = push_blob("a/b", "four");
  const auto blob = "/v2/a/b/blobs/" + digest.text();
  auto mine = request_for(http::Method::get, blob);
  mine.authority = "one.example";
  mine.fields.add("Authorization", "Bearer mine");
  begin(mine);
  ASSERT_TRUE(recall(mine));
  EXPECT_FALSE(recall(blob)) << "without the credential";
  auto other = mine;
  other.fields.set("Authorization", "Bearer other");
  EXPECT_FALSE(recall(other)) << "with another credential";
  other = mine;
  other.authority = "two.example";
  EXPECT_FALSE(recall(other)) << "of another host";
  other = mine;
  other.method = http::Method::head;
  EXPECT_FALSE(recall(other)) << "by another method";
  for (const auto* condition : {"Range", "If-Range", "If-None-Match", "if-modified-since"}) {
    other = mine;
    other.fields.add(condition, "bytes=0-1");
    EXPECT_FALSE(recall(other)) << condition;
  }
  other = mine;
  other.fields.add("authorization", "Bearer second");
  EXPECT_FALSE(recall(other)) << "two credentials are none";
}

TEST_F(RecallTest, PasswordsAndKeysAreKnownByTheirDigests) {
  push_tag("v1", "one");
  auto asked = request_for(http::Method::get, "/v2/a/b/manifests/v1");
  for (const std::string credential : {"Basic YW5uOnBhc3N3b3Jk", "basic YW5uOnBhc3N3b3Jk", "Bearer berth_pKEY",
                                       "bearer   nvapi-KEY", "ApiKey berth_pKEY", "Bearer "}) {
    asked.fields.set("Authorization", credential);
    EXPECT_FALSE(recall(asked)) << credential << ": another one's answer";
    EXPECT_EQ(begin(asked).status, 200);
    EXPECT_TRUE(recall(asked)) << credential;
    Question question;
    ASSERT_TRUE(put_question(asked, question));
    EXPECT_EQ(question.text.find(credential), std::string::npos) << "kept in the clear";
  }
  asked.fields.set("Authorization", "Bearer mine");
  Question question;
  ASSERT_TRUE(put_question(asked, question));
  EXPECT_NE(question.text.find("mine"), std::string::npos) << "a token runs out by itself";
}

TEST_F(RecallTest, AnAnswerHasItsTime) {
  push_tag("v1", "one");
  auto request = request_for(http::Method::get, "/v2/a/b/manifests/v1");
  begin(request);
  EXPECT_TRUE(application->recall(request));
  request.received += std::chrono::milliseconds(60'000);
  EXPECT_FALSE(application->recall(request));
}

// code-14, whether an answer is at hand or not; what operations ask has no limit.
TEST_F(RecallTest, WhoAsksForTooMuchIsToldSo) {
  limit_callers({.requests_per_address = 2});
  int good = 0;
  http::Response refused;
  for (int i = 0; i < 5; ++i) {
    auto request = request_for(http::Method::get, "/v2/");
    request.received = base::from_unix_micros(1'700'000'000'000'000);
    request.peer = "192.0.2.1";
    if (application->recall(request)) {
      ++good;
      continue;
    }
    auto response = begin(request);
    if (response.status == 200) {
      ++good;
    } else {
      refused = std::move(response);
    }
  }
  EXPECT_EQ(good, 4);
  EXPECT_EQ(refused.status, 429);
  EXPECT_EQ(json_of(refused)["errors"][0]["code"], "TOOMANYREQUESTS");
  EXPECT_EQ(refused.fields.find("Retry-After"), "1");
  EXPECT_EQ(begin(http::Method::get, "/healthz").status, 200);
}

TEST_F(RecallTest, APullOfALargeBlobIsATransferUntilItsFileIsLetGo) {
  limit_callers({.transfers_per_address = 1});
  const auto digest = push_blob("a/b", std::string(100'000, 'x'));
  const auto target = "/v2/a/b/blobs/" + digest.text();
  {
    const auto first = begin(http::Method::get, target);
    EXPECT_EQ(first.status, 200);
    EXPECT_EQ(begin(http::Method::get, target).status, 429);
    EXPECT_EQ(begin(http::Method::head, target).status, 200) << "no transfer";
  }
  EXPECT_EQ(begin(http::Method::get, target).status, 200);
}

}  // namespace
}  // namespace berth::api
