// Where nghttp2 is spoken to: its set-up, its callbacks, and the frames that are made of our words.
#pragma once

#include <cstdint>
#include <string>

#include "berth/base/clock.h"
#include "berth/http/message.h"
#include "berth/http/server.h"
#include "http/h2_stream.h"
#include "http/response_head.h"

struct nghttp2_session;

namespace berth::http {

class H2Session;

// A server's session whose callbacks go to `owner`, with our SETTINGS queued. nullptr without memory.
nghttp2_session* open_h2_session(H2Session& owner, const Limits& limits);

void submit_h2_continue(nghttp2_session* session, std::int32_t stream);
void submit_h2_response(nghttp2_session* session, H2Stream& stream, const Response& response, const ResponsePlan& plan,
                        base::TimePoint now, H2Wire::BodyFollows body, H2Urgency urgency);

// A whole GOAWAY frame that names the last stream that was begun.
std::string goaway_frame(nghttp2_session* session, H2Code code);

}  // namespace berth::http
