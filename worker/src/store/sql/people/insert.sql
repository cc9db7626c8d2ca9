-- Fails if whoever is active would have no seat of ?4.
INSERT INTO people (tenant_id, id, change, version, user_name, email, external_id, active, admin, doc)
SELECT ?1, ?2, (SELECT coalesce(max(change), 0) + 1 FROM people WHERE tenant_id = ?1),
  CASE
    WHEN ?8 = 0 OR ?4 IS NULL OR (SELECT count(*) FROM people WHERE tenant_id = ?1 AND active = 1) < ?4 THEN ?10
  END,
  ?5, ?6, ?7, ?8, ?9, ?3
