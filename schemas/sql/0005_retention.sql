-- 0005: which tags are kept, by rule.
--
-- scope: a repository's name, "org/*" for all of an organisation, or "*". The most specific rule holds, alone. rule: the JSON object of
-- include/berth/service/retention.h.
CREATE TABLE retention_rules (
  scope       TEXT NOT NULL PRIMARY KEY,
  rule        TEXT NOT NULL,
  updated_at  INTEGER NOT NULL,
  principal   TEXT NOT NULL
) STRICT, WITHOUT ROWID;
