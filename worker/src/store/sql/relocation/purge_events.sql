DELETE FROM events
WHERE tenant_id = ?1 AND EXISTS (SELECT 1 FROM tenant_holds WHERE tenant_id = ?1) AND rowid IN (SELECT rowid FROM events WHERE tenant_id = ?1 LIMIT ?2)
RETURNING 1 AS gone
