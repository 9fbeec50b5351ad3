#include "berth/http/message.h"

#include <gmock/gmock.h>

namespace berth::http {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(Fields, AreFoundWhateverTheirCase) {
  const Fields fields{{"Content-Type", "a"}, {"accept", "b"}, {"ACCEPT", "c"}};
  EXPECT_EQ(fields.find("content-TYPE"), "a");
  EXPECT_EQ(fields.find("Accept"), "b");
  EXPECT_EQ(fields.find("Accep"), std::nullopt);
  EXPECT_THAT(fields.find_all("Accept"), ElementsAre("b", "c"));
  EXPECT_THAT(fields.find_all("x"), IsEmpty());
  EXPECT_EQ(fields.find_list("Accept"), "b, c");
  EXPECT_EQ(fields.find_list("x"), std::nullopt);
}

TEST(Fields, SetReplacesAll) {
  Fields fields{{"A", "1"}, {"B", "2"}, {"a", "3"}};
  fields.set("A", "4");
  EXPECT_THAT(fields.all(),
              ElementsAre(std::pair<std::string, std::string>("B", "2"), std::pair<std::string, std::string>("A", "4")));
}

TEST(Request, SplitsItsTarget) {
  Request request;
  request.target = "/v2/a?n=1?b";
  EXPECT_EQ(request.path(), "/v2/a");
  EXPECT_EQ(request.query(), "n=1?b");
  request.target = "/v2/";
  EXPECT_EQ(request.path(), "/v2/");
  EXPECT_EQ(request.query(), "");
}

TEST(Method, HasOneName) {
  for (const Method method :
       {Method::get, Method::head, Method::post, Method::put, Method::patch, Method::delete_, Method::options}) {
    EXPECT_EQ(find_method(method_name(method)), method);
  }
  EXPECT_EQ(find_method("get"), Method::other);
  EXPECT_EQ(find_method("PURGE"), Method::other);
  EXPECT_EQ(protocol_name(Protocol::http1_1), "HTTP/1.1");
}

TEST(Body, KnowsItsLength) {
  EXPECT_EQ(body_length(std::string("abc")), 3u);
  EXPECT_EQ(body_length(std::make_shared<const std::string>("ab")), 2u);
  EXPECT_EQ(body_length(FileBody{nullptr, 5, 7}), 7u);
  EXPECT_EQ(body_length(std::shared_ptr<Generator>()), std::nullopt);
}

}  // namespace
}  // namespace berth::http
