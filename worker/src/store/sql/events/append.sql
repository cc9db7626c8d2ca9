INSERT INTO events (tenant_id, complaint_id, seq, at, body, hash)
SELECT ?1, ?2, value ->> 0, value ->> 1, value ->> 2, value ->> 3 FROM json_each(?3)
