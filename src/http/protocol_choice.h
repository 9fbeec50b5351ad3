// Which protocol a new connection speaks, and its session.
//
// Over TLS the two sides have agreed on it by ALPN. Where they have not, and in the clear, the first bytes tell: HTTP/2 begins with a preface that no HTTP/1 request can have (RFC 9113 §3.3–3.4). There is no
// upgrade from HTTP/1.
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>

#include "berth/net/connection.h"
#include "http/engine.h"

namespace berth::http {

enum class Spoken : std::uint8_t { http1, http2, unclear };

// What a connection speaks that begins with these bytes; unclear: too few are here to tell.
Spoken spoken_by(std::string_view first_bytes);

// Loop thread.
void start_session(std::shared_ptr<Engine> engine, std::shared_ptr<LoopSlot> slot, std::shared_ptr<net::Connection> connection);

}  // namespace berth::http
