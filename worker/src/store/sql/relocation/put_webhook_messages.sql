-- Fails unless the tenant is expected here by move ?3. What changes once more comes once more.
INSERT INTO webhook_messages (tenant_id, endpoint_id, subject, seq, event, at, state, next_at, failed, attempts, change)
SELECT ?1, value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4, value ->> 5, value ->> 6, value ->> 7, value ->> 8,
  CASE WHEN EXISTS (SELECT 1 FROM tenant_arrivals WHERE tenant_id = ?1 AND job = ?3) THEN value ->> 9 END
FROM json_each(?2)
WHERE true
ON CONFLICT (tenant_id, endpoint_id, subject, seq) DO UPDATE
SET state = excluded.state, next_at = excluded.next_at, failed = excluded.failed, attempts = excluded.attempts, change = excluded.change
WHERE webhook_messages.tenant_id = ?1
