-- If version ?11 is there. Fails if whoever becomes active would have no seat of ?4.
UPDATE people
SET change = (SELECT coalesce(max(change), 0) + 1 FROM people WHERE tenant_id = ?1),
  version = CASE
    WHEN ?8 = 0 OR active = 1 OR ?4 IS NULL
      OR (SELECT count(*) FROM people WHERE tenant_id = ?1 AND active = 1) < ?4 THEN ?10
  END,
  user_name = ?5, email = ?6, external_id = ?7, active = ?8, admin = ?9, doc = ?3
WHERE tenant_id = ?1 AND id = ?2 AND version = ?11
RETURNING '' AS doc
