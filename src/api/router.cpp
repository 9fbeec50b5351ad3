#include "api/router.h"

#include <algorithm>

namespace berth::api {

namespace {

// "/v2/a/b/" → {"v2", "a", "b", ""}: a trailing slash is a last, empty piece.
std::vector<std::string_view> split(std::string_view path) {
  std::vector<std::string_view> pieces;
  if (!path.empty() && path.front() == '/') path.remove_prefix(1);
  while (true) {
    const auto slash = path.find('/');
    pieces.push_back(path.substr(0, slash));
    if (slash == std::string_view::npos) return pieces;
    path.remove_prefix(slash + 1);
  }
}

}  // namespace

std::vector<Router::Part> Router::compile(std::string_view prefix, std::string_view path) {
  std::vector<Part> parts;
  if (!prefix.empty()) {
    for (const auto piece : split(prefix)) parts.push_back({Part::Kind::literal, piece});
  }
  for (const auto piece : split(path)) {
    if (piece == "{name}") {
      parts.push_back({Part::Kind::several, "name"});
    } else if (piece.size() > 2 && piece.front() == '{') {
      parts.push_back({Part::Kind::one, piece.substr(1, piece.size() - 2)});
    } else {
      parts.push_back({Part::Kind::literal, piece});
    }
  }
  return parts;
}

Router::Router(std::span<const Face> faces, std::string_view prefix, const std::function<bool(const Route&)>& wanted) {
  for (const auto& face : faces) {
    const auto before = face.prefix == Prefix::applies ? prefix : std::string_view();
    for (const auto& route : face.routes) {
      if (!wanted(route)) continue;
      const auto parts = compile(before, route.path);
      const auto same =
          std::find_if(paths_.begin(), paths_.end(), [&](const Path& p) { return p.routes.front()->path == route.path; });
      if (same != paths_.end()) {
        same->routes.push_back(&route);
        continue;
      }
      const auto count = [&](Part::Kind kind) {
        return static_cast<std::size_t>(
            std::count_if(parts.begin(), parts.end(), [kind](const Part& p) { return p.kind == kind; }));
      };
      paths_.push_back({parts, &face, count(Part::Kind::several) > 0, count(Part::Kind::literal), {&route}});
    }
  }
  // {name} last: where a first part is reserved, NGC's rows are tried before the distribution API's (CONTRACTS.md, Addresses).
  std::stable_sort(paths_.begin(), paths_.end(), [](const Path& a, const Path& b) {
    return a.open_ended != b.open_ended ? b.open_ended : a.literals > b.literals;
  });
}

std::optional<PathValues> Router::match(const std::vector<Part>& parts, Pieces pieces, std::string_view path) {
  PathValues values;
  const auto take = [&](const Part& part, std::string_view piece) {
    if (part.kind == Part::Kind::literal) return part.text == piece;
    if (piece.empty()) return false;
    values.emplace_back(part.text, piece);
    return true;
  };
  const auto several = std::find_if(parts.begin(), parts.end(), [](const Part& p) { return p.kind == Part::Kind::several; });
  const auto before = static_cast<std::size_t>(several - parts.begin());
  if (several == parts.end()) {
    if (pieces.size() != parts.size()) return std::nullopt;
    for (std::size_t i = 0; i < parts.size(); ++i) {
      if (!take(parts[i], pieces[i])) return std::nullopt;
    }
    return values;
  }
  const std::size_t after = parts.size() - before - 1;
  if (pieces.size() < before + 1 + after) return std::nullopt;
  for (std::size_t i = 0; i < before; ++i) {
    if (!take(parts[i], pieces[i])) return std::nullopt;
  }
  const auto first = pieces[before];
  const auto last = pieces[pieces.size() - after - 1];
  const char* begin = first.data();
  const char* end = last.data() + last.size();
  values.emplace_back(several->text,
                      path.substr(static_cast<std::size_t>(begin - path.data()), static_cast<std::size_t>(end - begin)));
  for (std::size_t i = 0; i < after; ++i) {
    if (!take(parts[before + 1 + i], pieces[pieces.size() - after + i])) return std::nullopt;
  }
  return values;
}

std::optional<PathValues> Router::match(const Path& candidate, Pieces pieces, std::string_view path) {
  auto values = match(candidate.parts, pieces, path);
  const bool slash = candidate.face->slash == Slash::tolerated && pieces.size() > 1 && pieces.back().empty();
  if (values || !slash) return values;
  return match(candidate.parts, pieces.first(pieces.size() - 1), path);
}

const Face* Router::find_face(std::string_view path) const {
  const auto pieces = split(path);
  const auto found =
      std::find_if(paths_.begin(), paths_.end(), [&](const Path& p) { return match(p, pieces, path).has_value(); });
  return found == paths_.end() ? nullptr : found->face;
}

Match Router::find(http::Method method, std::string_view path) const {
  const auto pieces = split(path);
  Match found;
  for (const auto& candidate : paths_) {
    auto values = match(candidate, pieces, path);
    if (!values) continue;
    for (const auto* route : candidate.routes) {
      if (std::find(route->methods.begin(), route->methods.end(), method) != route->methods.end()) {
        return {route, std::move(*values), {}};
      }
      for (const auto allowed : route->methods) {
        if (!found.allow.empty()) found.allow += ", ";
        found.allow += http::method_name(allowed);
      }
    }
    return found;
  }
  return found;
}

}  // namespace berth::api
