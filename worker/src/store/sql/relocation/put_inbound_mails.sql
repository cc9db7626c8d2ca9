-- Fails unless the tenant is expected here by move ?3. What changes once more comes once more.
INSERT INTO inbound_mails (tenant_id, id, change, arrived, doc, state, attempts, content, message_id, complaint_id)
SELECT ?1, value ->> 0,
  CASE WHEN EXISTS (SELECT 1 FROM tenant_arrivals WHERE tenant_id = ?1 AND job = ?3) THEN value ->> 1 END,
  value ->> 2, value ->> 3, value ->> 4, value ->> 5, value ->> 6, value ->> 7, value ->> 8
FROM json_each(?2)
WHERE true
ON CONFLICT (tenant_id, id) DO UPDATE
SET change = excluded.change, arrived = excluded.arrived, doc = excluded.doc, state = excluded.state, attempts = excluded.attempts,
  content = excluded.content, message_id = excluded.message_id, complaint_id = excluded.complaint_id
WHERE inbound_mails.tenant_id = ?1
