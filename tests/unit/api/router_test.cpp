#include "api/router.h"

#include <gtest/gtest.h>

#include <set>

namespace berth::api {
namespace {

using http::Method;

const Router& router() {
  static const Router kRouter{faces()};
  return kRouter;
}

std::string_view value(const Match& match, std::string_view name) {
  for (const auto& [key, text] : match.values) {
    if (key == name) return text;
  }
  return "(none)";
}

void expect_route(Method method, std::string_view path, std::string_view route) {
  const auto match = router().find(method, path);
  ASSERT_NE(match.route, nullptr) << path;
  EXPECT_EQ(match.route->name, route) << path;
  EXPECT_EQ(match.allow, "") << path;
}

// A path of the route, with something in each place.
std::string path_of(const Route& route) {
  std::string path(route.path);
  for (auto open = path.find('{'); open != std::string::npos; open = path.find('{')) {
    path.replace(open, path.find('}') - open + 1, path.compare(open, 6, "{name}") == 0 ? "a/b/c" : "x");
  }
  return path;
}

TEST(Router, EveryRouteIsFoundByItsOwnPath) {
  for (const auto& face : faces()) {
    for (const auto& route : face.routes) {
      for (const auto method : route.methods) expect_route(method, path_of(route), route.name);
    }
  }
}

TEST(Router, APrefixStandsBeforeWhatItAppliesToAndNothingElse) {
  const Router behind{faces(), "/tools/reg"};
  for (const auto& face : faces()) {
    for (const auto& route : face.routes) {
      const auto path = path_of(route);
      const bool applies = face.prefix == Prefix::applies;
      const auto* at_root = behind.find(route.methods.front(), path).route;
      const auto* at_prefix = behind.find(route.methods.front(), "/tools/reg" + path).route;
      EXPECT_EQ(at_root, applies ? nullptr : &route) << path;
      EXPECT_EQ(at_prefix, applies ? &route : nullptr) << path;
    }
  }
  for (const auto* path : {"/tools", "/tools/reg", "/tools/reg/", "/tools/regx/healthz", "/reg/healthz", "/tools/reg//healthz"}) {
    EXPECT_EQ(behind.find(Method::get, path).route, nullptr) << path;
  }
  EXPECT_EQ(behind.find(Method::post, "/tools/reg/healthz").allow, "GET, HEAD");
}

TEST(Router, ValuesBehindAPrefixAreThePathsOwn) {
  const Router behind{faces(), "/reg"};
  const std::string path = "/reg/api/v1/repositories/org/team/app/-/history";
  const auto match = behind.find(Method::get, path);
  ASSERT_NE(match.route, nullptr);
  EXPECT_EQ(value(match, "name"), "org/team/app");
  EXPECT_EQ(value(match, "name").data(), path.data() + path.find("org"));
}

// No prefix may begin as these paths do, or it would shadow them.
TEST(Faces, WhatNoPrefixStandsBeforeIsKnownByItsFirstPart) {
  for (const auto& face : faces()) {
    for (const auto& route : face.routes) {
      const auto first = route.path.substr(1, route.path.find('/', 1) - 1);
      EXPECT_EQ(stands_at_root(first), face.prefix == Prefix::never) << route.path;
    }
  }
}

TEST(Router, NamesAndMethodsOfRoutesAreUnique) {
  std::set<std::string_view> names;
  std::set<std::pair<std::string_view, Method>> operations;
  for (const auto& face : faces()) {
    for (const auto& route : face.routes) {
      EXPECT_TRUE(names.insert(route.name).second) << route.name;
      for (const auto method : route.methods) {
        EXPECT_TRUE(operations.emplace(route.path, method).second) << route.path << " answers a method twice";
      }
    }
  }
}

TEST(Router, ANameTakesSeveralParts) {
  const auto match = router().find(Method::get, "/v2/org/team/deep/name/manifests/v1");
  ASSERT_NE(match.route, nullptr);
  EXPECT_EQ(value(match, "name"), "org/team/deep/name");
  EXPECT_EQ(value(match, "reference"), "v1");
}

TEST(Router, TheTailDecidesWhereANameEnds) {
  const auto manifest = router().find(Method::put, "/v2/a/manifests/b/manifests/c");
  EXPECT_EQ(value(manifest, "name"), "a/manifests/b");
  EXPECT_EQ(value(manifest, "reference"), "c");
  const auto upload = router().find(Method::post, "/v2/a/blobs/uploads/blobs/uploads/");
  ASSERT_NE(upload.route, nullptr);
  EXPECT_EQ(upload.route->name, "oci.upload.post");
  EXPECT_EQ(value(upload, "name"), "a/blobs/uploads");
}

TEST(Router, MoreLiteralsWin) {
  expect_route(Method::post, "/v2/a/blobs/uploads/", "oci.upload.post");
  expect_route(Method::post, "/v2/a/blobs/uploads", "oci.upload.post.bare");
  expect_route(Method::get, "/v2/a/blobs/uploads/x", "oci.upload.get");
  expect_route(Method::get, "/v2/_catalog", "oci.catalog.list");
  EXPECT_EQ(router().find(Method::get, "/v2/a/blobs/uploads").allow, "POST");
}

TEST(Router, AWrongMethodSaysWhichAreRight) {
  const auto match = router().find(Method::post, "/v2/a/manifests/v1");
  EXPECT_EQ(match.route, nullptr);
  EXPECT_EQ(match.allow, "GET, HEAD, PUT, DELETE");
  EXPECT_EQ(router().find(Method::other, "/v2/").allow, "GET, HEAD");
}

TEST(Router, WhatMatchesNothing) {
  for (const auto* path : {"", "/", "*", "/v2/a", "/v2//", "/v2/manifests/v1", "/v2/a/manifests/", "/v2/a/blobs/",
                           "/v2/a/tags/list/", "/v2/a/tags", "v2/a/manifests/v1x/", "/V2/", "/healthz/", "//healthz"}) {
    const auto match = router().find(Method::get, path);
    EXPECT_EQ(match.route, nullptr) << path;
    EXPECT_EQ(match.allow, "") << path;
  }
}

// A name that cannot be one is the name's error, not the router's: the answer can say what is wrong with it.
TEST(Router, OddNamesAreMatchedAndLeftToTheirParser) {
  const auto twice = router().find(Method::get, "/v2//a/manifests/v1");
  ASSERT_NE(twice.route, nullptr);
  EXPECT_EQ(value(twice, "name"), "/a");
  EXPECT_EQ(value(router().find(Method::get, "/v2/a/../b/manifests/v1"), "name"), "a/../b");
}

TEST(Router, OneFaceTakesASlashAtTheEnd) {
  expect_route(Method::get, "/v2/orgs/", "ngc.orgs.list");
  expect_route(Method::get, "/v2/org/acme/teams/", "ngc.teams.list");
  EXPECT_EQ(router().find(Method::get, "/v2/orgs//").route, nullptr);
  EXPECT_EQ(router().find(Method::get, "/healthz/").route, nullptr);
}

TEST(Faces, APathIsAnsweredInItsFacesDialect) {
  for (const auto* path : {"/v2", "/v2/", "/v2/anything", "/v2/acme/orgs/manifests/v1", "/v2/orgsx"})
    EXPECT_EQ(face_of(path).name, "oci") << path;
  // A reserved first part is NGC's, but for a path that only the distribution API has.
  for (const auto* path : {"/v2/org", "/v2/orgs/", "/v2/models/acme/m1", "/v2/users/me", "/v2/org/acme/x/%2F", "/v3", "/v3/orgs",
                           "/roles", "/roles/", "/public-keys"})
    EXPECT_EQ(face_of(path).name, "ngc") << path;
  for (const auto* path : {"/v2/models/acme/m1/manifests/v1", "/v2/org/x/blobs/uploads/", "/v2/org/tags/list"})
    EXPECT_EQ(face_of(path).name, "oci") << path;
  for (const auto* path : {"", "/", "/v2x", "/v1", "/healthz", "*"}) EXPECT_EQ(face_of(path).name, "berth") << path;
}

}  // namespace
}  // namespace berth::api
