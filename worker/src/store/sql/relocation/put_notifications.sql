-- Fails unless the tenant is expected here by move ?3. What changes once more comes once more.
INSERT INTO notifications (
  tenant_id, complaint_id, seq, rule, event, channel, audience, at, status, reason, next_at, failed, attempts, request, change
)
SELECT ?1, value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4, value ->> 5, value ->> 6, value ->> 7, value ->> 8, value ->> 9,
  value ->> 10, value ->> 11, value ->> 12,
  CASE WHEN EXISTS (SELECT 1 FROM tenant_arrivals WHERE tenant_id = ?1 AND job = ?3) THEN value ->> 13 END
FROM json_each(?2)
WHERE true
ON CONFLICT (tenant_id, complaint_id, seq, rule) DO UPDATE
SET status = excluded.status, reason = excluded.reason, next_at = excluded.next_at, failed = excluded.failed,
  attempts = excluded.attempts, request = excluded.request, change = excluded.change
WHERE notifications.tenant_id = ?1
