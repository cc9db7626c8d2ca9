-- ?2: a JSON list of [facet, value, how many more].
INSERT INTO complaint_counts (tenant_id, facet, value, n)
SELECT ?1, value ->> 0, value ->> 1, value ->> 2 FROM json_each(?2)
WHERE true
ON CONFLICT (tenant_id, facet, value) DO UPDATE SET n = n + excluded.n
