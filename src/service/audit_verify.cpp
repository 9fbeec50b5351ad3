#include "berth/service/audit_verify.h"

#include <algorithm>
#include <map>

#include "berth/base/sign.h"
#include "berth/service/audit_files.h"

namespace berth::service {

using base::Result;
using catalog::AuditHead;
using catalog::AuditRow;
using catalog::AuditSegment;

namespace {

constexpr std::size_t kPage = 1000;
// Damage of one kind can go through the whole log; a hundred lines say as much as a million.
constexpr std::size_t kMostFindings = 100;

std::string row_name(std::int64_t seq) { return "row " + std::to_string(seq); }
std::string rows_name(std::int64_t first, std::int64_t last) {
  return first == last ? row_name(first) : "rows " + std::to_string(first) + " to " + std::to_string(last);
}

class AuditVerification {
 public:
  AuditVerification(catalog::Inspection& catalog, const AuditProof& proof) : catalog_(catalog), proof_(proof) {}

  Result<AuditReport> run() {
    for (const auto& name : proof_.lost_heads) {
      add("keys/" + name +
          ": the daemon found another log than its head belonged to when it started; take the file away when you know why");
    }
    BERTH_TRY(const auto segments, catalog_.list_audit_segments());
    check_segments(segments);
    BERTH_CHECK_OK(check_rows());
    check_head(proof_.head, "its head");
    if (proof_.expected) check_head(proof_.expected, "the head that was noted");
    if (proof_.head && last_seq_ > proof_.head->count) report_.ahead = static_cast<std::uint64_t>(last_seq_ - proof_.head->count);
    return std::move(report_);
  }

 private:
  void add(std::string finding) {
    if (report_.findings.size() < kMostFindings) report_.findings.push_back(std::move(finding));
  }

  // Segments follow each other from row 1 on; those that were pruned come first. Where they end is where the rows begin.
  void check_segments(const std::vector<AuditSegment>& segments) {
    std::int64_t next = 1;
    std::string hash(catalog::kAuditStart);
    for (const auto& segment : segments) {
      const std::string name = "segment " + std::to_string(segment.id);
      if (!base::equal_secrets(segment.seal, catalog::audit_segment_seal(proof_.key, segment))) add(name + " was changed");
      if (segment.first_seq != next || segment.before_hash != hash) add(name + " does not follow the one before it");
      next = segment.last_seq + 1;
      hash = segment.after_hash;
      ends_.emplace(segment.last_seq, segment.after_hash);
      if (segment.state == 1) {
        last_seq_ = segment.last_seq;
        last_hash_ = segment.after_hash;
      }
    }
  }

  Result<void> check_rows() {
    while (true) {
      BERTH_TRY(const auto page, catalog_.list_audit(last_seq_, kPage));
      if (page.empty()) return {};
      for (const auto& row : page) BERTH_CHECK_OK(check_row(row));
      report_.rows += page.size();
    }
  }

  // Behind rows that are missing nobody knows what the next one was chained to, unless a segment says it.
  Result<void> check_row(const AuditRow& row) {
    if (row.seq != last_seq_ + 1) {
      BERTH_TRY(const bool pruned, were_pruned(row.seq - 1));
      if (!pruned) add(rows_name(last_seq_ + 1, row.seq - 1) + (row.seq - last_seq_ == 2 ? " is missing" : " are missing"));
      last_hash_ = end_of(row.seq - 1);
    }
    if (last_hash_ && !base::equal_secrets(row.hash, catalog::audit_row_hash(proof_.key, *last_hash_, row))) {
      add(row_name(row.seq) + " does not fit the chain: it was changed, or put in (" + row.kind + " by " + row.by.principal +
          ")");
    }
    if (const auto end = end_of(row.seq); end && *end != row.hash) {
      add(row_name(row.seq) + " is not the one that its segment ended with");
    }
    last_seq_ = row.seq;
    last_hash_ = row.hash;
    if (proof_.head && row.seq == proof_.head->count) head_hash_ = row.hash;
    if (proof_.expected && row.seq == proof_.expected->count) expected_hash_ = row.hash;
    return {};
  }

  // By a daemon, since the segments were read.
  Result<bool> were_pruned(std::int64_t through) {
    BERTH_TRY(const auto segments, catalog_.list_audit_segments());
    return std::any_of(segments.begin(), segments.end(), [&](const AuditSegment& segment) {
      return segment.state == 1 && segment.last_seq == through &&
             base::equal_secrets(segment.seal, catalog::audit_segment_seal(proof_.key, segment));
    });
  }

  [[nodiscard]] std::optional<std::string> end_of(std::int64_t seq) const {
    const auto found = ends_.find(seq);
    if (found == ends_.end()) return std::nullopt;
    return found->second;
  }

  void check_head(const std::optional<AuditHead>& head, const std::string& name) {
    if (!head) {
      if (last_seq_ > 0) add("the file of the head, keys/audit.head, is gone");
      return;
    }
    if (head->count > last_seq_) {
      add(rows_name(last_seq_ + 1, head->count) + " cut off: " + name + " knows " + std::to_string(head->count) + " rows");
      return;
    }
    auto there = head == proof_.expected ? expected_hash_ : head_hash_;
    if (!there) there = end_of(head->count);  // it was pruned; only a segment's last row can still be compared
    if (there && *there != head->hash) {
      add(name + " belongs to another log: " + row_name(head->count) + " has another hash");
    }
  }

  catalog::Inspection& catalog_;
  const AuditProof& proof_;
  AuditReport report_;
  std::map<std::int64_t, std::string> ends_;  // the last row of each segment, and its hash
  std::int64_t last_seq_ = 0;
  std::optional<std::string> last_hash_{std::string(catalog::kAuditStart)};
  std::optional<std::string> head_hash_;
  std::optional<std::string> expected_hash_;
};

}  // namespace

Result<std::optional<AuditProof>> read_audit_proof(base::FileSystem& fs, const std::string& data) {
  BERTH_TRY(auto key, find_audit_key(fs, data));
  if (!key) return std::nullopt;
  AuditProof proof{.key = *std::move(key)};
  BERTH_TRY(proof.head, read_audit_head(fs, data));
  BERTH_TRY(proof.lost_heads, list_lost_heads(fs, data));
  return proof;
}

Result<AuditReport> verify_audit(catalog::Inspection& catalog, const AuditProof& proof) {
  return AuditVerification(catalog, proof).run();
}

}  // namespace berth::service
