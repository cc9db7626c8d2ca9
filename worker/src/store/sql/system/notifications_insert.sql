-- ?1: a JSON list of tenant, complaint, seq, rule, event, channel, audience, when it happened, status, when it is to be sent, and why
-- not at once.
INSERT INTO notifications (tenant_id, complaint_id, seq, rule, event, channel, audience, at, status, next_at, reason, change)
SELECT told.value ->> 0, told.value ->> 1, told.value ->> 2, told.value ->> 3, told.value ->> 4, told.value ->> 5, told.value ->> 6,
  told.value ->> 7, told.value ->> 8, told.value ->> 9, told.value ->> 10,
  coalesce((SELECT max(n.change) FROM notifications n WHERE n.tenant_id = told.value ->> 0), 0) + 1
FROM json_each(?1) told
WHERE true
ON CONFLICT DO NOTHING
RETURNING status
