// Entity tags: a digest in quotes. If-Match, If-None-Match and If-Range against them (RFC 9110 §8.8.3, §13.1).
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "berth/http/message.h"
#include "berth/service/words.h"

namespace berth::api {

struct EntityTag {
  std::string value;  // without quotes
  bool weak = false;
};

struct EntityTags {
  bool any = false;  // "*"
  std::vector<EntityTag> tags;
};

// Errors: parameter_invalid when it is neither * nor a list of quoted tags.
base::Result<EntityTags> parse_entity_tags(std::string_view field, std::string_view header_name);

// What If-Match and If-None-Match of a write mean for the tag that it sets. Errors: parameter_invalid (form, or both at once).
base::Result<service::TagCondition> parse_tag_condition(const http::Request& request);

}  // namespace berth::api
