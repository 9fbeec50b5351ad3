// Points in time as people and programs write them.
#pragma once

#include <optional>
#include <string_view>

#include "berth/base/clock.h"

namespace berth::base {

// "2026-11-24T17:17:08.123456Z", with or without a fraction of up to nine digits, with Z or an offset such as +01:00 (RFC 3339); or
// "2026-11-24", the beginning of that day in UTC. nullopt for anything else, and for days that no calendar has.
std::optional<TimePoint> parse_time(std::string_view text);

}  // namespace berth::base
