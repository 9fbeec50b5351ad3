// The AccountCatalog over the catalog's own connections.
#pragma once

#include <atomic>
#include <functional>

#include "berth/base/clock.h"
#include "berth/catalog/accounts.h"
#include "catalog/audit_chain.h"
#include "catalog/readers.h"
#include "catalog/writer.h"

namespace berth::catalog {

class SqliteAccounts final : public AccountCatalog {
 public:
  SqliteAccounts(Readers& readers, Writer& writer, const AuditChain& audit, const base::Clock& clock)
      : readers_(readers), writer_(writer), audit_(audit), clock_(clock) {}

  std::uint64_t generation() const override { return generation_.load(); }
  // For sessions, whose ends are changes of accounts too.
  std::atomic<std::uint64_t>& generation_counter() { return generation_; }

  base::Result<std::int64_t> create_user(const NewUser& user, const Origin& by) override;
  base::Result<std::optional<User>> find_user(std::int64_t id) override;
  base::Result<std::optional<User>> find_user_by_email(std::string_view email) override;
  base::Result<std::vector<User>> list_users(std::int64_t after, std::size_t limit) override;
  base::Result<std::optional<std::int64_t>> find_administrator() override;
  base::Result<void> set_standing(std::int64_t user, Standing standing, const Origin& by) override;
  base::Result<void> set_rank(std::int64_t user, Rank rank, const Origin& by) override;
  base::Result<void> set_user_name(std::int64_t user, std::string_view name, const Origin& by) override;
  base::Result<void> set_password(std::int64_t user, const StoredPassword& password, const Origin& by) override;
  base::Result<std::optional<StoredPassword>> find_password(std::int64_t user) override;

  base::Result<std::int64_t> create_org(std::string_view name, std::string_view display_name, std::string_view description,
                                        const Origin& by) override;
  base::Result<std::optional<Org>> find_org(std::string_view name) override;
  base::Result<std::optional<Org>> find_org(std::int64_t id) override;
  base::Result<void> change_org(std::int64_t org, const OrgChange& change, const Origin& by) override;
  base::Result<std::vector<Org>> list_orgs(std::string_view after, std::size_t limit) override;
  base::Result<std::int64_t> create_team(std::int64_t org, std::string_view name, std::string_view description,
                                         const Origin& by) override;
  base::Result<std::optional<Team>> find_team(std::int64_t org, std::string_view name) override;
  base::Result<std::vector<Team>> list_teams(std::int64_t org, std::string_view after, std::size_t limit) override;
  base::Result<void> set_team_description(std::int64_t org, std::int64_t team, std::string_view description,
                                          const Origin& by) override;
  base::Result<void> delete_team(std::int64_t org, std::int64_t team, const Origin& by) override;

  base::Result<void> add_grant(std::int64_t user, const Grant& grant, const Origin& by) override;
  base::Result<bool> remove_grant(std::int64_t user, const Grant& grant, const Origin& by) override;
  base::Result<std::vector<Grant>> list_grants(std::int64_t user) override;
  base::Result<std::vector<Membership>> list_memberships(std::int64_t user) override;
  base::Result<std::vector<Member>> list_members(std::int64_t org, std::int64_t after, std::size_t limit) override;

  base::Result<std::vector<std::int64_t>> list_member_ids(std::int64_t org, std::int64_t team) override;
  base::Result<std::vector<std::int64_t>> list_owner_ids(std::int64_t org) override;
  base::Result<std::vector<PlacedRole>> list_places(std::int64_t user) override;
  base::Result<void> change_grants(const GrantChange& change, const Origin& by) override;

  base::Result<void> create_invitations(const std::vector<NewInvitation>& invitations, const Origin& by) override;
  base::Result<std::vector<Invitation>> list_invitations(std::int64_t org, std::int64_t team) override;
  base::Result<std::vector<Invitation>> list_invitations_by_token(std::string_view token_hash) override;
  base::Result<void> change_invitation(const InvitationChange& change, const Origin& by) override;
  base::Result<bool> delete_invitation(std::int64_t id, const Origin& by) override;
  base::Result<std::int64_t> accept_invitations(const Acceptance& acceptance, const Origin& by) override;

  base::Result<std::int64_t> create_key(const NewKey& key, const Origin& by) override;
  base::Result<std::optional<Key>> find_key(std::int64_t id) override;
  base::Result<std::optional<Key>> find_key_by_hash(std::string_view hash) override;
  base::Result<std::vector<Key>> list_keys(const KeyHolder& holder, std::int64_t after, std::size_t limit) override;
  base::Result<void> revoke_key(std::int64_t id, const Origin& by) override;
  base::Result<void> set_key_expiry(std::int64_t id, base::TimePoint expires, const Origin& by) override;
  base::Result<void> touch_keys(const std::vector<std::pair<std::int64_t, base::TimePoint>>& uses) override;

  base::Result<Place> find_place(const PlaceName& name) override;
  base::Result<void> set_visibility(const oci::RepositoryName& repository, Visibility visibility,
                                    const std::vector<std::int64_t>& teams, const Origin& by) override;
  base::Result<Openness> get_openness(const oci::RepositoryName& repository) override;
  base::Result<void> set_immutable_tags(const oci::RepositoryName& repository, const std::vector<std::string>& patterns,
                                        const Origin& by) override;
  base::Result<std::vector<std::string>> list_immutable_tags(const oci::RepositoryName& repository) override;

  base::Result<void> note_open_data() override;
  base::Result<std::int64_t> adopt_orgs(std::int64_t owner, std::string_view default_org, const Origin& by) override;

 private:
  // One transaction, and then the number that makes what others remember stale. Not inside the transaction: who read the old rows
  // between the number and the commit would keep them under the new number.
  base::Result<void> change(Writer::Body body);
  // A change that gives a value.
  template <typename T, typename F>
  base::Result<T> change_to(F&& body) {
    T value{};
    BERTH_CHECK_OK(change([&](Connection& c) -> base::Result<void> {
      BERTH_TRY(value, body(c));
      return {};
    }));
    return value;
  }

  // Tells of a change, inside its transaction.
  base::Result<void> audit(Connection& connection, const AuditEvent& event) const;
  // A user, with the audit rows. Errors: exists (the email).
  base::Result<std::int64_t> add_user(Connection& connection, const NewUser& user, const Origin& by) const;
  base::Result<void> add_invitation(Connection& connection, const NewInvitation& invitation, const Origin& by) const;
  // One role, with its audit row when that changes anything. Errors: unknown (user, org, team).
  base::Result<void> give(Connection& connection, std::int64_t user, const Grant& grant, const Origin& by) const;
  base::Result<bool> take(Connection& connection, std::int64_t user, const Grant& grant, const Origin& by) const;

  [[nodiscard]] std::int64_t now() const { return base::to_unix_micros(clock_.now()); }

  Readers& readers_;
  Writer& writer_;
  const AuditChain& audit_;
  const base::Clock& clock_;
  std::atomic<std::uint64_t> generation_{1};
};

}  // namespace berth::catalog
