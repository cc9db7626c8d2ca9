-- Some files of any tenant that is not on the move of which it is time by ?1 to see what has become, the longest ago first. Until ?2
-- they are nobody else's. Each as the message that asks for it: worker/src/deliver/scanning.rs.
UPDATE stored_files SET look_at = ?2
WHERE rowid IN (
  SELECT f.rowid FROM stored_files f
  WHERE f.look_at <= ?1
    AND NOT EXISTS (SELECT 1 FROM tenant_holds h WHERE h.tenant_id = f.tenant_id)
    AND NOT EXISTS (SELECT 1 FROM tenant_arrivals a WHERE a.tenant_id = f.tenant_id)
  ORDER BY f.look_at
  LIMIT ?3
)
RETURNING 'scan/1 ' || tenant_id || ' ' || complaint_id || ' ' || attachment_id AS doc
