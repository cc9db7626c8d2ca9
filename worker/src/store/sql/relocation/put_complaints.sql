-- Fails unless each is here at the version, if any, that the sender of this statement has seen.
-- ?2: a JSON list of [[id, reference, external reference, received at], [version, doc, summary, key],
-- [version seen, place], [words, likeness, labels], [due at, due on, wake at]].
INSERT INTO complaints
  (tenant_id, id, reference, external_reference, received_at, version, doc, summary, created_by_key, place, words,
   likeness, labels, due_at, due_on, wake_at)
SELECT ?1, value ->> '$[0][0]', value ->> '$[0][1]', value ->> '$[0][2]', value ->> '$[0][3]',
  CASE WHEN value ->> '$[2][0]' IS NOT DISTINCT FROM (
    SELECT c.version FROM complaints c WHERE c.tenant_id = ?1 AND c.id = value ->> '$[0][0]'
  ) THEN value ->> '$[1][0]' END,
  value ->> '$[1][1]', value ->> '$[1][2]', value ->> '$[1][3]', CAST(value ->> '$[2][1]' AS INTEGER),
  value ->> '$[3][0]', value ->> '$[3][1]', value ->> '$[3][2]',
  value ->> '$[4][0]', value ->> '$[4][1]', value ->> '$[4][2]'
FROM json_each(?2)
WHERE true
ON CONFLICT (tenant_id, id) DO UPDATE
SET external_reference = excluded.external_reference, received_at = excluded.received_at, version = excluded.version,
  doc = excluded.doc, summary = excluded.summary, words = excluded.words,
  likeness = excluded.likeness, labels = excluded.labels,
  due_at = excluded.due_at, due_on = excluded.due_on, wake_at = excluded.wake_at,
  place = CASE WHEN complaints.place & -2147483648 = excluded.place & -2147483648 THEN complaints.place ELSE excluded.place END
WHERE complaints.tenant_id = ?1
