-- What a tenant keeps in the bucket for its complaints, and what may be there: see worker/src/store/stored_files.rs. Kept in the
-- database of the tenant's first slot, so that what is kept in all is one number.
CREATE TABLE stored_files (
  tenant_id     TEXT NOT NULL,
  attachment_id TEXT NOT NULL,
  complaint_id  TEXT NOT NULL,
  bytes         INTEGER NOT NULL,
  -- From when on cron is to see what has become of it: it may wait for a scanner, or may never have come. NULL: all is done.
  look_at       INTEGER,
  PRIMARY KEY (tenant_id, attachment_id)
) STRICT;
CREATE INDEX stored_files_look_at ON stored_files (look_at) WHERE look_at IS NOT NULL;

-- How many bytes that is in all.
CREATE TABLE storage_used (
  tenant_id TEXT NOT NULL PRIMARY KEY,
  bytes     INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TRIGGER stored_files_more AFTER INSERT ON stored_files
BEGIN
  INSERT INTO storage_used (tenant_id, bytes) VALUES (NEW.tenant_id, NEW.bytes)
  ON CONFLICT (tenant_id) DO UPDATE SET bytes = bytes + excluded.bytes;
END;
CREATE TRIGGER stored_files_other AFTER UPDATE OF bytes ON stored_files
BEGIN
  UPDATE storage_used SET bytes = bytes + NEW.bytes - OLD.bytes WHERE tenant_id = NEW.tenant_id;
END;
CREATE TRIGGER stored_files_less AFTER DELETE ON stored_files
BEGIN
  UPDATE storage_used SET bytes = bytes - OLD.bytes WHERE tenant_id = OLD.tenant_id;
  DELETE FROM storage_used WHERE tenant_id = OLD.tenant_id AND bytes = 0;
END;

-- Files that come in parts, while parts are waited for.
CREATE TABLE uploads (
  tenant_id     TEXT NOT NULL,
  attachment_id TEXT NOT NULL,
  -- The request that began it.
  key           TEXT NOT NULL,
  fingerprint   TEXT NOT NULL,
  -- shared::attachment::upload::Upload as JSON.
  doc           TEXT NOT NULL,
  PRIMARY KEY (tenant_id, attachment_id)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX uploads_key ON uploads (tenant_id, key);

CREATE TRIGGER stored_files_no_upload AFTER DELETE ON stored_files
BEGIN
  DELETE FROM uploads WHERE tenant_id = OLD.tenant_id AND attachment_id = OLD.attachment_id;
END;

-- A tenant that is held gets no new ones: see 0007.
CREATE TRIGGER held_new_stored_files BEFORE INSERT ON stored_files
WHEN EXISTS (SELECT 1 FROM tenant_holds WHERE tenant_id = NEW.tenant_id)
  AND NOT EXISTS (SELECT 1 FROM tenant_arrivals WHERE tenant_id = NEW.tenant_id)
BEGIN
  SELECT RAISE(ABORT, 'the tenant is held');
END;
