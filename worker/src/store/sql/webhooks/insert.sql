-- Fails if the tenant has ?6 already.
INSERT INTO webhook_endpoints (tenant_id, id, change, key, fingerprint, version, doc)
SELECT ?1, ?2, coalesce((SELECT max(change) FROM webhook_endpoints WHERE tenant_id = ?1), 0) + 1, ?3, ?4,
  CASE WHEN (SELECT count(*) FROM webhook_endpoints WHERE tenant_id = ?1 AND deleted_at IS NULL) < CAST(?6 AS INTEGER) THEN 1 END, ?5
