INSERT INTO deliveries (tenant_id, complaint_id, seq, audience, event, status, recorded_at)
SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4, 'intended', ?2 FROM json_each(?1)
WHERE true
ON CONFLICT DO NOTHING
