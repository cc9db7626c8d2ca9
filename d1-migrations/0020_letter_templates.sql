-- Firms' own templates of letters: see shared/src/letter/firm_template.rs. Kept in shard 0 with the tenants' records.
-- A version is never changed nor deleted while the tenant is here: letters name it.
CREATE TABLE letter_templates (
  tenant_id TEXT NOT NULL,
  -- 1, 2, 3, … of the tenant, in the order they were saved.
  nr        INTEGER NOT NULL,
  kind      TEXT NOT NULL,
  language  TEXT NOT NULL,
  brand     TEXT NOT NULL,
  version   INTEGER NOT NULL,
  -- shared::letter::firm_template::FirmTemplate as JSON.
  template  TEXT NOT NULL,
  PRIMARY KEY (tenant_id, nr)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX letter_templates_version ON letter_templates (tenant_id, kind, language, brand, version);

CREATE TRIGGER held_new_letter_templates BEFORE INSERT ON letter_templates
WHEN EXISTS (SELECT 1 FROM tenant_holds WHERE tenant_id = NEW.tenant_id)
BEGIN
  SELECT RAISE(ABORT, 'the tenant is held');
END;
