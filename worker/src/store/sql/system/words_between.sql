-- The tokens of the index from ?1 to ?2, ?3 of them at most. Each step looks up the next one, so that how often a word is
-- used costs nothing.
WITH RECURSIVE found (term) AS (
  SELECT (SELECT term FROM complaint_vocabulary WHERE term >= ?1 LIMIT 1)
  UNION ALL
  SELECT (SELECT term FROM complaint_vocabulary WHERE term >= found.term || '!' LIMIT 1) FROM found
  WHERE found.term <= ?2
  LIMIT ?3
)
SELECT term FROM found WHERE term >= ?1 AND term <= ?2
