-- 0004: what goes, when, and how it comes back.
--
-- Nothing here is found by a pass over everything. What may have lost its last keeper is put into a queue by the triggers below, in the
-- transaction that took the keeper away, whoever wrote it; collection reads the queues' due ends and asks for each row whether it is
-- kept after all. So a round costs what was pushed and deleted since, not what is stored. (docs/adr/0004-collection.md)

-- "Does this repository still need this blob?", to be asked at due_at (0: next round). repository_id 0 asks it of the blob itself:
-- "does any repository hold it, or anything that may be restored need it?"
CREATE TABLE link_reviews (
  digest         TEXT NOT NULL,
  repository_id  INTEGER NOT NULL,
  due_at         INTEGER NOT NULL,
  PRIMARY KEY (digest, repository_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX link_reviews_by_due ON link_reviews (due_at, digest, repository_id);

-- "Is this manifest kept by a tag, an index or its subject?", to be asked once untagged_keep has passed since `since`.
-- 0: it lost its tag; the clock starts with the next round.
CREATE TABLE manifest_reviews (
  manifest_id  INTEGER PRIMARY KEY,
  since        INTEGER NOT NULL
) STRICT;
CREATE INDEX manifest_reviews_by_since ON manifest_reviews (since, manifest_id);

-- The blob's row is gone, its bytes are not yet. state: 0 waits for its grace, 1 its bytes are being removed.
-- A push of a waiting one takes it back; of a removed one waits. No digest has both a tombstone and a row in blobs.
CREATE TABLE blob_tombstones (
  digest      TEXT NOT NULL PRIMARY KEY,
  size        INTEGER NOT NULL,
  deleted_at  INTEGER NOT NULL,
  state       INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;
CREATE INDEX blob_tombstones_by_time ON blob_tombstones (deleted_at, digest);
CREATE INDEX blob_tombstones_marked ON blob_tombstones (digest) WHERE state = 1;

-- Manifests that were deleted and may still be restored, with everything that brings them back. id: the row of tag_history that tells
-- of the deletion.
CREATE TABLE trash_manifests (
  id                 INTEGER PRIMARY KEY,
  repository_id      INTEGER NOT NULL REFERENCES repositories (id),
  digest             TEXT NOT NULL,
  media_type         TEXT NOT NULL,
  size               INTEGER NOT NULL,
  shape              INTEGER NOT NULL,
  artifact_type      TEXT NOT NULL,
  config_media_type  TEXT NOT NULL,
  subject_digest     TEXT,
  annotations        TEXT NOT NULL,
  pushed_at          INTEGER NOT NULL,
  bytes              BLOB NOT NULL,
  crc32              INTEGER NOT NULL,
  deleted_at         INTEGER NOT NULL
) STRICT;
CREATE INDEX trash_manifests_by_digest ON trash_manifests (repository_id, digest, id);
CREATE INDEX trash_manifests_by_time ON trash_manifests (deleted_at, id);

CREATE TABLE trash_references (
  trash_id       INTEGER NOT NULL REFERENCES trash_manifests (id),
  digest         TEXT NOT NULL,
  role           INTEGER NOT NULL,   -- as manifest_references.role
  repository_id  INTEGER NOT NULL,
  size           INTEGER NOT NULL,
  media_type     TEXT NOT NULL,
  PRIMARY KEY (trash_id, digest, role)
) STRICT, WITHOUT ROWID;
CREATE INDEX trash_references_by_digest ON trash_references (digest, role, repository_id);

-- The tags that a deleted manifest had.
CREATE TABLE trash_tags (
  trash_id  INTEGER NOT NULL REFERENCES trash_manifests (id),
  tag       TEXT NOT NULL,
  PRIMARY KEY (trash_id, tag)
) STRICT, WITHOUT ROWID;

-- A deleted repository keeps its row and everything in it, under a name that nobody can say ("~" and its id): deleting it, and bringing
-- it back, is one row however much it holds. history_id: the row of tag_history that tells of the deletion.
CREATE TABLE deleted_repositories (
  repository_id  INTEGER PRIMARY KEY REFERENCES repositories (id),
  name           TEXT NOT NULL,
  history_id     INTEGER NOT NULL,
  deleted_at     INTEGER NOT NULL,
  principal      TEXT NOT NULL
) STRICT;
CREATE INDEX deleted_repositories_by_name ON deleted_repositories (name, history_id);
CREATE INDEX deleted_repositories_by_time ON deleted_repositories (deleted_at, repository_id);

-- tag_history tells of more than tags from here on. action 3: manifest deleted (before_digest), 4: manifest restored (after_digest),
-- 5: repository deleted, 6: repository restored; tag is '' in these rows.

-- How often, and when last. subject: a tag, or a manifest's digest. day: days since 1970-01-01; -1 holds the sum of all days.
CREATE TABLE pulls (
  repository_id  INTEGER NOT NULL,
  subject        TEXT NOT NULL,
  day            INTEGER NOT NULL,
  count          INTEGER NOT NULL,
  last_at        INTEGER NOT NULL,
  PRIMARY KEY (repository_id, subject, day)
) STRICT, WITHOUT ROWID;

CREATE INDEX pulls_by_day ON pulls (day, repository_id, subject) WHERE day >= 0;

-- 0: a run was cut off, and since then nobody has looked for files that have no row (Collection::bury_unknown).
ALTER TABLE catalog_state ADD COLUMN files_swept INTEGER NOT NULL DEFAULT 0;

-- A blob that is new in a repository is asked about when its lease ends.
CREATE TRIGGER review_new_link AFTER INSERT ON repository_blobs BEGIN
  INSERT INTO link_reviews (digest, repository_id, due_at)
    VALUES (NEW.digest, NEW.repository_id, (SELECT leased_until FROM blobs WHERE digest = NEW.digest))
    ON CONFLICT DO NOTHING;
END;
-- One that no repository may hold any more is asked about itself.
CREATE TRIGGER review_lost_link AFTER DELETE ON repository_blobs BEGIN
  DELETE FROM link_reviews WHERE digest = OLD.digest AND repository_id = OLD.repository_id;
  INSERT INTO link_reviews (digest, repository_id, due_at) VALUES (OLD.digest, 0, 0) ON CONFLICT DO NOTHING;
END;
-- A manifest went, or was read anew: its blobs may have no other in this repository.
CREATE TRIGGER review_lost_blob AFTER DELETE ON manifest_references WHEN OLD.role IN (0, 3) BEGIN
  INSERT INTO link_reviews (digest, repository_id, due_at) VALUES (OLD.digest, OLD.repository_id, 0) ON CONFLICT DO NOTHING;
END;
CREATE TRIGGER review_lost_trash_blob AFTER DELETE ON trash_references WHEN OLD.role IN (0, 3) BEGIN
  INSERT INTO link_reviews (digest, repository_id, due_at) VALUES (OLD.digest, 0, 0) ON CONFLICT DO NOTHING;
END;
-- Children that lost a parent, and referrers that lost their subject. Their clock began with their own push.
CREATE TRIGGER review_lost_child AFTER DELETE ON manifest_references WHEN OLD.role = 1 BEGIN
  INSERT INTO manifest_reviews (manifest_id, since)
    SELECT id, pushed_at FROM manifests WHERE repository_id = OLD.repository_id AND digest = OLD.digest
    ON CONFLICT DO NOTHING;
END;
CREATE TRIGGER review_lost_trash_child AFTER DELETE ON trash_references WHEN OLD.role = 1 BEGIN
  INSERT INTO manifest_reviews (manifest_id, since)
    SELECT id, pushed_at FROM manifests WHERE repository_id = OLD.repository_id AND digest = OLD.digest
    ON CONFLICT DO NOTHING;
END;
CREATE TRIGGER review_new_manifest AFTER INSERT ON manifests BEGIN
  INSERT INTO manifest_reviews (manifest_id, since) VALUES (NEW.id, NEW.pushed_at) ON CONFLICT DO NOTHING;
END;
CREATE TRIGGER review_lost_subject AFTER DELETE ON manifests BEGIN
  DELETE FROM manifest_reviews WHERE manifest_id = OLD.id;
  INSERT INTO manifest_reviews (manifest_id, since)
    SELECT id, pushed_at FROM manifests WHERE repository_id = OLD.repository_id AND subject_digest = OLD.digest
    ON CONFLICT DO NOTHING;
END;
CREATE TRIGGER review_lost_trash_subject AFTER DELETE ON trash_manifests BEGIN
  INSERT INTO manifest_reviews (manifest_id, since)
    SELECT id, pushed_at FROM manifests WHERE repository_id = OLD.repository_id AND subject_digest = OLD.digest
    ON CONFLICT DO NOTHING;
END;
-- A manifest that lost a tag: its clock starts now.
CREATE TRIGGER review_deleted_tag AFTER DELETE ON tags BEGIN
  INSERT INTO manifest_reviews (manifest_id, since) VALUES (OLD.manifest_id, 0) ON CONFLICT (manifest_id) DO UPDATE SET since = 0;
END;
CREATE TRIGGER review_moved_tag AFTER UPDATE OF manifest_id ON tags WHEN OLD.manifest_id <> NEW.manifest_id BEGIN
  INSERT INTO manifest_reviews (manifest_id, since) VALUES (OLD.manifest_id, 0) ON CONFLICT (manifest_id) DO UPDATE SET since = 0;
END;

-- What was there before there were queues.
INSERT INTO link_reviews (digest, repository_id, due_at) SELECT digest, repository_id, 0 FROM repository_blobs;
INSERT INTO link_reviews (digest, repository_id, due_at)
  SELECT b.digest, 0, 0 FROM blobs b WHERE NOT EXISTS (SELECT 1 FROM repository_blobs l WHERE l.digest = b.digest);
INSERT INTO manifest_reviews (manifest_id, since) SELECT id, 0 FROM manifests;
