-- 0001: what the registry knows, the bytes of blobs excepted.
--
-- Times are microseconds since 1970-01-01T00:00:00Z. Text compares bytewise everywhere (SQLite's BINARY; COLLATE "C" on PostgreSQL).
-- Digests are written out ("sha256:<hex>"). The format's version is PRAGMA user_version, raised in the transaction of each migration.

-- One row a repository. It appears with the first blob or manifest that is put into it.
CREATE TABLE repositories (
  id          INTEGER PRIMARY KEY,
  name        TEXT NOT NULL UNIQUE,                -- "org/team/name", as pushed
  kind        TEXT NOT NULL DEFAULT 'container',   -- how it is presented; never a reason to refuse
  created_at  INTEGER NOT NULL
) STRICT;

-- One row a blob whose bytes are durable in the store, whoever holds it.
-- leased_until: nobody may collect it before, referenced or not. A lease that ends at or before
-- catalog_state.lease_extended_up_to lasts catalog_state.lease_extension longer (src/catalog/leases.h).
CREATE TABLE blobs (
  digest        TEXT NOT NULL PRIMARY KEY,
  size          INTEGER NOT NULL,
  created_at    INTEGER NOT NULL,
  leased_until  INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- The blob may be pulled from, and referenced in, this repository. Every question about access to a blob is answered here.
CREATE TABLE repository_blobs (
  repository_id  INTEGER NOT NULL REFERENCES repositories (id),
  digest         TEXT NOT NULL REFERENCES blobs (digest),
  linked_at      INTEGER NOT NULL,
  PRIMARY KEY (repository_id, digest)
) STRICT, WITHOUT ROWID;
CREATE INDEX repository_blobs_by_digest ON repository_blobs (digest, repository_id);

-- One row a manifest or index of a repository; its bytes lie in manifest_bytes, so that scans of this table stay small.
CREATE TABLE manifests (
  id                 INTEGER PRIMARY KEY,
  repository_id      INTEGER NOT NULL REFERENCES repositories (id),
  digest             TEXT NOT NULL,
  media_type         TEXT NOT NULL,      -- as pushed, and as served
  size               INTEGER NOT NULL,
  shape              INTEGER NOT NULL,   -- 0 image, 1 index
  artifact_type      TEXT NOT NULL,      -- what a referrers list calls it; '' when it has none
  config_media_type  TEXT NOT NULL,      -- '' for an index
  subject_digest     TEXT,               -- the manifest it refers to, stored or not
  annotations        TEXT NOT NULL,      -- a JSON object of strings, '' when empty
  pushed_at          INTEGER NOT NULL,   -- the last push, for untagged_keep
  UNIQUE (repository_id, digest)
) STRICT;
CREATE INDEX manifests_by_subject ON manifests (repository_id, subject_digest, digest) WHERE subject_digest IS NOT NULL;
CREATE INDEX manifests_by_subject_and_type ON manifests (repository_id, subject_digest, artifact_type, digest)
  WHERE subject_digest IS NOT NULL;

-- The bytes of a manifest exactly as pushed. crc32 (ISO-HDLC) is compared at every read, cheaper than the digest.
CREATE TABLE manifest_bytes (
  manifest_id  INTEGER PRIMARY KEY REFERENCES manifests (id),
  bytes        BLOB NOT NULL,
  crc32        INTEGER NOT NULL
) STRICT;

-- The manifest names this digest, once per role however often it does.
-- role: 0 blob (config or layer), 1 child manifest, 2 subject, 3 foreign blob (non-distributable: it need not be in the repository).
-- repository_id repeats the manifest's, so that "is this blob referenced in this repository" is one step in one index.
CREATE TABLE manifest_references (
  manifest_id    INTEGER NOT NULL REFERENCES manifests (id),
  digest         TEXT NOT NULL,
  role           INTEGER NOT NULL,
  repository_id  INTEGER NOT NULL,
  size           INTEGER NOT NULL,
  media_type     TEXT NOT NULL,
  PRIMARY KEY (manifest_id, digest, role)
) STRICT, WITHOUT ROWID;
CREATE INDEX manifest_references_by_digest ON manifest_references (digest, repository_id, role);

-- Where a tag points now.
CREATE TABLE tags (
  repository_id  INTEGER NOT NULL REFERENCES repositories (id),
  name           TEXT NOT NULL,
  manifest_id    INTEGER NOT NULL REFERENCES manifests (id),
  updated_at     INTEGER NOT NULL,
  PRIMARY KEY (repository_id, name)
) STRICT, WITHOUT ROWID;
CREATE INDEX tags_by_manifest ON tags (manifest_id);

-- Every change of a tag, written in the transaction that makes it; rows are never changed. For one tag, each row's before_digest is
-- the previous row's after_digest. AUTOINCREMENT: an id is never used twice, also after rows were pruned.
CREATE TABLE tag_history (
  id             INTEGER PRIMARY KEY AUTOINCREMENT,
  repository_id  INTEGER NOT NULL REFERENCES repositories (id),
  tag            TEXT NOT NULL,
  action         INTEGER NOT NULL,   -- 0 created, 1 moved, 2 deleted
  before_digest  TEXT,
  after_digest   TEXT,
  at             INTEGER NOT NULL,
  principal      TEXT NOT NULL
) STRICT;
CREATE INDEX tag_history_by_repository ON tag_history (repository_id, id);
CREATE INDEX tag_history_by_tag ON tag_history (repository_id, tag, id);

-- One row: what the catalog remembers of itself from one start to the next (src/catalog/leases.h).
CREATE TABLE catalog_state (
  id                    INTEGER PRIMARY KEY CHECK (id = 1),
  clean_shutdown        INTEGER NOT NULL,   -- 1 only between an orderly stop and the next start
  lease_length          INTEGER NOT NULL,   -- in force at the last start
  lease_extension       INTEGER NOT NULL,
  lease_extended_up_to  INTEGER NOT NULL
) STRICT;
INSERT INTO catalog_state (id, clean_shutdown, lease_length, lease_extension, lease_extended_up_to) VALUES (1, 1, 0, 0, 0);
