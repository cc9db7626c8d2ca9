-- Fails if the tenant has ?5 already.
INSERT INTO views (tenant_id, id, owner, name, version, created_at, updated_at, fields)
SELECT ?1, ?2, ?4 ->> 'owner', ?4 ->> 'name',
  CASE WHEN (SELECT count(*) FROM views WHERE tenant_id = ?1) < CAST(?5 AS INTEGER) THEN 1 END, ?3, ?3, ?4
