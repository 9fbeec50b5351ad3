// Text as it comes from a peer: trimmed for parsing, and made fit for an error message.
#pragma once

#include <string>
#include <string_view>

namespace berth::oci {

// "text" in double quotes; bytes outside printable ASCII as \xNN, quotes and backslashes escaped, cut after 80 bytes with "...".
std::string show(std::string_view text);

// Without the spaces and tabs at both ends (OWS of RFC 9110 §5.6.3).
std::string_view trim_blanks(std::string_view text);

}  // namespace berth::oci
