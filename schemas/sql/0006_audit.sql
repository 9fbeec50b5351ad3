-- 0006: who did what. Rows are only ever added; the oldest go by whole segments.

-- seq: from 1, without a gap. at: never before that of the row before. hash: what chains the row to the one before it
-- (src/catalog/audit_chain.cpp draws it); it cannot be made without the key of DIR/keys/audit.key.
CREATE TABLE audit_events (
  seq        INTEGER PRIMARY KEY,
  at         INTEGER NOT NULL,
  kind       TEXT NOT NULL,          -- "key.created"; the list is src/catalog/audit_names.cpp
  outcome    INTEGER NOT NULL,       -- 0 done, 1 refused
  principal  TEXT NOT NULL,          -- "user:1000001"
  key_id     INTEGER NOT NULL,       -- that it came with; 0 none
  address    TEXT NOT NULL,
  request    TEXT NOT NULL,          -- request id
  org        TEXT NOT NULL,          -- '' for what is of no organisation
  subject    TEXT NOT NULL,          -- "repository:acme/app"
  detail     TEXT NOT NULL,          -- JSON object
  hash       TEXT NOT NULL
) STRICT;
CREATE INDEX audit_events_by_org ON audit_events (org, seq);
CREATE INDEX audit_events_by_principal ON audit_events (principal, seq);
CREATE INDEX audit_events_by_subject ON audit_events (subject, seq);

-- A closed stretch of rows. It stays when its rows are pruned: then its hashes join what is left of the chain to what was.
-- seal: HMAC over the row, state included.
CREATE TABLE audit_segments (
  id           INTEGER PRIMARY KEY,
  first_seq    INTEGER NOT NULL,
  last_seq     INTEGER NOT NULL,
  first_at     INTEGER NOT NULL,
  last_at      INTEGER NOT NULL,
  before_hash  TEXT NOT NULL,        -- of the row before first_seq
  after_hash   TEXT NOT NULL,        -- of last_seq
  state        INTEGER NOT NULL,     -- 0 its rows are here, 1 they were pruned
  seal         TEXT NOT NULL
) STRICT;
CREATE INDEX audit_segments_here ON audit_segments (id, last_at) WHERE state = 0;

-- Exports that somebody asked for and will fetch. The rows from first_seq to last_seq that are of the organisation; 0 and 0 until it is
-- ready.
CREATE TABLE audit_exports (
  id            TEXT NOT NULL PRIMARY KEY,
  org           TEXT NOT NULL,
  from_at       INTEGER NOT NULL,
  to_at         INTEGER NOT NULL,
  requested_at  INTEGER NOT NULL,
  user_id       INTEGER NOT NULL,    -- who asked; 0: a service key
  state         INTEGER NOT NULL,    -- 0 requested, 1 ready
  first_seq     INTEGER NOT NULL,
  last_seq      INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX audit_exports_by_org ON audit_exports (org, requested_at, id);
CREATE INDEX audit_exports_waiting ON audit_exports (id) WHERE state = 0;
