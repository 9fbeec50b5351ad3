// The one table of errors: which HTTP status a code has, and what each face calls it. docs/errors.md is generated from it.
//
// A new error = one enum value (base/error.h) and one row here; a test proves that every value has exactly one row.
#pragma once

#include <span>
#include <string_view>

#include "berth/base/error.h"

namespace berth::api {

struct ErrorRow {
  base::ErrorCode code;
  int status;               // HTTP
  std::string_view oci;     // code in the OCI dialect (distribution-spec "Error Codes"; others where the spec has none)
  std::string_view title;   // RFC 9457 title: the same for every occurrence
  std::string_view spec;    // the clause that obliges us
  std::string_view remedy;  // what the reader of docs/errors.md should do
};

std::span<const ErrorRow> error_rows();
const ErrorRow& error_row(base::ErrorCode code);

}  // namespace berth::api
