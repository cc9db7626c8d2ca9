-- ?2: a JSON list of views, each JSON as text.
INSERT INTO views (tenant_id, id, owner, name, version, doc)
SELECT ?1, value ->> 'id', value ->> 'owner', value ->> 'name', value ->> 'version', value
FROM json_each(?2)
