//! The cell's bucket (R2): bytes that are called after the tenant that they are of and after what they are, so that what is there
//! twice is there once, and what was altered is found out.

use super::{Fault, Runtime};
use shared::{
    chain::Digest,
    complaint::event::EventBody,
    ids::{ComplaintId, LetterId, TenantId},
    json,
};
use std::{fmt, str::FromStr};
use worker::{
    js_sys,
    wasm_bindgen::{self, JsCast, JsValue, prelude::wasm_bindgen},
};

#[wasm_bindgen(module = "/src/glue.js")]
extern "C" {
    #[wasm_bindgen(catch)]
    async fn bucket_put(env: &JsValue, key: &str, bytes: &[u8], sha256: &str) -> Result<JsValue, JsValue>;
    #[wasm_bindgen(catch)]
    async fn bucket_get(env: &JsValue, key: &str) -> Result<JsValue, JsValue>;
    #[wasm_bindgen(catch)]
    async fn bucket_take(env: &JsValue, key: &str, request: &JsValue, sha256: &str) -> Result<JsValue, JsValue>;
    #[wasm_bindgen(catch)]
    async fn bucket_send(
        env: &JsValue,
        key: &str,
        binding: &str,
        path: &str,
        token: &str,
        millis: u32,
    ) -> Result<JsValue, JsValue>;
    #[wasm_bindgen(catch)]
    async fn bucket_delete(env: &JsValue, key: &str) -> Result<JsValue, JsValue>;
    #[wasm_bindgen(catch)]
    async fn bucket_claim(env: &JsValue, key: &str, text: &str) -> Result<JsValue, JsValue>;
    #[wasm_bindgen(catch)]
    async fn bucket_keys(env: &JsValue, prefix: &str, limit: u32) -> Result<JsValue, JsValue>;
    #[wasm_bindgen(catch)]
    async fn bucket_text(env: &JsValue, key: &str) -> Result<JsValue, JsValue>;
    #[wasm_bindgen(catch)]
    async fn bucket_purge(env: &JsValue, prefix: &str) -> Result<JsValue, JsValue>;
}

/// What is kept in the bucket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Object {
    /// A letter as it was printed when it was sent.
    Letter { complaint: ComplaintId, letter: LetterId, digest: Digest },
}

impl Object {
    /// What an event of a complaint names.
    pub(crate) const fn named_by(complaint: ComplaintId, event: &EventBody) -> Option<Self> {
        match event {
            EventBody::LetterSent { letter, pdf: Some(digest), .. } => {
                Some(Self::Letter { complaint, letter: *letter, digest: *digest })
            }
            _ => None,
        }
    }

    /// The SHA-256 of its bytes.
    const fn digest(&self) -> Digest {
        match self {
            Self::Letter { digest, .. } => *digest,
        }
    }

    /// Its key. All of a complaint's begin alike.
    fn key(&self, tenant: TenantId) -> String {
        format!("{}{self}", prefix(tenant))
    }
}

/// The key, without the tenant.
impl fmt::Display for Object {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Letter { complaint, letter, digest } => write!(f, "{complaint}/letters/{letter}/{digest}.pdf"),
        }
    }
}

/// What became of sending an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sent {
    /// The other cell has answered, with this status.
    Answered(u16),
    /// It has not, or not in time.
    Silent,
    /// There is no such object here.
    NotHere,
}

/// The text is no [`Object`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct NoObject;

impl FromStr for Object {
    type Err = NoObject;

    fn from_str(text: &str) -> Result<Self, NoObject> {
        let parts: Vec<&str> = text.split('/').collect();
        let &[complaint, "letters", letter, file] = parts.as_slice() else { return Err(NoObject) };
        let digest = file.strip_suffix(".pdf").ok_or(NoObject)?;
        Ok(Self::Letter {
            complaint: complaint.parse().map_err(|_| NoObject)?,
            letter: letter.parse().map_err(|_| NoObject)?,
            digest: Digest::try_from(digest.to_owned()).map_err(|_| NoObject)?,
        })
    }
}

/// What the keys of all of a tenant's objects begin with.
fn prefix(tenant: TenantId) -> String {
    format!("{tenant}/")
}

fn fault(error: &JsValue) -> Fault {
    Fault::new("bucket", error)
}

impl Runtime {
    /// Keeps bytes that are this object.
    pub(crate) async fn keep(&self, tenant: TenantId, object: &Object, bytes: &[u8]) -> Result<(), Fault> {
        let put = bucket_put(self.env(), &object.key(tenant), bytes, &object.digest().to_string()).await;
        put.map(drop).map_err(|error| fault(&error))
    }

    /// The bytes of an object, if it is there and they are what it is called after.
    pub(crate) async fn kept(&self, tenant: TenantId, object: &Object) -> Result<Option<Vec<u8>>, Fault> {
        let found = bucket_get(self.env(), &object.key(tenant)).await.map_err(|error| fault(&error))?;
        let Some(bytes) = found.dyn_ref::<js_sys::Uint8Array>().map(js_sys::Uint8Array::to_vec) else {
            return Ok(None);
        };
        if Digest::of(&bytes) == object.digest() {
            return Ok(Some(bytes));
        }
        Err(Fault { dependency: "bucket", message: format!("{object} is not what it was") })
    }

    /// Keeps the body of a request, piece by piece, if it is this object.
    pub(crate) async fn take(
        &self,
        tenant: TenantId,
        object: &Object,
        incoming: &super::Incoming,
    ) -> Result<(), Fault> {
        let sha256 = object.digest().to_string();
        let taken = bucket_take(self.env(), &object.key(tenant), &incoming.request, &sha256).await;
        taken.map(drop).map_err(|error| fault(&error))
    }

    /// Sends an object to another cell, piece by piece.
    pub(crate) async fn send_object(
        &self,
        tenant: TenantId,
        object: &Object,
        (binding, path, token): (&str, &str, &str),
        millis: u32,
    ) -> Result<Sent, Fault> {
        let sent = bucket_send(self.env(), &object.key(tenant), binding, path, token, millis).await;
        let said = sent.map_err(|error| fault(&error))?.as_string();
        Ok(match said.map(|said| said.parse()) {
            None => Sent::NotHere,
            Some(Ok(status)) => Sent::Answered(status),
            Some(Err(_)) => Sent::Silent,
        })
    }

    /// Deletes an object.
    pub(crate) async fn forget(&self, tenant: TenantId, object: &Object) -> Result<(), Fault> {
        self.delete(&object.key(tenant)).await
    }

    /// Deletes what is kept under a key.
    pub(crate) async fn delete(&self, key: &str) -> Result<(), Fault> {
        bucket_delete(self.env(), key).await.map(drop).map_err(|error| fault(&error))
    }

    /// Keeps a text under a key, unless there is one already: then that.
    pub(crate) async fn claim(&self, key: &str, text: &str) -> Result<Option<String>, Fault> {
        let there = bucket_claim(self.env(), key, text).await.map_err(|error| fault(&error))?;
        Ok(there.as_string())
    }

    /// The text that is kept under a key.
    pub(crate) async fn text(&self, key: &str) -> Result<Option<String>, Fault> {
        let text = bucket_text(self.env(), key).await.map_err(|error| fault(&error))?;
        Ok(text.as_string())
    }

    /// The first keys that begin so, in their order: at most 1,000.
    pub(crate) async fn keys(&self, prefix: &str, limit: u32) -> Result<Vec<String>, Fault> {
        let list = bucket_keys(self.env(), prefix, limit).await.map_err(|error| fault(&error))?;
        json::from_str(&list.as_string().unwrap_or_default())
            .map_err(|error| Fault { dependency: "bucket", message: error.to_string() })
    }

    /// Deletes some of a tenant's objects. True if there are no more.
    pub(crate) async fn purge_objects(&self, tenant: TenantId) -> Result<bool, Fault> {
        let purged = bucket_purge(self.env(), &prefix(tenant)).await.map_err(|error| fault(&error))?;
        Ok(purged.is_truthy())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_object_is_called_after_what_it_is() {
        let key = format!(
            "018bcfe5-6800-7303-8303-030303030300/letters/018bcfe5-6800-7303-8303-030303030301/{}.pdf",
            Digest::of(b"x")
        );
        let object: Object = key.parse().unwrap();
        assert_eq!((object.to_string(), object.digest()), (key.clone(), Digest::of(b"x")));
        for other in ["", "a/letters/b/c.pdf", &key.replace("letters", "secrets"), &format!("{key}/.."), &key[..80]] {
            assert_eq!(other.parse::<Object>(), Err(NoObject), "{other}");
        }
    }
}
