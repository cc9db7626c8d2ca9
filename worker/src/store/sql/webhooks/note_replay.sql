-- Before `replay.sql`, which has the same parameters: request ?8, ?9, and what it will have come to: how many messages, and when what the
-- last of them tells of happened. Of the requests of an endpoint the last 20 are known.
UPDATE webhook_endpoints
SET requests = json_insert(
    CASE WHEN json_array_length(requests) >= 20 THEN json_remove(requests, '$[0]') ELSE requests END, '$[#]', json_array(?8, ?9, (
      SELECT count(*) || ' ' || coalesce(max(chosen.at), '') FROM (
        SELECT m.at FROM webhook_messages m
        WHERE m.tenant_id = ?1 AND m.endpoint_id = ?2 AND m.at >= CAST(?3 AS INTEGER) AND m.at < CAST(?4 AS INTEGER)
          AND m.next_at IS NULL AND (?5 = '' OR m.state <> 'delivered')
        ORDER BY m.at, m.subject, m.seq
        LIMIT CAST(?7 AS INTEGER)
      ) chosen
    ))
  ),
  change = (SELECT max(change) FROM webhook_endpoints WHERE tenant_id = ?1) + 1
WHERE tenant_id = ?1 AND id = ?2 AND deleted_at IS NULL
RETURNING requests ->> '$[#-1][2]' AS doc
