-- Version ?5, if the one before it is there. Fails if the tenant has ?7 of all teams.
INSERT INTO teams (tenant_id, id, change, version, name, external_id, doc)
SELECT ?1, ?2, (SELECT coalesce(max(change), 0) + 1 FROM teams WHERE tenant_id = ?1),
  CASE WHEN ?5 > 1 OR (SELECT count(*) FROM teams WHERE tenant_id = ?1) < ?7 THEN ?5 END, ?3, ?4, ?6
WHERE ?5 = 1 OR EXISTS (SELECT 1 FROM teams WHERE tenant_id = ?1 AND id = ?2)
ON CONFLICT (tenant_id, id) DO UPDATE
SET change = excluded.change, version = excluded.version, name = excluded.name, external_id = excluded.external_id,
  doc = excluded.doc
WHERE teams.tenant_id = ?1 AND teams.version = ?5 - 1 AND teams.deleted = 0
RETURNING '' AS doc
