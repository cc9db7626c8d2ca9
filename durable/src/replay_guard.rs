//! [`ReplayGuard`], one per API key: each nonce of a signed request is accepted once, in whatever isolate it arrives.

use crate::exchange::{answer, done, now, question, wake};
use shared::object::replay_guard::{Seen, Used};
use worker::{DurableObject, Env, Request, Response, Result, SqlStorage, State, durable_object};

const TABLE: &str = "CREATE TABLE IF NOT EXISTS nonces (nonce TEXT NOT NULL PRIMARY KEY, expires_at INTEGER NOT NULL) STRICT, WITHOUT ROWID";
const USE: &str = "INSERT INTO nonces (nonce, expires_at) VALUES (?, ?) ON CONFLICT DO NOTHING RETURNING 1 AS first";
const FORGET: &str = "DELETE FROM nonces WHERE expires_at <= ?";
const LEFT: &str = "SELECT max(expires_at) AS last FROM nonces";
/// A signature is accepted for five minutes at most, so this often is enough.
const CLEANED_EVERY_MILLIS: i64 = 300_000;

/// The nonces of one key.
#[durable_object(alarm)]
pub struct ReplayGuard {
    state: State,
    sql: SqlStorage,
}

#[derive(serde::Deserialize)]
struct Last {
    last: Option<f64>,
}

impl DurableObject for ReplayGuard {
    fn new(state: State, _env: Env) -> Self {
        let sql = state.storage().sql();
        Self { state, sql }
    }

    /// Answers [`Used`] with [`Seen`].
    async fn fetch(&self, mut request: Request) -> Result<Response> {
        let Used { nonce, expires_at } = question(&mut request).await?;
        self.sql.exec(TABLE, None)?;
        let rows = self.sql.exec(USE, vec![nonce.into(), expires_at.unix_millis().into()])?;
        let first = !rows.to_array::<serde::de::IgnoredAny>()?.is_empty();
        if first && self.state.storage().get_alarm().await?.is_none() {
            wake(&self.state, now().plus_millis(CLEANED_EVERY_MILLIS)).await?;
        }
        answer(&Seen { first })
    }

    /// Forgets nonces whose signatures are no longer accepted anyway.
    async fn alarm(&self) -> Result<Response> {
        self.sql.exec(TABLE, None)?;
        self.sql.exec(FORGET, vec![now().unix_millis().into()])?;
        let left: Vec<Last> = self.sql.exec(LEFT, None)?.to_array()?;
        if left.first().and_then(|row| row.last).is_some() {
            wake(&self.state, now().plus_millis(CLEANED_EVERY_MILLIS)).await?;
        } else {
            self.state.storage().delete_all().await?;
        }
        done()
    }
}
