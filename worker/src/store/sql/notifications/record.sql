-- What became of a notification. ?5: a JSON list of its status, why, when it is seen to again, how many attempts have failed, and the
-- attempt, if there was one. What somebody else has ended meanwhile stays as it is.
UPDATE notifications
SET status = ?5 ->> 0, reason = ?5 ->> 1, next_at = ?5 ->> 2, failed = ?5 ->> 3,
  attempts = CASE WHEN json_type(?5, '$[4]') = 'null' THEN attempts ELSE json_insert(
    CASE WHEN json_array_length(attempts) >= 20 THEN json_remove(attempts, '$[0]') ELSE attempts END, '$[#]', ?5 -> 4
  ) END,
  change = (SELECT max(change) FROM notifications WHERE tenant_id = ?1) + 1
WHERE tenant_id = ?1 AND complaint_id = ?2 AND seq = CAST(?3 AS INTEGER) AND rule = ?4 AND status = 'queued'
