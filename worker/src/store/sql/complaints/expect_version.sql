-- Fails, for `seq` may not be NULL, unless complaint ?2 is at version ?3 and the tenant is not held.
INSERT INTO events (tenant_id, complaint_id, seq, at, body, hash, slot, position)
SELECT ?1, ?2, NULL, 0, '', '', 0, 0
WHERE EXISTS (SELECT 1 FROM tenant_holds WHERE tenant_id = ?1)
  OR NOT EXISTS (SELECT 1 FROM complaints WHERE tenant_id = ?1 AND id = ?2 AND version = ?3)
