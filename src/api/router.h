// From a path and a method to a row. Built once from every face's table; immutable afterwards, any thread.
#pragma once

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "api/call.h"
#include "berth/api/routes.h"

namespace berth::api {

struct Match {
  const Route* route = nullptr;  // nullptr: no path, or the path without this method
  PathValues values;
  std::string allow;  // methods of the path, for Allow, when only the method is wrong
};

class Router {
 public:
  // Of the routes that `wanted` wants, those of faces with Prefix::applies behind `prefix` ("/reg", or empty). Faces and prefix outlive the
  // router.
  explicit Router(
      std::span<const Face> faces, std::string_view prefix = {},
      const std::function<bool(const Route&)>& wanted = [](const Route&) { return true; });
  // `path` raw, as sent.
  [[nodiscard]] Match find(http::Method method, std::string_view path) const;
  // The face of the row that the path leads to, whatever the method; nullptr: to none.
  [[nodiscard]] const Face* find_face(std::string_view path) const;

 private:
  struct Part {
    enum class Kind : std::uint8_t { literal, one, several } kind;
    std::string_view text;  // literal, or the parameter's name
  };
  struct Path {
    std::vector<Part> parts;
    const Face* face = nullptr;
    bool open_ended = false;   // has {name}: tried after those that have not
    std::size_t literals = 0;  // more literals win
    std::vector<const Route*> routes;
  };
  static std::vector<Part> compile(std::string_view prefix, std::string_view path);
  using Pieces = std::span<const std::string_view>;
  static std::optional<PathValues> match(const std::vector<Part>& parts, Pieces pieces, std::string_view path);
  // As match(), and as the face takes a slash at the end.
  static std::optional<PathValues> match(const Path& candidate, Pieces pieces, std::string_view path);

  std::vector<Path> paths_;  // in the order in which they are tried
};

}  // namespace berth::api
