//! Connections to servers outside, a line of bytes each way: see `glue.js`.

use super::{Fault, Runtime};
use worker::{
    js_sys,
    wasm_bindgen::{self, JsCast, JsValue, prelude::wasm_bindgen},
};

#[wasm_bindgen(module = "/src/glue.js")]
extern "C" {
    #[wasm_bindgen(catch)]
    async fn line_open(address: &str, secure: &str) -> Result<JsValue, JsValue>;
    #[wasm_bindgen(catch)]
    async fn line_say(line: &JsValue, bytes: &[u8], millis: u32) -> Result<JsValue, JsValue>;
    #[wasm_bindgen(catch)]
    fn line_secure(line: &JsValue) -> Result<JsValue, JsValue>;
    async fn line_close(line: &JsValue);
    #[wasm_bindgen(catch)]
    async fn mail_send(env: &JsValue, from: &str, to: &str, text: &str) -> Result<JsValue, JsValue>;
}

/// What an exchange that takes too long fails with.
const LATE: &str = "timeout";

/// A connection.
pub(crate) struct Line(JsValue);

/// The connection is gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Broken {
    /// Nothing was said in time.
    Late,
    /// There was none, or it ended.
    Ended,
}

fn broken(error: &JsValue) -> Broken {
    if Fault::new("line", error).message == LATE { Broken::Late } else { Broken::Ended }
}

impl Line {
    /// Connects to `host:port`. `secure` is `on`, `starttls` or `off`.
    pub(crate) async fn open(address: &str, secure: &str) -> Result<Self, Broken> {
        line_open(address, secure).await.map(Self).map_err(|error| broken(&error))
    }

    /// Says something, or nothing, and gives what is said next.
    pub(crate) async fn say(&self, bytes: &[u8], millis: u32) -> Result<Vec<u8>, Broken> {
        let said = line_say(&self.0, bytes, millis).await.map_err(|error| broken(&error))?;
        let said = said.dyn_ref::<js_sys::Uint8Array>().map(js_sys::Uint8Array::to_vec).unwrap_or_default();
        if said.is_empty() { Err(Broken::Ended) } else { Ok(said) }
    }

    /// Encrypts it, if it was opened so that it can be.
    pub(crate) fn secure(&mut self) -> Result<(), Broken> {
        self.0 = line_secure(&self.0).map_err(|error| broken(&error))?;
        Ok(())
    }

    pub(crate) async fn close(self) {
        line_close(&self.0).await;
    }
}

impl Runtime {
    /// Hands a mail to Cloudflare's binding. The mail is ASCII.
    pub(crate) async fn mail(&self, from: &str, to: &str, text: &str) -> Result<(), Fault> {
        mail_send(self.env(), from, to, text).await.map(drop).map_err(|error| Fault::new("mail", &error))
    }
}
