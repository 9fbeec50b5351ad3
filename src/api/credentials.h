// From header fields to a credential that nobody has believed yet, and the challenge that asks for one.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "api/call.h"
#include "berth/auth/access.h"
#include "berth/http/message.h"

namespace berth::api {

// Authorization: Basic (RFC 7617), Bearer (RFC 6750) with a token or a key, ApiKey with a key (NGC's clients). Two such fields, or one
// that is none of these, is unreadable.
auth::Credential credential_of(const http::Request& request);

// What a refused request tells its client of the credential it came with (RFC 6750 §3.1).
enum class ChallengeReason { none, invalid_token, insufficient_scope };

// WWW-Authenticate for a request on `route`: Bearer realm="<public>/token",service="<host>",scope="repository:<name>:<actions>".
// `base` as of Links::base(): tokens are always had at the root.
std::string challenge_of(const Route& route, const std::optional<oci::RepositoryName>& name, const Query& query,
                         const std::string& base, ChallengeReason reason);

}  // namespace berth::api
