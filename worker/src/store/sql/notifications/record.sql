-- What became of notifications by rule ?3, all alike: of those in ?2, a JSON list of complaint and number of the event. ?4: a JSON list of
-- their status, why, when they are seen to again, how many attempts have failed, and the attempt, if there was one. What somebody else
-- has ended meanwhile stays as it is.
UPDATE notifications
SET status = ?4 ->> 0, reason = ?4 ->> 1, next_at = ?4 ->> 2, failed = ?4 ->> 3,
  attempts = CASE WHEN json_type(?4, '$[4]') = 'null' THEN attempts ELSE json_insert(
    CASE WHEN json_array_length(attempts) >= 20 THEN json_remove(attempts, '$[0]') ELSE attempts END, '$[#]', ?4 -> 4
  ) END,
  change = (SELECT max(change) FROM notifications WHERE tenant_id = ?1) + 1
WHERE tenant_id = ?1 AND rule = ?3 AND +status = 'queued'
  AND (complaint_id, seq) IN (SELECT value ->> 0, value ->> 1 FROM json_each(?2))
