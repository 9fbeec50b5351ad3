-- Users, organisations, teams, roles, keys, and what a repository is open to.

-- Ids from 1,000,000: a client of NGC takes a smaller number for the position of an invitation in its list.
CREATE TABLE users (
  id          INTEGER PRIMARY KEY AUTOINCREMENT,
  email       TEXT NOT NULL UNIQUE,      -- lower case
  name        TEXT NOT NULL,
  standing    INTEGER NOT NULL,          -- 0 active, 1 disabled
  rank        INTEGER NOT NULL,          -- 0 user, 1 platform administrator
  created_at  INTEGER NOT NULL
) STRICT;
CREATE INDEX users_by_rank ON users (rank, standing, id) WHERE rank <> 0;
INSERT INTO sqlite_sequence (name, seq) VALUES ('users', 999999);

-- Apart from users, so that no listing or filter can reach it. A user without a row has no password.
CREATE TABLE user_passwords (
  user_id     INTEGER PRIMARY KEY REFERENCES users (id),
  hash        TEXT NOT NULL,             -- argon2's encoded form: $argon2id$v=19$m=…
  state       INTEGER NOT NULL,          -- 0 good, 1 must be changed before it is good for anything
  changed_at  INTEGER NOT NULL
) STRICT;

-- name: the first part of its repositories' names.
CREATE TABLE orgs (
  id            INTEGER PRIMARY KEY AUTOINCREMENT,
  name          TEXT NOT NULL UNIQUE,
  display_name  TEXT NOT NULL,
  created_at    INTEGER NOT NULL
) STRICT;

CREATE TABLE teams (
  id           INTEGER PRIMARY KEY AUTOINCREMENT,
  org_id       INTEGER NOT NULL REFERENCES orgs (id),
  name         TEXT NOT NULL,
  description  TEXT NOT NULL,
  created_at   INTEGER NOT NULL,
  UNIQUE (org_id, name)
) STRICT;

-- One row a role of a user. team_id 0: at the level of the org, which holds in all its teams.
CREATE TABLE memberships (
  user_id     INTEGER NOT NULL REFERENCES users (id),
  org_id      INTEGER NOT NULL REFERENCES orgs (id),
  team_id     INTEGER NOT NULL,
  role        INTEGER NOT NULL,          -- 1 REGISTRY_READ, 2 REGISTRY_USER, 3 REGISTRY_ADMIN, 4 USER_ADMIN, 5 ORG_OWNER
  granted_at  INTEGER NOT NULL,
  PRIMARY KEY (user_id, org_id, team_id, role)
) STRICT, WITHOUT ROWID;
CREATE INDEX memberships_by_org ON memberships (org_id, user_id);
CREATE INDEX memberships_by_team ON memberships (team_id) WHERE team_id <> 0;

-- hash: SHA-256 (hex) of the 43 characters that are the secret. The ceiling narrows what the owner may; '' narrows nothing.
CREATE TABLE api_keys (
  id            INTEGER PRIMARY KEY AUTOINCREMENT,
  kind          INTEGER NOT NULL,        -- 0 personal, 1 service, 2 legacy
  user_id       INTEGER REFERENCES users (id),   -- NULL for a service key
  org_id        INTEGER REFERENCES orgs (id),    -- NULL for a legacy key: everywhere its user may
  name          TEXT NOT NULL,
  hash          TEXT NOT NULL UNIQUE,
  actions       TEXT NOT NULL,           -- names of actions, comma list
  repositories  TEXT NOT NULL,           -- patterns, comma list
  created_at    INTEGER NOT NULL,
  expires_at    INTEGER,
  revoked_at    INTEGER,
  last_used_at  INTEGER
) STRICT;
CREATE INDEX api_keys_by_user ON api_keys (user_id, id) WHERE user_id IS NOT NULL;
CREATE INDEX api_keys_by_org ON api_keys (org_id, id) WHERE org_id IS NOT NULL;

-- visibility: 0 private, 1 shared with the org, 2 shared with teams, 3 listed, 4 public.
-- immutable_tags: patterns of tags that do not move once they are there, comma list; '*' all, '' none.
ALTER TABLE repositories ADD COLUMN visibility INTEGER NOT NULL DEFAULT 0;
ALTER TABLE repositories ADD COLUMN immutable_tags TEXT NOT NULL DEFAULT '';

CREATE TABLE repository_shares (
  repository_id  INTEGER NOT NULL REFERENCES repositories (id) ON DELETE CASCADE,
  team_id        INTEGER NOT NULL REFERENCES teams (id) ON DELETE CASCADE,
  PRIMARY KEY (repository_id, team_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX repository_shares_by_team ON repository_shares (team_id);

-- One row. open_data: repositories may have come into being without accounts (--open, or before there were any), so that the next
-- start with accounts makes their organisations.
CREATE TABLE accounts_state (
  id         INTEGER PRIMARY KEY CHECK (id = 1),
  open_data  INTEGER NOT NULL
) STRICT;
INSERT INTO accounts_state (id, open_data) VALUES (1, 1);
