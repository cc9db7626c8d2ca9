-- One table, flat columns, JSON text for the nested parts, one index for the list.
CREATE TABLE complaints (
  id TEXT PRIMARY KEY,
  tenant_id TEXT NOT NULL,
  reference TEXT NOT NULL,
  version INTEGER NOT NULL,
  state TEXT NOT NULL,
  channel TEXT NOT NULL,
  product TEXT,
  issue TEXT,
  severity TEXT,
  jurisdiction TEXT,
  description TEXT NOT NULL,
  desired_outcome TEXT,
  external_reference TEXT,
  assignee TEXT,
  team TEXT,
  outcome TEXT,
  complainant TEXT NOT NULL,
  vulnerability TEXT NOT NULL,
  amounts TEXT NOT NULL,
  custom TEXT NOT NULL,
  tags TEXT NOT NULL,
  redress TEXT NOT NULL,
  received_at TEXT NOT NULL,
  created_at TEXT NOT NULL,
  updated_at TEXT NOT NULL,
  UNIQUE (tenant_id, reference)
) STRICT;

CREATE INDEX complaints_newest ON complaints (tenant_id, received_at DESC, id);
