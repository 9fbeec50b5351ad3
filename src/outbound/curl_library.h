// libcurl, loaded when this daemon is to call somebody and not before: with the libraries that it brings along it costs more than 4 MB of memory, which
// a registry that calls nobody should not pay (docs/adr/0019). Once loaded it stays: some of those libraries cannot be taken away again.
//
// Types and constants are the header's; functions are called through this table alone. Any thread.
#pragma once

#include <curl/curl.h>

#include "berth/base/error.h"

namespace berth::outbound {

struct CurlLibrary {
  decltype(&::curl_easy_init) easy_init;
  decltype(&::curl_easy_cleanup) easy_cleanup;
  decltype(&::curl_easy_setopt) easy_setopt;
  decltype(&::curl_easy_perform) easy_perform;
  decltype(&::curl_easy_getinfo) easy_getinfo;
  decltype(&::curl_easy_strerror) easy_strerror;
  decltype(&::curl_slist_append) slist_append;
  decltype(&::curl_slist_free_all) slist_free_all;
};

// Errors: configuration_invalid (it is not there, or not what it should be).
base::Result<const CurlLibrary*> get_curl();

}  // namespace berth::outbound
