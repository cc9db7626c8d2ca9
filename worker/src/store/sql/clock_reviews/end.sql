-- If there was no other behind them: no id is `~`.
DELETE FROM clock_reviews WHERE tenant_id = ?1 AND after = '~'
