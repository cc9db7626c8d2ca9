-- Of the list ?2: name, number, and 1 if all complaints are counted.
SELECT counter.name || ' ' || (counter.n + coalesce(c.changes ->> counter.name, 0)) || ' '
  || (counter.counted_from = -9223372036854775808) AS doc
FROM json_each(?2) wanted
CROSS JOIN counters counter
LEFT JOIN counter_changes c ON c.tenant_id = ?1
WHERE counter.tenant_id = ?1 AND counter.name = wanted.value ->> 'name'
