-- A column that may not be NULL is where the whole batch fails if it may not be written: `seq` while the tenant is held,
-- `at` unless the case's lock in force at ?5 is the one whose token is ?4, or there is neither.
-- ?6: the complaint's slot, in which the events take the next positions.
INSERT INTO events (tenant_id, complaint_id, seq, at, body, hash, slot, position)
SELECT ?1, ?2,
  CASE WHEN NOT EXISTS (SELECT 1 FROM tenant_holds WHERE tenant_id = ?1) THEN value ->> 0 END,
  CASE WHEN ?4 IS NOT DISTINCT FROM (
    SELECT token FROM case_locks WHERE tenant_id = ?1 AND complaint_id = ?2 AND holder IS NOT NULL AND expires_at > ?5
  ) THEN value ->> 1 END,
  value ->> 2, value ->> 3, ?6,
  coalesce((SELECT max(position) FROM events WHERE tenant_id = ?1 AND slot = ?6), 0) + key + 1
FROM json_each(?3)
