-- Staff: kept in the database of the tenant's first slot, but for `barred`. See docs/identity.md.

CREATE TABLE people (
  tenant_id   TEXT NOT NULL,
  id          TEXT NOT NULL,
  -- 1, 2, 3, … Whoever changes the row takes the next one: a move copies in this order.
  change      INTEGER NOT NULL,
  version     INTEGER NOT NULL,
  -- In lower case, as they are compared.
  user_name   TEXT NOT NULL,
  email       TEXT NOT NULL,
  external_id TEXT,
  active      INTEGER NOT NULL,
  -- Whether it is an active admin.
  admin       INTEGER NOT NULL,
  -- shared::identity::person::Person as JSON.
  doc         TEXT NOT NULL,
  PRIMARY KEY (tenant_id, id)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX people_change ON people (tenant_id, change);
CREATE UNIQUE INDEX people_user_name ON people (tenant_id, user_name);
CREATE UNIQUE INDEX people_email ON people (tenant_id, email);
CREATE UNIQUE INDEX people_external_id ON people (tenant_id, external_id) WHERE external_id IS NOT NULL;
CREATE INDEX people_active ON people (tenant_id, active, admin);

-- Accounts at providers, and who is in which team: made from `people.doc` by triggers, so that a move brings them along with people.
CREATE TABLE person_accounts (
  tenant_id TEXT NOT NULL,
  issuer    TEXT NOT NULL,
  subject   TEXT NOT NULL,
  person_id TEXT NOT NULL,
  PRIMARY KEY (tenant_id, issuer, subject)
) STRICT, WITHOUT ROWID;
CREATE INDEX person_accounts_person ON person_accounts (tenant_id, person_id);

CREATE TABLE team_members (
  tenant_id TEXT NOT NULL,
  team_id   TEXT NOT NULL,
  person_id TEXT NOT NULL,
  PRIMARY KEY (tenant_id, team_id, person_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX team_members_person ON team_members (tenant_id, person_id);

CREATE TRIGGER person_is_new AFTER INSERT ON people
BEGIN
  INSERT INTO person_accounts (tenant_id, issuer, subject, person_id)
  SELECT NEW.tenant_id, value ->> 'issuer', value ->> 'subject', NEW.id FROM json_each(NEW.doc, '$.accounts');
  INSERT INTO team_members (tenant_id, team_id, person_id)
  SELECT NEW.tenant_id, value, NEW.id FROM json_each(NEW.doc, '$.teams');
END;
CREATE TRIGGER person_is_another AFTER UPDATE OF doc ON people
BEGIN
  DELETE FROM person_accounts WHERE tenant_id = NEW.tenant_id AND person_id = NEW.id;
  INSERT INTO person_accounts (tenant_id, issuer, subject, person_id)
  SELECT NEW.tenant_id, value ->> 'issuer', value ->> 'subject', NEW.id FROM json_each(NEW.doc, '$.accounts');
  DELETE FROM team_members WHERE tenant_id = NEW.tenant_id AND person_id = NEW.id;
  INSERT INTO team_members (tenant_id, team_id, person_id)
  SELECT NEW.tenant_id, value, NEW.id FROM json_each(NEW.doc, '$.teams');
END;

-- Somebody has to be able to let others in.
CREATE TRIGGER last_admin BEFORE UPDATE OF admin ON people
WHEN OLD.admin = 1 AND NEW.admin = 0
  AND NOT EXISTS (SELECT 1 FROM people WHERE tenant_id = OLD.tenant_id AND active = 1 AND admin = 1 AND id <> OLD.id)
  AND NOT EXISTS (SELECT 1 FROM tenant_arrivals WHERE tenant_id = OLD.tenant_id)
BEGIN
  SELECT RAISE(ABORT, 'the last admin');
END;

CREATE TABLE teams (
  tenant_id   TEXT NOT NULL,
  id          TEXT NOT NULL,
  -- As in `people`.
  change      INTEGER NOT NULL,
  version     INTEGER NOT NULL,
  -- In lower case, as it is compared.
  name        TEXT NOT NULL,
  external_id TEXT,
  -- shared::scim::group::Team as JSON.
  doc         TEXT NOT NULL,
  -- A team that is gone has no name any more, and stays, so that a move knows of it.
  deleted     INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (tenant_id, id)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX teams_change ON teams (tenant_id, change);
CREATE UNIQUE INDEX teams_name ON teams (tenant_id, name) WHERE deleted = 0;
CREATE UNIQUE INDEX teams_external_id ON teams (tenant_id, external_id) WHERE deleted = 0 AND external_id IS NOT NULL;

-- What has happened to people: names of what changed, never values.
CREATE TABLE person_events (
  tenant_id TEXT NOT NULL,
  -- 1, 2, 3, …
  nr        INTEGER NOT NULL,
  person_id TEXT NOT NULL,
  at        INTEGER NOT NULL,
  -- shared::access::Actor as JSON; empty: they themselves, by signing in.
  actor     TEXT NOT NULL,
  -- shared::identity::person::PersonEvent as JSON.
  event     TEXT NOT NULL,
  PRIMARY KEY (tenant_id, nr)
) STRICT, WITHOUT ROWID;
CREATE INDEX person_events_person ON person_events (tenant_id, person_id, nr);

-- How a firm's staff sign in.
CREATE TABLE sign_in (
  tenant_id TEXT NOT NULL,
  change    INTEGER NOT NULL,
  version   INTEGER NOT NULL,
  -- shared::identity::settings::SignInSettings as JSON.
  doc       TEXT NOT NULL,
  -- The provider's client secret, sealed; empty if there is none.
  secret    TEXT NOT NULL,
  PRIMARY KEY (tenant_id)
) STRICT, WITHOUT ROWID;

-- Reads of complaints, and of what names them, by people.
CREATE TABLE access_log (
  tenant_id    TEXT NOT NULL,
  -- 1, 2, 3, …
  nr           INTEGER NOT NULL,
  at           INTEGER NOT NULL,
  person_id    TEXT NOT NULL,
  session_id   TEXT NOT NULL,
  -- Empty where it is not of one.
  complaint_id TEXT NOT NULL,
  -- What of it, or which list: the rest of the path.
  what         TEXT NOT NULL,
  -- How many rows a list had.
  row_count    INTEGER,
  PRIMARY KEY (tenant_id, nr)
) STRICT, WITHOUT ROWID;
CREATE INDEX access_log_complaint ON access_log (tenant_id, complaint_id, nr);
CREATE INDEX access_log_person ON access_log (tenant_id, person_id, nr);

-- What is of this cell alone: a firm that moves signs in anew.

CREATE TABLE sessions (
  tenant_id  TEXT NOT NULL,
  id         TEXT NOT NULL,
  person_id  TEXT NOT NULL,
  generation INTEGER NOT NULL,
  -- When it ends in any case; when it ended, if it did.
  ends_at    INTEGER NOT NULL,
  -- shared::identity::session::Session as JSON.
  doc        TEXT NOT NULL,
  PRIMARY KEY (tenant_id, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX sessions_person ON sessions (tenant_id, person_id, ends_at);
CREATE INDEX sessions_ends_at ON sessions (tenant_id, ends_at);

CREATE TABLE email_links (
  tenant_id  TEXT NOT NULL,
  -- SHA-256 of the token.
  token      TEXT NOT NULL,
  expires_at INTEGER NOT NULL,
  used       INTEGER NOT NULL DEFAULT 0,
  -- shared::identity::email_link::EmailLink as JSON.
  doc        TEXT NOT NULL,
  PRIMARY KEY (tenant_id, token)
) STRICT, WITHOUT ROWID;
CREATE INDEX email_links_expires_at ON email_links (tenant_id, expires_at);

CREATE TABLE link_asks (
  tenant_id TEXT NOT NULL,
  -- HMAC of the address.
  address   TEXT NOT NULL,
  at        INTEGER NOT NULL,
  -- Of the link that was asked for: two may ask at the same moment.
  token     TEXT NOT NULL,
  PRIMARY KEY (tenant_id, address, at, token)
) STRICT, WITHOUT ROWID;
CREATE INDEX link_asks_at ON link_asks (tenant_id, at);

-- Tokens that are refused though they are genuine: kept in shard 0 with the tenants' records, for it travels with leases.
CREATE TABLE barred (
  tenant_id TEXT NOT NULL,
  -- shared::identity::session_token::Barred as JSON.
  doc       TEXT NOT NULL,
  until     INTEGER NOT NULL,
  PRIMARY KEY (tenant_id, doc)
) STRICT, WITHOUT ROWID;
CREATE INDEX barred_until ON barred (tenant_id, until);

-- A tenant that is held is not written: see 0007.
CREATE TRIGGER held_new_people BEFORE INSERT ON people
WHEN EXISTS (SELECT 1 FROM tenant_holds WHERE tenant_id = NEW.tenant_id)
  AND NOT EXISTS (SELECT 1 FROM tenant_arrivals WHERE tenant_id = NEW.tenant_id)
BEGIN
  SELECT RAISE(ABORT, 'the tenant is held');
END;
CREATE TRIGGER held_people BEFORE UPDATE ON people
WHEN EXISTS (SELECT 1 FROM tenant_holds WHERE tenant_id = NEW.tenant_id)
  AND NOT EXISTS (SELECT 1 FROM tenant_arrivals WHERE tenant_id = NEW.tenant_id)
BEGIN
  SELECT RAISE(ABORT, 'the tenant is held');
END;
CREATE TRIGGER held_new_teams BEFORE INSERT ON teams
WHEN EXISTS (SELECT 1 FROM tenant_holds WHERE tenant_id = NEW.tenant_id)
  AND NOT EXISTS (SELECT 1 FROM tenant_arrivals WHERE tenant_id = NEW.tenant_id)
BEGIN
  SELECT RAISE(ABORT, 'the tenant is held');
END;
CREATE TRIGGER held_teams BEFORE UPDATE ON teams
WHEN EXISTS (SELECT 1 FROM tenant_holds WHERE tenant_id = NEW.tenant_id)
  AND NOT EXISTS (SELECT 1 FROM tenant_arrivals WHERE tenant_id = NEW.tenant_id)
BEGIN
  SELECT RAISE(ABORT, 'the tenant is held');
END;
CREATE TRIGGER held_new_person_events BEFORE INSERT ON person_events
WHEN EXISTS (SELECT 1 FROM tenant_holds WHERE tenant_id = NEW.tenant_id)
  AND NOT EXISTS (SELECT 1 FROM tenant_arrivals WHERE tenant_id = NEW.tenant_id)
BEGIN
  SELECT RAISE(ABORT, 'the tenant is held');
END;
CREATE TRIGGER held_new_sign_in BEFORE INSERT ON sign_in
WHEN EXISTS (SELECT 1 FROM tenant_holds WHERE tenant_id = NEW.tenant_id)
  AND NOT EXISTS (SELECT 1 FROM tenant_arrivals WHERE tenant_id = NEW.tenant_id)
BEGIN
  SELECT RAISE(ABORT, 'the tenant is held');
END;
CREATE TRIGGER held_sign_in BEFORE UPDATE ON sign_in
WHEN EXISTS (SELECT 1 FROM tenant_holds WHERE tenant_id = NEW.tenant_id)
  AND NOT EXISTS (SELECT 1 FROM tenant_arrivals WHERE tenant_id = NEW.tenant_id)
BEGIN
  SELECT RAISE(ABORT, 'the tenant is held');
END;
CREATE TRIGGER held_new_access_log BEFORE INSERT ON access_log
WHEN EXISTS (SELECT 1 FROM tenant_holds WHERE tenant_id = NEW.tenant_id)
  AND NOT EXISTS (SELECT 1 FROM tenant_arrivals WHERE tenant_id = NEW.tenant_id)
BEGIN
  SELECT RAISE(ABORT, 'the tenant is held');
END;
CREATE TRIGGER held_new_sessions BEFORE INSERT ON sessions
WHEN EXISTS (SELECT 1 FROM tenant_holds WHERE tenant_id = NEW.tenant_id)
BEGIN
  SELECT RAISE(ABORT, 'the tenant is held');
END;
CREATE TRIGGER held_new_email_links BEFORE INSERT ON email_links
WHEN EXISTS (SELECT 1 FROM tenant_holds WHERE tenant_id = NEW.tenant_id)
BEGIN
  SELECT RAISE(ABORT, 'the tenant is held');
END;
