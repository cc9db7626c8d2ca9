SELECT d.complaint_id, d.seq, d.audience, d.event, d.status, d.recorded_at
FROM json_each(?2) wanted
CROSS JOIN deliveries d
WHERE d.tenant_id = ?1 AND d.complaint_id = wanted.value
