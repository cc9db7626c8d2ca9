-- ?2: a JSON list of [id, reference, external reference, received at, version, doc, summary, key, place, words, likeness,
-- labels, due at, due on, wake at]. ?3: the tenant's code, which is put before each of the words, a space after each: it is an eighth of
-- what a complaint would be written with.
INSERT INTO complaints
  (tenant_id, id, reference, external_reference, received_at, version, doc, summary, created_by_key, place, words,
   likeness, labels, due_at, due_on, wake_at)
SELECT ?1, value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4, value ->> 5, value ->> 6, value ->> 7,
  CAST(value ->> 8 AS INTEGER), ?3 || replace(rtrim(value ->> 9), ' ', ' ' || ?3) || ' ', value ->> 10, value ->> 11, value ->> 12, value ->> 13,
  value ->> 14
FROM json_each(?2)
