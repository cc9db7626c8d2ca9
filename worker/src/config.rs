//! What a deployment is told: variables and secrets, read once per isolate.

use crate::platform::Runtime;
use shared::{
    chain::Digest,
    http::cursor::CursorKey,
    json,
    limit::plan::Limits,
    sign::{
        api_key::{CellKeys, KeyRing},
        request_key::RequestSecrets,
    },
    tenant::{CellName, relocation::KEPT_MILLIS},
};
use std::{cell::RefCell, rc::Rc};
use subtle::ConstantTimeEq as _;

/// The settings of this deployment. It has no tenant's data.
pub(crate) struct Config {
    pub(crate) cell: CellName,
    pub(crate) keys: KeyRing,
    pub(crate) cursors: CursorKey,
    /// The same in all cells, for a tenant takes its secrets along when it moves.
    pub(crate) request_secrets: RequestSecrets,
    operator: Digest,
    /// What one address may ask without credentials.
    pub(crate) anonymous: Option<Limits>,
    /// How long a cell keeps its copy of a tenant that has left, in milliseconds.
    pub(crate) relocation_kept_millis: i64,
    /// Whether webhooks may be sent to this machine: for tests and development.
    pub(crate) webhooks_to_loopback: bool,
    /// What the time between two attempts to deliver a webhook is divided by: 1 but in tests.
    pub(crate) webhooks_hurry: i64,
    /// Whether answers say what they cost: for tests and benchmarks.
    pub(crate) expose_cost: bool,
    /// Whether every request is logged, or only what went wrong.
    pub(crate) log_requests: bool,
}

/// A setting that is missing or malformed.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("setting {0} is missing or malformed")]
pub(crate) struct BadSetting(pub(crate) &'static str);

thread_local! {
    static CONFIG: RefCell<Option<Rc<Config>>> = const { RefCell::new(None) };
}

impl Config {
    pub(crate) fn of(runtime: &Runtime) -> Result<Rc<Self>, BadSetting> {
        if let Some(config) = CONFIG.with_borrow(Clone::clone) {
            return Ok(config);
        }
        let config = Rc::new(Self::read(runtime)?);
        CONFIG.set(Some(Rc::clone(&config)));
        Ok(config)
    }

    fn read(runtime: &Runtime) -> Result<Self, BadSetting> {
        let setting = |name| runtime.variable(name).ok_or(BadSetting(name));
        let cell = CellName::try_from(setting("CELL")?).map_err(|_| BadSetting("CELL"))?;
        let cells: CellKeys = json::from_str(&setting("CELL_KEYS")?).map_err(|_| BadSetting("CELL_KEYS"))?;
        Ok(Self {
            keys: KeyRing::new(cell.clone(), &setting("API_KEY_SEED")?, &cells)
                .map_err(|_| BadSetting("API_KEY_SEED"))?,
            cursors: CursorKey::from_base64url(&setting("CURSOR_KEY")?).ok_or(BadSetting("CURSOR_KEY"))?,
            request_secrets: RequestSecrets::from_base64url(&setting("REQUEST_SIGNING_KEY")?)
                .map_err(|_| BadSetting("REQUEST_SIGNING_KEY"))?,
            operator: Digest::try_from(setting("OPERATOR_KEY_SHA256")?)
                .map_err(|_| BadSetting("OPERATOR_KEY_SHA256"))?,
            cell,
            anonymous: match runtime.variable("ANONYMOUS_LIMITS") {
                Some(text) => Some(json::from_str(&text).map_err(|_| BadSetting("ANONYMOUS_LIMITS"))?),
                None => Limits::anonymous().cloned(),
            },
            relocation_kept_millis: match runtime.variable("RELOCATION_KEPT_MILLIS") {
                Some(text) => text.parse().map_err(|_| BadSetting("RELOCATION_KEPT_MILLIS"))?,
                None => KEPT_MILLIS,
            },
            webhooks_to_loopback: runtime.variable("WEBHOOKS_TO_LOOPBACK").as_deref() == Some("1"),
            webhooks_hurry: match runtime.variable("WEBHOOKS_HURRY") {
                Some(text) => text.parse().map_err(|_| BadSetting("WEBHOOKS_HURRY"))?,
                None => 1,
            },
            expose_cost: runtime.variable("EXPOSE_COST").as_deref() == Some("1"),
            log_requests: runtime.variable("LOG").as_deref() != Some("warn"),
        })
    }

    /// Whether this is the operator's key. Only its hash is known here, and it is compared in constant time.
    pub(crate) fn is_operator(&self, token: &str) -> bool {
        Digest::of(token.as_bytes()).as_bytes().ct_eq(self.operator.as_bytes()).into()
    }
}
