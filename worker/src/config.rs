//! What a deployment is told: variables and secrets, read once per isolate.

use crate::platform::Runtime;
use shared::{chain::Digest, http::cursor::CursorKey, sign::api_key::KeyRing, tenant::CellName};
use std::{cell::RefCell, rc::Rc};
use subtle::ConstantTimeEq as _;

/// The settings of this deployment. It has no tenant's data.
pub(crate) struct Config {
    pub(crate) cell: CellName,
    pub(crate) keys: KeyRing,
    pub(crate) cursors: CursorKey,
    operator: Digest,
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
        Ok(Self {
            cell: CellName::try_from(setting("CELL")?).map_err(|_| BadSetting("CELL"))?,
            keys: KeyRing::from_seed(&setting("API_KEY_SEED")?).map_err(|_| BadSetting("API_KEY_SEED"))?,
            cursors: CursorKey::from_base64url(&setting("CURSOR_KEY")?).ok_or(BadSetting("CURSOR_KEY"))?,
            operator: Digest::try_from(setting("OPERATOR_KEY_SHA256")?)
                .map_err(|_| BadSetting("OPERATOR_KEY_SHA256"))?,
            expose_cost: runtime.variable("EXPOSE_COST").as_deref() == Some("1"),
            log_requests: runtime.variable("LOG").as_deref() != Some("warn"),
        })
    }

    /// Whether this is the operator's key. Only its hash is known here, and it is compared in constant time.
    pub(crate) fn is_operator(&self, token: &str) -> bool {
        Digest::of(token.as_bytes()).as_bytes().ct_eq(self.operator.as_bytes()).into()
    }
}
