-- Fails if the tenant has ?7 already.
INSERT INTO views (tenant_id, id, owner, name, version, doc)
SELECT ?1, ?2, ?3, ?4, CASE WHEN (SELECT count(*) FROM views WHERE tenant_id = ?1) < ?7 THEN ?5 END, ?6
