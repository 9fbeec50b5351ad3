// Tells a connection for which there is no place that it has none, in the words of the protocol that it speaks, and ends it.
//
// HTTP/1: a 503 with Retry-After, without a look at the request. HTTP/2: SETTINGS, and a GOAWAY before the first stream: nothing that the peer
// asks on this connection is looked at, so all of it may be asked again on another (RFC 9113 §6.8, §8.7). Nothing is read beyond the
// first bytes that tell the two apart; a peer that sends none is answered in HTTP/1.
#pragma once

#include <memory>
#include <string_view>

#include "berth/net/connection.h"
#include "http/engine.h"

namespace berth::http {

// The label of the metric.
std::string_view refusal_name(Refusal refusal);

// Loop thread.
void refuse(std::shared_ptr<Engine> engine, std::shared_ptr<LoopSlot> slot, std::shared_ptr<net::Connection> connection,
            Refusal refusal);

}  // namespace berth::http
