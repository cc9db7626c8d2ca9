-- ?1: a JSON list of tenant, complaint, seq, event, when it happened and where in a trace. A message for each of the tenant's endpoints that hears of such.
INSERT INTO webhook_messages (tenant_id, endpoint_id, subject, seq, event, at, state, next_at, change, trace)
SELECT e.tenant_id, e.id, happened.value ->> 1, happened.value ->> 2, happened.value ->> 3, happened.value ->> 4, 'pending', ?2,
  coalesce((SELECT max(m.change) FROM webhook_messages m WHERE m.tenant_id = e.tenant_id), 0) + 1,
  happened.value ->> 5
FROM json_each(?1) happened
CROSS JOIN webhook_endpoints e
WHERE e.tenant_id = happened.value ->> 0 AND e.deleted_at IS NULL AND (
  e.doc ->> '$.events' = '[]'
  OR EXISTS (SELECT 1 FROM json_each(e.doc, '$.events') kind WHERE kind.value = happened.value ->> 3)
)
ON CONFLICT DO NOTHING
RETURNING '' AS doc
