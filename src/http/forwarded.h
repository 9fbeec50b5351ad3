// What trusted proxies say of a request that they pass on: X-Forwarded-For, -Proto and -Host.
#pragma once

#include "berth/http/message.h"
#include "berth/net/address_set.h"

namespace berth::http {

// Corrects peer, secure and authority of `request`, whose peer is who the connection came from. Nothing is believed unless that one is
// trusted; of a chain of proxies, what the first one that is not trusted said is not believed either.
void apply_forwarded(Request& request, const net::AddressSet& trusted);

}  // namespace berth::http
