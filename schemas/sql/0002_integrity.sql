-- 0002: what is known to be damaged, and how far the scrub has come.

-- One row a blob whose bytes are not what its digest says, or are gone: found by a read or by the scrub, cleared by the next push of
-- the digest. While the row is there the blob is answered with an error, whatever lies in the store. It goes with the blob's own row.
CREATE TABLE damaged_blobs (
  digest    TEXT NOT NULL PRIMARY KEY REFERENCES blobs (digest) ON DELETE CASCADE,
  found_at  INTEGER NOT NULL,
  reason    TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- One row. A pass goes through blobs in the order of their digests; everything up to position was looked at in the pass that began at
-- started_at. finished_at: the end of that pass, 0 while it runs.
CREATE TABLE scrub_state (
  id           INTEGER PRIMARY KEY CHECK (id = 1),
  position     TEXT NOT NULL,
  started_at   INTEGER NOT NULL,
  finished_at  INTEGER NOT NULL
) STRICT;
INSERT INTO scrub_state (id, position, started_at, finished_at) VALUES (1, '', 0, 0);
