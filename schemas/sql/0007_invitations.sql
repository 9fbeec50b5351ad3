-- Invitations: whoever has the link comes into an organisation, or a team of it, with these roles.

-- One row a place and email; the rows of one request share a link and so a token_hash, SHA-256 (hex) of the secret in the link.
-- team_id 0: at the level of the org. roles: values as in memberships, comma list.
CREATE TABLE invitations (
  id          INTEGER PRIMARY KEY AUTOINCREMENT,
  org_id      INTEGER NOT NULL REFERENCES orgs (id),
  team_id     INTEGER NOT NULL,
  email       TEXT NOT NULL,             -- lower case
  name        TEXT NOT NULL,             -- of the invited, as far as the inviter knows
  roles       TEXT NOT NULL,
  token_hash  TEXT NOT NULL,
  created_at  INTEGER NOT NULL,
  expires_at  INTEGER NOT NULL,
  UNIQUE (org_id, team_id, email)
) STRICT;
CREATE INDEX invitations_by_token ON invitations (token_hash);
CREATE INDEX invitations_by_team ON invitations (team_id) WHERE team_id <> 0;
CREATE INDEX invitations_by_end ON invitations (expires_at);
