-- Fails if the tenant has ?8 already.
INSERT INTO views (tenant_id, id, owner, name, version, created_at, updated_at, fields)
SELECT ?1, ?2, ?3, ?4, CASE WHEN (SELECT count(*) FROM views WHERE tenant_id = ?1) < ?8 THEN 1 END, ?5, ?6, ?7
