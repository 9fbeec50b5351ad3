#include "outbound/curl_library.h"

#include <dlfcn.h>

namespace berth::outbound {

namespace {

// What programs that are linked to it ask for; the interface behind this name has only grown since 2006.
constexpr const char* kName = "libcurl.so.4";

template <typename Function>
bool find(void* library, const char* name, Function& function) {
  function = reinterpret_cast<Function>(dlsym(library, name));
  return function != nullptr;
}

base::Result<CurlLibrary> load() {
  void* library = dlopen(kName, RTLD_NOW | RTLD_LOCAL);
  CurlLibrary curl{};
  const bool whole =
      library != nullptr && find(library, "curl_easy_init", curl.easy_init) &&
      find(library, "curl_easy_cleanup", curl.easy_cleanup) && find(library, "curl_easy_setopt", curl.easy_setopt) &&
      find(library, "curl_easy_perform", curl.easy_perform) && find(library, "curl_easy_getinfo", curl.easy_getinfo) &&
      find(library, "curl_easy_strerror", curl.easy_strerror) && find(library, "curl_slist_append", curl.slist_append) &&
      find(library, "curl_slist_free_all", curl.slist_free_all);
  if (whole) return curl;
  const char* why = dlerror();  // NOLINT(concurrency-mt-unsafe): each thread has its own, since glibc 2.0
  return base::fail(base::Error(base::ErrorCode::configuration_invalid,
                                std::string(kName) + " cannot be loaded, and calling other servers needs it: install libcurl4")
                        .in(why == nullptr ? "" : why));
}

}  // namespace

base::Result<const CurlLibrary*> get_curl() {
  static const auto kLoaded = load();
  if (!kLoaded) return base::fail(kLoaded.error());
  return &*kLoaded;
}

}  // namespace berth::outbound
