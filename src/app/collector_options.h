// The settings that say how long bytes live, as store, catalog and services want them.
#pragma once

#include "berth/app/settings.h"
#include "berth/service/collector.h"

namespace berth::app {

inline std::chrono::seconds seconds_of(const Settings& settings, Setting setting) {
  return std::chrono::duration_cast<std::chrono::seconds>(settings.duration(setting));
}

inline std::chrono::seconds lease_of(const Settings& settings) { return seconds_of(settings, Setting::lease); }

inline service::CollectorOptions collector_options(const Settings& settings) {
  return {.interval = seconds_of(settings, Setting::gc_interval),
          .grace = seconds_of(settings, Setting::gc_grace),
          .untagged_keep = seconds_of(settings, Setting::untagged_keep),
          .undo_window = seconds_of(settings, Setting::undo_window),
          .pull_days = seconds_of(settings, Setting::pull_days),
          .rate = settings.number(Setting::gc_rate)};
}

}  // namespace berth::app
