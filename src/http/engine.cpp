#include "http/engine.h"

#include <utility>

#include "berth/base/hash.h"
#include "berth/base/metrics.h"

namespace berth::http {

Request Engine::new_request(const net::Connection& connection) const {
  Request request;
  request.peer = connection.peer();
  request.secure = connection.secure();
  request.id = base::random_id();
  request.received = clock.now();
  return request;
}

Response Engine::reject(const Request& request, const base::Error& error) {
  base::metrics::add(base::metrics::Metric::http_rejected, 1, {base::error_code_name(error.code())});
  return handler.render_error(request, error);
}

base::Error Engine::no_worker() const {
  if (stopping) return base::Error(base::ErrorCode::shutting_down, "the server is shutting down").with_retry_after(1);
  return base::Error(base::ErrorCode::busy, "the server is busy; try again").with_retry_after(1);
}

void Engine::release_body(Body body) {
  const auto* file = std::get_if<FileBody>(&body);
  const bool may_block = file != nullptr ? file->file.use_count() == 1 : std::holds_alternative<std::shared_ptr<Generator>>(body);
  if (!may_block) return;
  auto held = std::make_shared<Body>(std::move(body));
  static_cast<void>(workers.submit_continuation([held = std::move(held)] {}));
}

}  // namespace berth::http
