-- The first events of new complaints, all of slot ?3, in which they take the next positions. `seq` may not be NULL: the
-- whole batch fails while the tenant is held. ?2: a JSON list of [complaint, seq, at, body, hash].
INSERT INTO events (tenant_id, complaint_id, seq, at, body, hash, slot, position)
SELECT ?1, value ->> 0,
  CASE WHEN NOT EXISTS (SELECT 1 FROM tenant_holds WHERE tenant_id = ?1) THEN value ->> 1 END,
  value ->> 2, value ->> 3, value ->> 4, ?3,
  coalesce((SELECT max(position) FROM events WHERE tenant_id = ?1 AND slot = ?3), 0) + key + 1
FROM json_each(?2)
