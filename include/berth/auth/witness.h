// Told of what happens at the door: passwords and keys that were right or wrong, tokens that were given out. For the audit log.
//
// Never told what somebody typed: a user name may be a password in the wrong field. Any thread; a call takes a lock that nobody holds
// across disk.
#pragma once

#include <cstdint>
#include <string_view>

namespace berth::auth {

// Where a credential came from.
struct From {
  std::string_view address;
  std::string_view request = {};  // request id
};

enum class Method : std::uint8_t { password, key, token };

// A credential that was not taken. The owner and the key as far as the rows know them: a wrong password has the user whose it would be,
// a revoked key its id. 0: unknown.
struct RefusedCredential {
  Method method = Method::password;
  std::int64_t user = 0;
  std::int64_t key = 0;
  enum class Reason : std::uint8_t { wrong, ended, disabled, must_change, slowed } reason = Reason::wrong;
};

class Witness {
 public:
  virtual ~Witness() = default;
  // A password was compared and was right (not: was remembered from a moment ago).
  virtual void signed_in(std::int64_t user, const From& from) = 0;
  virtual void refused(const RefusedCredential& credential, const From& from) = 0;
  // To nobody in particular (user and key 0): a guest's.
  virtual void token_issued(std::int64_t user, std::int64_t key, const From& from) = 0;
};

// Sees nothing; for tests.
class NoWitness final : public Witness {
 public:
  void signed_in(std::int64_t, const From&) override {}
  void refused(const RefusedCredential&, const From&) override {}
  void token_issued(std::int64_t, std::int64_t, const From&) override {}
};

}  // namespace berth::auth
