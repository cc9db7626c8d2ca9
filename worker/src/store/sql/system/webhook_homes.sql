-- Where the first slots of some tenants lie.
SELECT t.id, t.doc ->> '$.shards[0]' AS shard FROM json_each(?1) wanted CROSS JOIN tenants t WHERE t.id = wanted.value
