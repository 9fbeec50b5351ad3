#include "berth/service/verify.h"

#include <algorithm>
#include <set>
#include <utility>

#include "berth/base/hash.h"
#include "berth/oci/manifest.h"

namespace berth::service {

namespace {

using base::ErrorCode;
using base::Result;
using catalog::ReferenceRole;

constexpr std::size_t kBlobPage = 500;
constexpr std::size_t kManifestPage = 50;  // each may have 4 MiB
constexpr std::size_t kBufferBytes = 1UL << 20;

using NamedDigests = std::set<std::pair<std::string, ReferenceRole>>;

NamedDigests digests_of(const oci::Manifest& manifest) {
  NamedDigests named;
  if (manifest.config) named.emplace(manifest.config->digest.text(), ReferenceRole::blob);
  for (const auto& layer : manifest.layers) {
    named.emplace(layer.digest.text(), layer.non_distributable ? ReferenceRole::foreign_blob : ReferenceRole::blob);
  }
  for (const auto& child : manifest.manifests) named.emplace(child.digest.text(), ReferenceRole::child);
  if (manifest.subject) named.emplace(manifest.subject->digest.text(), ReferenceRole::subject);
  return named;
}

class Verification {
 public:
  Verification(catalog::Inspection& catalog, const store::BlobStore& store, MissingBlobs missing,
               const std::function<void(const VerifyReport&)>& progress)
      : catalog_(catalog), store_(store), missing_(missing), progress_(progress) {}

  Result<VerifyReport> run() {
    BERTH_TRY(const auto lines, catalog_.check_structure());
    for (const auto& line : lines) add(Finding::Kind::database, "catalog.sqlite", line);
    // Where the database is damaged the pages behind may not be readable: that ends this part, and the finding is the reason.
    BERTH_CHECK_OK(as_finding(check_manifests()));
    BERTH_CHECK_OK(as_finding(check_blobs()));
    return std::move(report_);
  }

 private:
  void add(Finding::Kind kind, std::string subject, std::string message) {
    report_.findings.push_back({kind, std::move(subject), std::move(message)});
  }
  void tell() {
    if (progress_) progress_(report_);
  }

  Result<void> as_finding(Result<void> result) {
    if (result || result.error().code() != ErrorCode::corrupt) return result;
    add(Finding::Kind::database, "catalog.sqlite", result.error().message() + ": " + result.error().context());
    return {};
  }

  Result<void> check_blobs() {
    std::string after;
    while (true) {
      BERTH_TRY(const auto page, catalog_.list_blobs(after, kBlobPage));
      if (page.empty()) return {};
      for (const auto& record : page) {
        BERTH_CHECK_OK(check_blob(record));
        ++report_.blobs;
        tell();
      }
      after = page.back().digest;
    }
  }

  Result<void> check_blob(const catalog::BlobRecord& record) {
    const auto digest = oci::Digest::parse(record.digest);
    if (!digest) {
      add(Finding::Kind::blob, record.digest, "the row's digest is none: the database is damaged");
      return {};
    }
    if (record.known_damaged) {
      add(Finding::Kind::blob, record.digest, "was found damaged and is answered with an error; push it again");
      return {};
    }
    const auto reader = store_.open(*digest, record.size);
    if (reader) return check_bytes(*digest, *reader);
    if (reader.error().code() == ErrorCode::io_error) {
      add(Finding::Kind::blob, record.digest, "cannot be read: " + reader.error().context());
      return {};
    }
    BERTH_TRY(const bool still_there, catalog_.has_blob(record.digest));
    if (!still_there) return {};
    add(Finding::Kind::blob, record.digest,
        reader.error().code() == ErrorCode::blob_unknown ? "its file is missing; push it again"
                                                         : reader.error().context() + "; push it again");
    return {};
  }

  Result<void> check_bytes(const oci::Digest& digest, const store::BlobReader& reader) {
    base::Hasher hasher(digest.algorithm());
    for (std::uint64_t offset = 0; offset < reader.size;) {
      const auto count = reader.file->read(buffer_, offset);
      if (!count) {
        add(Finding::Kind::blob, digest.text(), "cannot be read: " + count.error().context());
        return {};
      }
      if (*count == 0) break;
      hasher.update(std::span(buffer_).first(*count));
      offset += *count;
      report_.bytes += *count;
      tell();
    }
    if (hasher.hex_digest() != digest.hex())
      add(Finding::Kind::blob, digest.text(), "its bytes do not have its digest; push it again");
    return {};
  }

  Result<void> check_manifests() {
    std::int64_t after = 0;
    while (true) {
      BERTH_TRY(const auto page, catalog_.list_manifests(after, kManifestPage));
      if (page.empty()) return {};
      for (const auto& record : page) {
        BERTH_CHECK_OK(check_manifest(record));
        ++report_.manifests;
        tell();
      }
      after = page.back().id;
    }
  }

  Result<void> check_manifest(const catalog::ManifestRecord& record) {
    const std::string subject = record.repository + "@" + record.digest;
    const auto wrong = [&](std::string message) { add(Finding::Kind::manifest, subject, std::move(message)); };
    if (record.repository.empty()) wrong("its repository is missing");
    if (!record.bytes) {
      BERTH_TRY(const bool still_there, catalog_.has_manifest(record.repository_id, record.digest));
      if (still_there) wrong("its bytes are missing; push it again");
      return {};
    }
    const auto bytes = base::as_bytes(*record.bytes);
    if (static_cast<std::int64_t>(base::crc32(bytes)) != record.crc32)
      wrong("its bytes do not have their checksum; push it again");
    if (record.bytes->size() != record.size)
      wrong("it has " + std::to_string(record.bytes->size()) + " bytes, not " + std::to_string(record.size));
    const auto digest = oci::Digest::parse(record.digest);
    if (!digest || oci::Digest::of_bytes(digest->algorithm(), bytes) != *digest) {
      wrong("its bytes do not have its digest; push it again");
      return {};
    }
    const auto manifest = oci::parse_manifest(bytes, record.media_type);
    if (!manifest) {
      wrong("it cannot be read as " + record.media_type + ": " + manifest.error().message());
      return {};
    }
    return check_references(record, digests_of(*manifest), subject);
  }

  Result<void> check_references(const catalog::ManifestRecord& record, const NamedDigests& named, const std::string& subject) {
    BERTH_TRY(const auto rows, catalog_.list_references(record.id));
    report_.references += rows.size();
    NamedDigests recorded;
    for (const auto& row : rows) recorded.emplace(row.digest, row.role);
    BERTH_TRY(const bool still_there, catalog_.has_manifest(record.repository_id, record.digest));
    if (!still_there) return {};
    if (recorded != named) add(Finding::Kind::reference, subject, "the rows do not say what the manifest names; push it again");
    if (missing_ == MissingBlobs::are_allowed) return {};
    for (const auto& [digest, role] : named) {
      if (role != ReferenceRole::blob) continue;  // children may be deleted, subjects and foreign blobs need not be here
      BERTH_TRY(const bool linked, catalog_.is_linked(record.repository_id, digest));
      if (!linked) add(Finding::Kind::reference, subject, "names blob " + digest + ", which its repository lacks; push it again");
    }
    return {};
  }

  catalog::Inspection& catalog_;
  const store::BlobStore& store_;
  MissingBlobs missing_;
  const std::function<void(const VerifyReport&)>& progress_;
  VerifyReport report_;
  std::vector<std::byte> buffer_ = std::vector<std::byte>(kBufferBytes);
};

}  // namespace

std::string_view finding_kind_name(Finding::Kind kind) {
  switch (kind) {
    case Finding::Kind::database: return "database";
    case Finding::Kind::blob: return "blob";
    case Finding::Kind::manifest: return "manifest";
    case Finding::Kind::reference: return "reference";
    case Finding::Kind::audit: return "audit";
  }
  return "unknown";
}

Result<VerifyReport> verify(catalog::Inspection& catalog, const store::BlobStore& store, MissingBlobs missing,
                            const std::function<void(const VerifyReport&)>& progress) {
  return Verification(catalog, store, missing, progress).run();
}

Result<void> verify_audit_log(catalog::Inspection& catalog, const std::optional<AuditProof>& proof, VerifyReport& report) {
  const auto add = [&](std::string message) { report.findings.push_back({Finding::Kind::audit, "audit", std::move(message)}); };
  if (!proof) {
    BERTH_TRY(const auto rows, catalog.list_audit(0, 1));
    if (!rows.empty()) add("the key of its chain, keys/audit.key, is gone; bring it back from a backup");
    return {};
  }
  auto log = verify_audit(catalog, *proof);
  if (!log && log.error().code() == ErrorCode::corrupt) {
    add("cannot be read: " + log.error().context());
    return {};
  }
  if (!log) return base::fail(std::move(log).error());
  for (auto& finding : log->findings) add(std::move(finding));
  report.audit_rows = log->rows;
  report.audit_ahead = log->ahead;
  return {};
}

}  // namespace berth::service
