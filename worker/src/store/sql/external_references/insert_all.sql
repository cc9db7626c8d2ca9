-- ?2: a JSON list of [external reference, complaint, the request].
INSERT INTO external_references (tenant_id, external_reference, complaint_id, claimed_by, claimed_at)
SELECT ?1, value ->> 0, value ->> 1, value ->> 2, ?3
FROM json_each(?2)
