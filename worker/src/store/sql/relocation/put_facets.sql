-- ?2: a JSON list of [facet, value, received at, complaint].
INSERT INTO complaint_facets (tenant_id, facet, value, received_at, complaint_id)
SELECT ?1, value ->> 0, value ->> 1, value ->> 2, value ->> 3 FROM json_each(?2)
