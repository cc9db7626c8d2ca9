-- A column that may not be NULL is where the whole batch fails if it may not be written: `seq` while the tenant is held.
INSERT INTO events (tenant_id, complaint_id, seq, at, body, hash)
SELECT ?1, ?2,
  CASE WHEN NOT EXISTS (SELECT 1 FROM tenant_holds WHERE tenant_id = ?1) THEN value ->> 0 END,
  value ->> 1, value ->> 2, value ->> 3
FROM json_each(?3)
