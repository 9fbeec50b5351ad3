#include "support/http_client.h"

#include <curl/curl.h>
#include <strings.h>

#include <algorithm>
#include <cstring>

namespace berth::test {

namespace {

constexpr long kTimeoutSeconds = 60;

bool same_name(std::string_view a, std::string_view b) {
  return a.size() == b.size() && ::strncasecmp(a.data(), b.data(), a.size()) == 0;
}

bool has_field(const HttpFields& fields, std::string_view name) {
  return std::any_of(fields.begin(), fields.end(), [name](const auto& field) { return same_name(field.first, name); });
}

bool wants_length(std::string_view method) { return method == "POST" || method == "PUT" || method == "PATCH"; }

long curl_version_of(HttpVersion version, std::string_view server) {
  switch (version) {
    case HttpVersion::http1_1: return CURL_HTTP_VERSION_1_1;
    case HttpVersion::http2: return server.starts_with("https:") ? CURL_HTTP_VERSION_2TLS : CURL_HTTP_VERSION_2_PRIOR_KNOWLEDGE;
  }
  return CURL_HTTP_VERSION_NONE;
}

std::string_view trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(" \t\r\n");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t\r\n") - first + 1);
}

// A list of libcurl's, freed with its scope.
class HeaderList {
 public:
  HeaderList() = default;
  ~HeaderList() { curl_slist_free_all(list_); }
  HeaderList(const HeaderList&) = delete;
  HeaderList& operator=(const HeaderList&) = delete;
  void add(const std::string& line) { list_ = curl_slist_append(list_, line.c_str()); }
  [[nodiscard]] curl_slist* get() const { return list_; }

 private:
  curl_slist* list_ = nullptr;
};

// "Name;" is libcurl's way to send an empty value, "Name:" its way to leave one of its own out.
void fill(HeaderList& list, const HttpFields& fields) {
  for (const auto& [name, value] : fields) list.add(value.empty() ? name + ";" : name + ": " + value);
  for (const char* own : {"Expect", "Content-Type", "Accept", "User-Agent"}) {
    if (!has_field(fields, own)) list.add(std::string(own) + ":");
  }
}

std::size_t take_body(const char* data, std::size_t, std::size_t size, void* reply) {
  static_cast<HttpReply*>(reply)->body.append(data, size);
  return size;
}

// One line at a time; a new status line (after "100 Continue") starts over.
std::size_t take_head(const char* data, std::size_t, std::size_t size, void* target) {
  auto& reply = *static_cast<HttpReply*>(target);
  const std::string_view line(data, size);
  if (line.starts_with("HTTP/")) {
    reply.fields.clear();
  } else if (const auto colon = line.find(':'); colon != std::string_view::npos) {
    reply.fields.emplace_back(line.substr(0, colon), trimmed(line.substr(colon + 1)));
  }
  return size;
}

struct Source {
  std::string_view rest;
};

std::size_t give_body(char* buffer, std::size_t, std::size_t room, void* source) {
  auto& rest = static_cast<Source*>(source)->rest;
  const auto count = std::min(room, rest.size());
  std::memcpy(buffer, rest.data(), count);
  rest.remove_prefix(count);
  return count;
}

}  // namespace

std::optional<std::string> HttpReply::find(std::string_view name) const {
  std::optional<std::string> joined;
  for (const auto& [key, value] : fields) {
    if (!same_name(key, name)) continue;
    joined = joined ? *joined + ", " + value : value;
  }
  return joined;
}

struct HttpClient::State {
  std::string server;
  HttpVersion version;
  CURL* curl = curl_easy_init();
  ~State() { curl_easy_cleanup(curl); }

  // `source` and `reply` outlive the transfer.
  void set_body(const HttpRequest& request, Source& source) const {
    if (request.method == "HEAD") {
      curl_easy_setopt(curl, CURLOPT_NOBODY, 1L);
      return;
    }
    curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, request.method.c_str());
    if (!request.body && !wants_length(request.method)) return;
    curl_easy_setopt(curl, CURLOPT_POST, 1L);
    if (has_field(request.fields, "Transfer-Encoding")) {
      curl_easy_setopt(curl, CURLOPT_READFUNCTION, give_body);
      curl_easy_setopt(curl, CURLOPT_READDATA, &source);
      return;
    }
    curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(source.rest.size()));
    curl_easy_setopt(curl, CURLOPT_POSTFIELDS, source.rest.data());
  }
};

HttpClient::HttpClient(std::string server, HttpVersion version) : state_(new State{std::move(server), version}) {}
HttpClient::~HttpClient() = default;

base::Result<HttpReply> HttpClient::send(const HttpRequest& request) {
  CURL* curl = state_->curl;
  const std::string url = state_->server + request.target;
  HeaderList list;
  fill(list, request.fields);
  HttpReply reply;
  Source source{request.body ? std::string_view(*request.body) : std::string_view("")};
  char why[CURL_ERROR_SIZE] = "";

  curl_easy_reset(curl);  // options only; the connection stays
  curl_easy_setopt(curl, CURLOPT_URL, url.c_str());
  curl_easy_setopt(curl, CURLOPT_PATH_AS_IS, 1L);
  // Servers of tests show certificates of their own making.
  curl_easy_setopt(curl, CURLOPT_SSL_VERIFYPEER, 0L);
  curl_easy_setopt(curl, CURLOPT_SSL_VERIFYHOST, 0L);
  curl_easy_setopt(curl, CURLOPT_PROXY, "");
  curl_easy_setopt(curl, CURLOPT_HTTP_VERSION, curl_version_of(state_->version, state_->server));
  // Debian 12's libcurl (7.88) fails a second HTTP/2 request on a connection in the clear (curl issue 10634).
  const bool once = state_->version == HttpVersion::http2 && !state_->server.starts_with("https:");
  curl_easy_setopt(curl, CURLOPT_FORBID_REUSE, once ? 1L : 0L);
  curl_easy_setopt(curl, CURLOPT_HTTPHEADER, list.get());
  curl_easy_setopt(curl, CURLOPT_TIMEOUT, kTimeoutSeconds);
  curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, why);
  curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take_body);
  curl_easy_setopt(curl, CURLOPT_WRITEDATA, &reply);
  curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, take_head);
  curl_easy_setopt(curl, CURLOPT_HEADERDATA, &reply);
  state_->set_body(request, source);

  if (const CURLcode code = curl_easy_perform(curl); code != CURLE_OK) {
    const std::string reason = *why != '\0' ? why : curl_easy_strerror(code);
    return base::fail(base::ErrorCode::io_error, request.method + ' ' + request.target.substr(0, 200) + ": " + reason);
  }
  long status = 0;
  curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
  reply.status = static_cast<int>(status);
  return reply;
}

}  // namespace berth::test
