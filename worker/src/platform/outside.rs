//! What signing staff in needs of the runtime: see `identity.js`.

use super::{Fault, Runtime};
// What wasm-bindgen writes for functions that are awaited names it.
#[cfg(target_arch = "wasm32")]
use worker::js_sys;
use worker::wasm_bindgen::{self, JsValue, prelude::wasm_bindgen};

#[wasm_bindgen(module = "/src/identity.js")]
extern "C" {
    async fn ask(url: &str, body: &str, headers: &str, limit: u32, millis: u32) -> JsValue;
    async fn verify(jwk: &str, importing: &str, verifying: &str, signature: &[u8], data: &[u8]) -> JsValue;
    #[wasm_bindgen(js_name = ask_api)]
    async fn js_ask_api(env: &JsValue, method: &str, path: &str, headers: &str, body: &str, millis: u32) -> JsValue;
    #[wasm_bindgen(catch, js_name = seal)]
    async fn js_seal(secret: &[u8], text: &str) -> Result<JsValue, JsValue>;
    #[wasm_bindgen(js_name = unseal)]
    async fn js_unseal(secret: &[u8], sealed: &str) -> JsValue;
}

/// How long a provider is waited for, in milliseconds.
const PATIENCE_MILLIS: u32 = 8_000;

/// What an address outside says to a GET, or to a POST of a form: the status and the body. `None` if it does not say it in time.
pub(crate) async fn document(url: &str, form: &str, authorization: Option<&str>, limit: u32) -> Option<(u16, String)> {
    let mut headers = "accept: application/json\nuser-agent: Redress/1".to_owned();
    if !form.is_empty() {
        headers.push_str("\ncontent-type: application/x-www-form-urlencoded");
    }
    if let Some(authorization) = authorization {
        headers.push_str("\nauthorization: ");
        headers.push_str(authorization);
    }
    let said = ask(url, form, &headers, limit, PATIENCE_MILLIS).await.as_string()?;
    let (status, body) = said.split_once('\n')?;
    Some((status.parse().ok()?, body.to_owned()))
}

/// How long the API of this cell is waited for, in milliseconds: longer than any request takes, a change feed's that waits included.
const API_PATIENCE_MILLIS: u32 = 30_000;

/// An answer of the API.
pub(crate) struct ApiAnswer {
    pub(crate) status: u16,
    /// `ETag`; empty if there is none.
    pub(crate) tag: String,
    /// `Redress-Bookmark`; empty if there is none.
    pub(crate) seen: String,
    /// `Location`; empty if there is none.
    pub(crate) place: String,
    pub(crate) body: String,
}

/// What the API of this cell says. `headers`: `name: value` lines. `None` if it does not say it in time.
pub(crate) async fn ask_api(
    runtime: &Runtime,
    method: &str,
    path: &str,
    headers: &str,
    body: &str,
) -> Option<ApiAnswer> {
    let said = js_ask_api(runtime.env(), method, path, headers, body, API_PATIENCE_MILLIS).await.as_string()?;
    let mut parts = said.splitn(5, '\n');
    let status = parts.next()?.parse().ok()?;
    let mut next = || parts.next().map(str::to_owned);
    Some(ApiAnswer { status, tag: next()?, seen: next()?, place: next()?, body: next()? })
}

/// Whether a signature is one of a key.
pub(crate) async fn is_signed(jwk: &str, parameters: [&str; 2], signature: &[u8], data: &[u8]) -> bool {
    let [importing, verifying] = parameters;
    verify(jwk, importing, verifying, signature, data).await.is_truthy()
}

/// A text, sealed.
pub(crate) async fn seal(secret: &[u8; 32], text: &str) -> Result<String, Fault> {
    let sealed = js_seal(secret, text).await.map_err(|error| Fault::new("crypto", &error))?;
    Ok(sealed.as_string().unwrap_or_default())
}

/// The text that was sealed, if it was with this.
pub(crate) async fn unseal(secret: &[u8; 32], sealed: &str) -> Option<String> {
    js_unseal(secret, sealed).await.as_string()
}
