-- The newest lock of each case that ever had one. Its row stays, for tokens must only grow.
CREATE TABLE case_locks (
  tenant_id    TEXT NOT NULL,
  complaint_id TEXT NOT NULL,
  -- The fencing token.
  token        INTEGER NOT NULL,
  -- Who holds it, as JSON: shared::lock::Holder. NULL once it was given back.
  holder       TEXT,
  since        INTEGER NOT NULL,
  expires_at   INTEGER NOT NULL,
  PRIMARY KEY (tenant_id, complaint_id)
) STRICT, WITHOUT ROWID;
