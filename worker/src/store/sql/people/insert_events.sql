-- What has happened to ?2 (a JSON list, ?5), if they have become ?6 by this.
INSERT INTO person_events (tenant_id, nr, person_id, at, actor, event)
SELECT ?1, (SELECT coalesce(max(nr), 0) + 1 FROM person_events WHERE tenant_id = ?1) + list.key, ?2, ?3, ?4, list.value
FROM json_each(?5) AS list
CROSS JOIN people
WHERE people.tenant_id = ?1 AND people.id = ?2 AND people.doc = ?6
