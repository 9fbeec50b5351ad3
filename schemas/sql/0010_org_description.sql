-- What an organisation says of itself, beside its name.
ALTER TABLE orgs ADD COLUMN description TEXT NOT NULL DEFAULT '';
