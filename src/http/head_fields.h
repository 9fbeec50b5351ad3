// The fields of an HTTP/1 head, line by line.
//
// What this is: where a name ends and a value begins. What it is not: the split into lines, which HeadScanner has checked (every line ends in
// CRLF, none is folded, no control character but tabs), and what fields mean together (head.cpp). By hand, because a token is most of a
// request's head, and a parser that looks at one character after the other costs a read a quarter more (docs/adr/0020). Pure.
#pragma once

#include <string_view>

#include "berth/base/error.h"
#include "berth/http/message.h"

namespace berth::http {

// `lines`: from the first field to the empty line, that included. After an error `fields` holds those before it.
// Errors: request_malformed.
// Spec:   RFC 9112 §5, §5.1; RFC 9110 §5.5 (obs-text is let pass).
base::Result<void> parse_fields(std::string_view lines, Fields& fields);

}  // namespace berth::http
