-- Browser sessions. hash: SHA-256 (hex) of the secret in the cookie. A session is good until ends_at, which each use moves on, up to the
-- absolute end; it goes with the change of its user's password, with the user's standing, and when it is signed out of.
CREATE TABLE sessions (
  id            INTEGER PRIMARY KEY AUTOINCREMENT,
  user_id       INTEGER NOT NULL REFERENCES users (id),
  hash          TEXT NOT NULL UNIQUE,
  address       TEXT NOT NULL,           -- of the client that began it
  agent         TEXT NOT NULL,           -- what that called itself
  created_at    INTEGER NOT NULL,
  last_used_at  INTEGER NOT NULL,
  ends_at       INTEGER NOT NULL
) STRICT;
CREATE INDEX sessions_by_user ON sessions (user_id, id);
CREATE INDEX sessions_by_end ON sessions (ends_at);
