// The two things that make a log line safe to write: no secrets in it, no control characters. Pure functions.
#pragma once

#include <string>
#include <string_view>

namespace berth::base::log {

// True for a field whose whole value is a secret by its name: authorization, cookie, set-cookie, password, token, secret, key,
// _state, or anything that ends in one of these, in any case.
bool is_secret_name(std::string_view name);

// Appends `text` so that it can stand inside double quotes in JSON: quotes and backslashes escaped, control characters (C0, DEL,
// C1) and the Unicode line separators as \u00xx, bytes that are not UTF-8 as \ufffd.
void append_escaped(std::string& out, std::string_view text);

}  // namespace berth::base::log
