#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>

#include "berth/app/maintenance.h"
#include "berth/base/bytes.h"
#include "berth/base/json.h"
#include "berth/base/log.h"
#include "cli/commands.h"
#include "cli/exit_codes.h"

namespace berth::cli {

namespace {

// A line on a terminal's standard error that is written over again, a few times a second.
class Progress {
 public:
  ~Progress() {
    if (shown_) std::fputs("\r\033[K", stderr);
  }
  void tell(const std::string& text) {
    const auto now = std::chrono::steady_clock::now();
    if (!terminal_ || now - last_ < std::chrono::milliseconds(200)) return;
    last_ = now;
    shown_ = true;
    std::fprintf(stderr, "\r\033[K%s", text.c_str());
    std::fflush(stderr);
  }

 private:
  bool terminal_ = isatty(STDERR_FILENO) == 1;
  bool shown_ = false;
  std::chrono::steady_clock::time_point last_;
};

// What is made belongs to its owner alone, and standard error to progress and errors.
base::Result<app::Settings> begin(const MaintenanceArguments& arguments) {
  umask(077);
  base::log::configure(base::log::Format::text, base::log::Level::error);
  ServeArguments serve = arguments.serve;
  if (!arguments.data.empty()) serve.settings.emplace_back(app::Setting::data, arguments.data);
  return load(serve);
}

// Verify's 5 is for whatever keeps it from an answer, a wrong directory included.
int cannot(const base::Error& error) {
  report(error);
  return kInternal;
}

// "COUNT:HASH", as the audit log's export and API say them; empty: none.
base::Result<std::optional<catalog::AuditHead>> parse_head(const std::string& text) {
  if (text.empty()) return std::nullopt;
  const auto colon = text.find(':');
  const auto count = base::parse_decimal(text.substr(0, colon));
  if (colon == std::string::npos || !count || text.size() - colon - 1 != catalog::kAuditStart.size()) {
    return base::fail(base::ErrorCode::usage, "--audit-head is COUNT:HASH, as the audit log's export ends with");
  }
  return catalog::AuditHead{static_cast<std::int64_t>(*count), text.substr(colon + 1)};
}

std::string mebibytes(std::uint64_t bytes) { return std::to_string(bytes >> 20) + " MiB"; }

base::OrderedJson document_of(const service::VerifyReport& found) {
  auto findings = base::OrderedJson::array();
  for (const auto& finding : found.findings) {
    findings.push_back(
        {{"kind", service::finding_kind_name(finding.kind)}, {"subject", finding.subject}, {"message", finding.message}});
  }
  return {{"clean", found.findings.empty()},  {"blobs", found.blobs}, {"manifests", found.manifests},
          {"references", found.references},   {"bytes", found.bytes}, {"audit_rows", found.audit_rows},
          {"audit_ahead", found.audit_ahead}, {"findings", findings}};
}

base::OrderedJson document_of(const service::BackupReport& done) {
  return {{"blobs", done.blobs},   {"bytes", done.bytes},     {"unchanged", done.unchanged}, {"linked", done.linked},
          {"copied", done.copied}, {"removed", done.removed}, {"damaged", done.damaged}};
}

void print(const base::OrderedJson& document) {
  std::printf("%s\n", document.dump(2, ' ', false, base::OrderedJson::error_handler_t::replace).c_str());
}

// What a backup or a restore ended with. Blobs that could not be had are named, and make the answer a no.
int finish(const base::Result<service::BackupReport>& done, Output output) {
  if (!done) return report(done.error());
  if (output == Output::json) {
    print(document_of(*done));
  } else {
    std::printf("%llu blobs, %s: %llu unchanged, %llu linked, %llu copied, %llu removed\n",
                static_cast<unsigned long long>(done->blobs), mebibytes(done->bytes).c_str(),
                static_cast<unsigned long long>(done->unchanged), static_cast<unsigned long long>(done->linked),
                static_cast<unsigned long long>(done->copied), static_cast<unsigned long long>(done->removed));
  }
  for (const auto& digest : done->damaged) std::fprintf(stderr, "berth: blob %s is damaged and was left out\n", digest.c_str());
  return done->damaged.empty() ? kDone : kNo;
}

// Runs `work(progress)` with a line of progress, which is gone when this returns.
template <typename Work>
auto watched(Work&& work) {
  Progress line;
  return work([&](const service::BackupReport& so_far) {
    line.tell(std::to_string(so_far.blobs) + " blobs, " + mebibytes(so_far.bytes));
  });
}

}  // namespace

int verify(const MaintenanceArguments& arguments, Output output) {
  const auto settings = begin(arguments);
  if (!settings) return report(settings.error());
  const auto audit_head = parse_head(arguments.audit_head);
  if (!audit_head) return report(audit_head.error());
  const auto found = [&] {
    Progress progress;
    const auto missing = settings->boolean(app::Setting::sparse_indexes) ? service::MissingBlobs::are_allowed
                                                                         : service::MissingBlobs::are_findings;
    return app::verify_data(settings->text(app::Setting::data), missing, *audit_head, [&](const service::VerifyReport& so_far) {
      progress.tell(std::to_string(so_far.manifests) + " manifests, " + std::to_string(so_far.blobs) + " blobs, " +
                    mebibytes(so_far.bytes) + " read, " + std::to_string(so_far.findings.size()) + " findings");
    });
  }();
  if (!found) return cannot(found.error());
  if (output == Output::json) {
    print(document_of(*found));
  } else {
    for (const auto& finding : found->findings) {
      std::printf("%s %s: %s\n", std::string(service::finding_kind_name(finding.kind)).c_str(), finding.subject.c_str(),
                  finding.message.c_str());
    }
    std::printf("%llu manifests and %llu blobs (%s) verified, and %llu rows of the audit log: %zu finding%s\n",
                static_cast<unsigned long long>(found->manifests), static_cast<unsigned long long>(found->blobs),
                mebibytes(found->bytes).c_str(), static_cast<unsigned long long>(found->audit_rows), found->findings.size(),
                found->findings.size() == 1 ? "" : "s");
  }
  return found->findings.empty() ? kDone : kNo;
}

int backup(const MaintenanceArguments& arguments, Output output) {
  const auto settings = begin(arguments);
  if (!settings) return report(settings.error());
  return finish(watched([&](const service::BackupProgress& progress) {
                  return app::back_up_data({settings->text(app::Setting::data), arguments.folder, arguments.since}, progress);
                }),
                output);
}

int restore(const MaintenanceArguments& arguments, Output output) {
  const auto settings = begin(arguments);
  if (!settings) return report(settings.error());
  return finish(watched([&](const service::BackupProgress& progress) {
                  return app::restore_data({settings->text(app::Setting::data), arguments.folder, ""}, progress);
                }),
                output);
}

}  // namespace berth::cli
