-- Comes right after the statement it records, and records it only if that changed something.
INSERT INTO operator_idempotency (key, fingerprint, status, body, created_at)
SELECT ?1, ?2, ?3, ?4, ?5 WHERE changes() > 0
