-- Those that are not there, of which nothing is counted yet. ?2: a JSON list of shared::search::counter::Counter.
INSERT INTO counters (tenant_id, name, anchor, tokens, received_from, received_to, counted_from, n)
SELECT ?1, value ->> 'name', value ->> '$.tokens[0]', value -> 'tokens', value ->> 'received_from', value ->> 'received_to',
  9223372036854775807, 0
FROM json_each(?2)
WHERE NOT EXISTS (SELECT 1 FROM tenant_holds WHERE tenant_id = ?1)
ON CONFLICT DO NOTHING
