INSERT INTO complaint_facets (tenant_id, facet, value, received_at, complaint_id)
SELECT ?1, value ->> 0, value ->> 1, ?3, ?2 FROM json_each(?4)
