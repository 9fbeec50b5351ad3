#include "http/response_head.h"

#include <gmock/gmock.h>

namespace berth::http {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

const base::TimePoint kTime{std::chrono::seconds(784111777)};

Request request_of(Method method, Protocol protocol = Protocol::http1_1) {
  Request request;
  request.method = method;
  request.protocol = protocol;
  request.id = "id";
  return request;
}

TEST(ResponseHead, FormatsTheExampleDateOfTheStandard) {
  EXPECT_EQ(format_http_date(kTime), "Sun, 06 Nov 1994 08:49:37 GMT");
  EXPECT_EQ(format_http_date(base::TimePoint(std::chrono::seconds(0))), "Thu, 01 Jan 1970 00:00:00 GMT");
}

TEST(ResponseHead, IsWrittenWhole) {
  const Response response{206, {{"Content-Range", "bytes 0-1/5"}}, std::string("ab"), {}, false};
  const Request request = request_of(Method::get);
  EXPECT_EQ(format_head(response, plan_response(response, request), request, Persistence::keep, kTime),
            "HTTP/1.1 206 Partial Content\r\n"
            "Content-Range: bytes 0-1/5\r\n"
            "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n"
            "X-Request-Id: id\r\n"
            "Content-Length: 2\r\n"
            "\r\n");
}

TEST(ResponseHead, PlansByMethodStatusAndProtocol) {
  const Response text{200, {}, std::string("abc"), {}, false};
  const Response made{200, {}, std::shared_ptr<Generator>(), {}, false};
  EXPECT_EQ(plan_response(text, request_of(Method::get)).framing, ResponseFraming::length);
  EXPECT_EQ(plan_response(text, request_of(Method::head)).framing, ResponseFraming::none);
  EXPECT_EQ(plan_response(text, request_of(Method::head)).content_length, 3u);
  EXPECT_EQ(plan_response(made, request_of(Method::get)).framing, ResponseFraming::chunked);
  EXPECT_EQ(plan_response(made, request_of(Method::get, Protocol::http1_0)).framing, ResponseFraming::until_close);
  EXPECT_EQ(plan_response(made, request_of(Method::head)).content_length, std::nullopt);
  Response none = text;
  for (const int status : {204, 304}) {
    none.status = status;
    EXPECT_EQ(plan_response(none, request_of(Method::get)).framing, ResponseFraming::none);
    EXPECT_EQ(plan_response(none, request_of(Method::get)).content_length, std::nullopt);
  }
  Response announced = text;
  announced.head_length = 99;
  EXPECT_EQ(plan_response(announced, request_of(Method::head)).content_length, 99u);
  EXPECT_EQ(plan_response(announced, request_of(Method::get)).content_length, 3u);
}

TEST(ResponseHead, SaysHowTheConnectionGoesOn) {
  const Response response{999, {}, std::string(), {}, false};
  const auto head = [&](const Request& request, Persistence persistence) {
    return format_head(response, plan_response(response, request), request, persistence, kTime);
  };
  EXPECT_THAT(head(request_of(Method::get), Persistence::keep), Not(HasSubstr("Connection")));
  EXPECT_THAT(head(request_of(Method::get), Persistence::close), HasSubstr("\r\nConnection: close\r\n"));
  EXPECT_THAT(head(request_of(Method::get, Protocol::http1_0), Persistence::keep), HasSubstr("\r\nConnection: keep-alive\r\n"));
  EXPECT_THAT(head(request_of(Method::get), Persistence::keep), ::testing::StartsWith("HTTP/1.1 999 \r\n"));
}

}  // namespace
}  // namespace berth::http
