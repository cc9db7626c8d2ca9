SELECT fingerprint, status, body FROM operator_idempotency WHERE key = ?1
