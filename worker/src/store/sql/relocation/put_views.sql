-- ?2: a JSON list of what view_records.sql gives.
INSERT INTO views (tenant_id, id, owner, name, version, created_at, updated_at, fields)
SELECT ?1, value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4, value ->> 5, value ->> 6
FROM json_each(?2)
