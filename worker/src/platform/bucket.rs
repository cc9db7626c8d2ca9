//! The cell's bucket (R2): bytes that are called after the tenant that they are of and after what they are, so that what is there
//! twice is there once, and what was altered is found out. Attachments come piece by piece, and are kept before it is known what they
//! are; so theirs are called after the attachment alone, and their hash is checked when they are scanned and when they move.

use super::{Fault, Outlet, Runtime, dependency::Dependency};
use serde::Deserialize;
use shared::{
    attachment::upload::Upload,
    chain::Digest,
    complaint::event::EventBody,
    ids::{AttachmentId, ComplaintId, LetterId, MailId, TenantId},
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
    fn intake(request: &JsValue) -> JsValue;
    fn mail_intake(message: &JsValue) -> JsValue;
    #[wasm_bindgen(catch)]
    async fn intake_begin(intake: &JsValue, enough: u32) -> Result<JsValue, JsValue>;
    async fn intake_keep(
        env: &JsValue,
        key: &str,
        upload: &str,
        part: u32,
        intake: &JsValue,
        size: f64,
        text: bool,
        sha512: bool,
    ) -> JsValue;
    #[wasm_bindgen(catch)]
    async fn bucket_intake(env: &JsValue, key: &str) -> Result<JsValue, JsValue>;
    #[wasm_bindgen(catch)]
    async fn upload_begin(env: &JsValue, key: &str) -> Result<JsValue, JsValue>;
    #[wasm_bindgen(catch)]
    async fn upload_complete(
        env: &JsValue,
        key: &str,
        upload: &str,
        parts: &str,
        size: f64,
    ) -> Result<JsValue, JsValue>;
    async fn upload_abort(env: &JsValue, key: &str, upload: &str);
    #[wasm_bindgen(catch)]
    async fn bucket_has(env: &JsValue, key: &str) -> Result<JsValue, JsValue>;
    #[wasm_bindgen(catch)]
    async fn bucket_open(env: &JsValue, key: &str, from: f64, bytes: f64) -> Result<JsValue, JsValue>;
    #[wasm_bindgen(catch)]
    async fn bucket_scan(env: &JsValue, key: &str, address: &str, millis: u32) -> Result<JsValue, JsValue>;
    #[wasm_bindgen(catch)]
    async fn bucket_thumbnail(env: &JsValue, key: &str) -> Result<JsValue, JsValue>;
    #[wasm_bindgen(catch)]
    async fn bucket_delete(env: &JsValue, key: &str) -> Result<JsValue, JsValue>;
    #[wasm_bindgen(catch)]
    async fn bucket_claim(env: &JsValue, key: &str, text: &str) -> Result<JsValue, JsValue>;
    #[wasm_bindgen(catch)]
    async fn bucket_keys(env: &JsValue, prefix: &str, limit: u32) -> Result<JsValue, JsValue>;
    #[wasm_bindgen(catch)]
    async fn bucket_text(env: &JsValue, key: &str) -> Result<JsValue, JsValue>;
    #[wasm_bindgen(catch)]
    async fn bucket_seal(env: &JsValue, key: &str, secret: &[u8], bytes: &[u8]) -> Result<JsValue, JsValue>;
    #[wasm_bindgen(catch)]
    async fn bucket_unseal(env: &JsValue, key: &str, secret: &[u8]) -> Result<JsValue, JsValue>;
    #[wasm_bindgen(catch)]
    async fn bucket_purge(env: &JsValue, prefix: &str) -> Result<JsValue, JsValue>;
}

/// What is kept in the bucket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Object {
    /// A letter as it was printed when it was sent.
    Letter { complaint: ComplaintId, letter: LetterId, digest: Digest },
    /// A mail as it came.
    Mail { mail: MailId, digest: Digest },
    /// An attachment.
    File { complaint: ComplaintId, attachment: AttachmentId, digest: Digest },
}

impl Object {
    /// What an event of a complaint names.
    pub(crate) const fn named_by(complaint: ComplaintId, event: &EventBody) -> Option<Self> {
        match event {
            EventBody::LetterSent { letter, pdf: Some(digest), .. } => {
                Some(Self::Letter { complaint, letter: *letter, digest: *digest })
            }
            EventBody::AttachmentAdded { attachment, sha256, .. } => {
                Some(Self::File { complaint, attachment: *attachment, digest: *sha256 })
            }
            _ => None,
        }
    }

    /// The SHA-256 of its bytes.
    const fn digest(&self) -> Digest {
        match self {
            Self::Letter { digest, .. } | Self::File { digest, .. } | Self::Mail { digest, .. } => *digest,
        }
    }

    /// Its key. All of a complaint's begin alike.
    fn key(&self, tenant: TenantId) -> String {
        match self {
            Self::Letter { .. } => format!("{}{self}", prefix(tenant)),
            Self::File { complaint, attachment, .. } => file_key(tenant, *complaint, *attachment),
            Self::Mail { mail, .. } => mail_key(tenant, *mail),
        }
    }
}

/// The key of an attachment, which is the same before it is known what it is.
fn file_key(tenant: TenantId, complaint: ComplaintId, attachment: AttachmentId) -> String {
    format!("{}{complaint}/attachments/{attachment}", prefix(tenant))
}

/// Where a file goes that comes.
#[derive(Clone, Copy)]
pub(crate) struct Place {
    pub(crate) tenant: TenantId,
    pub(crate) complaint: ComplaintId,
    pub(crate) attachment: AttachmentId,
}

impl Place {
    fn key(self) -> String {
        file_key(self.tenant, self.complaint, self.attachment)
    }
}

/// The key of a mail, which likewise is the same before it is known what it is.
fn mail_key(tenant: TenantId, mail: MailId) -> String {
    format!("{}mails/{mail}", prefix(tenant))
}

/// The key, without the tenant; of an attachment with its digest.
impl fmt::Display for Object {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Letter { complaint, letter, digest } => write!(f, "{complaint}/letters/{letter}/{digest}.pdf"),
            Self::File { complaint, attachment, digest } => {
                write!(f, "{complaint}/attachments/{attachment}/{digest}")
            }
            Self::Mail { mail, digest } => write!(f, "mails/{mail}/{digest}"),
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
        let digest = |text: &str| Digest::try_from(text.to_owned()).map_err(|_| NoObject);
        match *parts.as_slice() {
            [complaint, "letters", letter, file] => Ok(Self::Letter {
                complaint: complaint.parse().map_err(|_| NoObject)?,
                letter: letter.parse().map_err(|_| NoObject)?,
                digest: digest(file.strip_suffix(".pdf").ok_or(NoObject)?)?,
            }),
            ["mails", mail, of] => Ok(Self::Mail { mail: mail.parse().map_err(|_| NoObject)?, digest: digest(of)? }),
            [complaint, "attachments", attachment, of] => Ok(Self::File {
                complaint: complaint.parse().map_err(|_| NoObject)?,
                attachment: attachment.parse().map_err(|_| NoObject)?,
                digest: digest(of)?,
            }),
            _ => Err(NoObject),
        }
    }
}

/// A file that comes, of which the beginning may have been looked at.
pub(crate) struct Intake(JsValue);

/// What a file that came is.
#[derive(Deserialize)]
pub(crate) struct TakenIn {
    pub(crate) sha256: Digest,
    /// If it was wanted.
    sha512: Option<String>,
    /// What the bucket calls it, if it was kept.
    #[serde(default)]
    pub(crate) etag: String,
}

impl TakenIn {
    /// The SHA-512, if it was wanted.
    pub(crate) fn sha512(&self) -> Option<Vec<u8>> {
        let byte = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok();
        self.sha512.as_ref().and_then(|hex| hex.as_bytes().chunks(2).map(byte).collect())
    }
}

/// Why a file that came is not kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum NotKept {
    /// It has more or fewer bytes than was said.
    Size,
    /// It is not UTF-8, or has U+0000, and was said to be text.
    NotText,
    /// The caller has broken off, or the bucket has. The text is for the log only.
    Broken(String),
}

/// What a scanner has said of a file.
pub(crate) struct Scanned {
    /// The SHA-256 of the bytes that it was given.
    pub(crate) sha256: Digest,
    pub(crate) reply: String,
}

/// What the keys of all of a tenant's objects begin with.
fn prefix(tenant: TenantId) -> String {
    format!("{tenant}/")
}

/// What faults call it.
const BUCKET: &str = "bucket";

fn fault(error: &JsValue) -> Fault {
    Fault::new("bucket", error)
}

#[allow(clippy::cast_precision_loss, reason = "a file has far fewer than 2^53 bytes")]
const fn number(bytes: u64) -> f64 {
    bytes as f64
}

impl Intake {
    pub(crate) fn new(incoming: &super::Incoming) -> Self {
        Self(intake(&incoming.request))
    }

    /// A mail.
    pub(crate) fn of_mail(message: &JsValue) -> Self {
        Self(mail_intake(message))
    }

    /// The beginning, of at least so many bytes if there are as many. It is not lost.
    pub(crate) async fn begin(&self, enough: u32) -> Result<Vec<u8>, Fault> {
        let begins = intake_begin(&self.0, enough).await.map_err(|error| Fault::new("body", &error))?;
        Ok(begins.dyn_ref::<js_sys::Uint8Array>().map(js_sys::Uint8Array::to_vec).unwrap_or_default())
    }
}

impl Runtime {
    /// Keeps bytes that are this object.
    pub(crate) async fn keep(&self, tenant: TenantId, object: &Object, bytes: &[u8]) -> Result<(), Fault> {
        let (key, digest) = (object.key(tenant), object.digest().to_string());
        Dependency::Bucket.ask(BUCKET, bucket_put(self.env(), &key, bytes, &digest)).await.map(drop)
    }

    /// The bytes of an object, if it is there and they are what it is called after.
    pub(crate) async fn kept(&self, tenant: TenantId, object: &Object) -> Result<Option<Vec<u8>>, Fault> {
        let Some(bytes) = self.found(tenant, object).await? else { return Ok(None) };
        if Digest::of(&bytes) == object.digest() {
            return Ok(Some(bytes));
        }
        Err(Fault { dependency: "bucket", message: format!("{object} is not what it was") })
    }

    /// The bytes that are kept where an object is to be, whatever they are.
    pub(crate) async fn found(&self, tenant: TenantId, object: &Object) -> Result<Option<Vec<u8>>, Fault> {
        let found = Dependency::Bucket.ask(BUCKET, bucket_get(self.env(), &object.key(tenant))).await?;
        Ok(found.dyn_ref::<js_sys::Uint8Array>().map(js_sys::Uint8Array::to_vec))
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

    /// Takes a file in. With a place it is kept there, or as a part of an upload, by what the bucket calls that and its number; without
    /// one, only its hashes are wanted. What is not whole, or not what it should be, is not kept.
    pub(crate) async fn take_file(
        &self,
        place: Option<Place>,
        part: Option<(&str, u32)>,
        intake: &Intake,
        (size, is_text, sha512): (u64, bool, bool),
    ) -> Result<TakenIn, NotKept> {
        self.take_in(&place.map(Place::key).unwrap_or_default(), part, intake, (size, is_text, sha512)).await
    }

    /// Takes a mail in as it comes.
    pub(crate) async fn take_mail(
        &self,
        (tenant, mail): (TenantId, MailId),
        intake: &Intake,
        size: u64,
    ) -> Result<TakenIn, NotKept> {
        self.take_in(&mail_key(tenant, mail), None, intake, (size, false, false)).await
    }

    async fn take_in(
        &self,
        key: &str,
        part: Option<(&str, u32)>,
        intake: &Intake,
        (size, is_text, sha512): (u64, bool, bool),
    ) -> Result<TakenIn, NotKept> {
        let (upload, part) = part.unwrap_or_default();
        let said = intake_keep(self.env(), key, upload, part, &intake.0, number(size), is_text, sha512).await;
        let said = said.as_string().unwrap_or_default();
        match said.as_str() {
            "size" => Err(NotKept::Size),
            "text" => Err(NotKept::NotText),
            said => json::from_str(said).map_err(|_| NotKept::Broken(said.to_owned())),
        }
    }

    /// A file that is kept, to be taken in once more. `None` if it is not here.
    pub(crate) async fn intake_of(&self, place: Place) -> Result<Option<Intake>, Fault> {
        let kept = bucket_intake(self.env(), &place.key()).await.map_err(|error| fault(&error))?;
        Ok((!kept.is_undefined()).then_some(Intake(kept)))
    }

    /// Begins an upload in parts. What the bucket calls it.
    pub(crate) async fn begin_upload(&self, place: Place) -> Result<String, Fault> {
        let begun = upload_begin(self.env(), &place.key()).await.map_err(|error| fault(&error))?;
        Ok(begun.as_string().unwrap_or_default())
    }

    /// Makes a file of the parts of an upload. Done twice, it is done once.
    pub(crate) async fn complete_upload(&self, place: Place, upload: &Upload) -> Result<(), Fault> {
        let part = |(number, etag): (&u32, &String)| serde_json::json!({ "partNumber": number, "etag": etag });
        let parts = serde_json::Value::from_iter(upload.parts.iter().map(part)).to_string();
        let completed =
            upload_complete(self.env(), &place.key(), &upload.bucket_id, &parts, number(upload.bytes)).await;
        completed.map(drop).map_err(|error| fault(&error))
    }

    /// Gives an upload up.
    pub(crate) async fn abort_upload(&self, place: Place, upload: &Upload) {
        upload_abort(self.env(), &place.key(), &upload.bucket_id).await;
    }

    /// The bytes of an attachment, to be given out as they come: all, or so many from there on. `None` if it is not here.
    pub(crate) async fn open_file(
        &self,
        tenant: TenantId,
        object: &Object,
        part: Option<(u64, u64)>,
    ) -> Result<Option<Outlet>, Fault> {
        let (from, bytes) = part.map_or((0.0, -1.0), |(from, bytes)| (number(from), number(bytes)));
        let opened = bucket_open(self.env(), &object.key(tenant), from, bytes).await.map_err(|error| fault(&error))?;
        Ok((!opened.is_undefined()).then_some(Outlet(opened)))
    }

    /// A small picture of an attachment: a JPEG, without a byte if none can be made. `None` if it is not here.
    pub(crate) async fn thumbnail(&self, tenant: TenantId, object: &Object) -> Result<Option<Vec<u8>>, Fault> {
        let small = bucket_thumbnail(self.env(), &object.key(tenant)).await;
        let small = small.map_err(|error| Fault::new("thumbnail", &error))?;
        Ok(small.dyn_ref::<js_sys::Uint8Array>().map(js_sys::Uint8Array::to_vec))
    }

    /// Whether the bytes of an attachment are here.
    pub(crate) async fn has_file(&self, tenant: TenantId, object: &Object) -> Result<bool, Fault> {
        let has = bucket_has(self.env(), &object.key(tenant)).await.map_err(|error| fault(&error))?;
        Ok(has.is_truthy())
    }

    /// Has an attachment scanned by the daemon at `address`. `None` if it is not here.
    pub(crate) async fn scan_file(
        &self,
        tenant: TenantId,
        object: &Object,
        address: &str,
        millis: u32,
    ) -> Result<Option<Scanned>, Fault> {
        let said = bucket_scan(self.env(), &object.key(tenant), address, millis).await;
        let said = said.map_err(|error| Fault::new("scanner", &error))?.as_string();
        let Some(said) = said else { return Ok(None) };
        let scanned = said.split_once(' ').and_then(|(sha256, reply)| {
            Some(Scanned { sha256: Digest::try_from(sha256.to_owned()).ok()?, reply: reply.to_owned() })
        });
        scanned.map(Some).ok_or(Fault { dependency: "scanner", message: said })
    }

    /// Deletes the bytes of an attachment, whatever they are, then the small picture of them.
    pub(crate) async fn forget_file(
        &self,
        tenant: TenantId,
        complaint: ComplaintId,
        attachment: AttachmentId,
    ) -> Result<(), Fault> {
        let key = file_key(tenant, complaint, attachment);
        self.delete(&key).await?;
        self.delete(&format!("{key}/thumbnail")).await
    }

    /// Deletes an object.
    pub(crate) async fn forget(&self, tenant: TenantId, object: &Object) -> Result<(), Fault> {
        self.delete(&object.key(tenant)).await
    }

    /// Deletes what is kept under a key.
    pub(crate) async fn delete(&self, key: &str) -> Result<(), Fault> {
        Dependency::Bucket.ask(BUCKET, bucket_delete(self.env(), key)).await.map(drop)
    }

    /// Keeps a text under a key, unless there is one already: then that.
    pub(crate) async fn claim(&self, key: &str, text: &str) -> Result<Option<String>, Fault> {
        let there = Dependency::Bucket.ask(BUCKET, bucket_claim(self.env(), key, text)).await?;
        Ok(there.as_string())
    }

    /// The text that is kept under a key.
    pub(crate) async fn text(&self, key: &str) -> Result<Option<String>, Fault> {
        let text = Dependency::Bucket.ask(BUCKET, bucket_text(self.env(), key)).await?;
        Ok(text.as_string())
    }

    /// The first keys that begin so, in their order: at most 1,000.
    pub(crate) async fn keys(&self, prefix: &str, limit: u32) -> Result<Vec<String>, Fault> {
        let list = Dependency::Bucket.ask(BUCKET, bucket_keys(self.env(), prefix, limit)).await?;
        json::from_str(&list.as_string().unwrap_or_default())
            .map_err(|error| Fault { dependency: "bucket", message: error.to_string() })
    }

    /// Keeps bytes under a key, sealed with a secret; what was there goes.
    pub(crate) async fn seal(&self, key: &str, secret: &[u8; 32], bytes: &[u8]) -> Result<(), Fault> {
        Dependency::Bucket.ask(BUCKET, bucket_seal(self.env(), key, secret, bytes)).await.map(drop)
    }

    /// What was sealed so. `None` if nothing is there that this secret opens.
    pub(crate) async fn unseal(&self, key: &str, secret: &[u8; 32]) -> Result<Option<Vec<u8>>, Fault> {
        let found = Dependency::Bucket.ask(BUCKET, bucket_unseal(self.env(), key, secret)).await?;
        Ok(found.dyn_ref::<js_sys::Uint8Array>().map(js_sys::Uint8Array::to_vec))
    }

    /// Deletes some of what is kept under keys that begin so. True if there is no more.
    pub(crate) async fn purge_under(&self, prefix: &str) -> Result<bool, Fault> {
        let purged = bucket_purge(self.env(), prefix).await.map_err(|error| fault(&error))?;
        Ok(purged.is_truthy())
    }

    /// Deletes some of a tenant's objects. True if there are no more.
    pub(crate) async fn purge_objects(&self, tenant: TenantId) -> Result<bool, Fault> {
        self.purge_under(&prefix(tenant)).await
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
        let file = "018bcfe5-6800-7303-8303-030303030300/attachments/018bcfe5-6800-7303-8303-030303030301";
        let object: Object = format!("{file}/{}", Digest::of(b"x")).parse().unwrap();
        assert_eq!((object.to_string(), object.digest()), (format!("{file}/{}", Digest::of(b"x")), Digest::of(b"x")));
        let mail = format!("mails/018bcfe5-6800-7303-8303-030303030301/{}", Digest::of(b"x"));
        assert_eq!(mail.parse::<Object>().unwrap().to_string(), mail);
        let tenant: TenantId = "018bcfe5-6800-7202-8202-020202020202".parse().unwrap();
        assert_eq!(object.key(tenant), format!("{tenant}/{file}"));
        for other in
            ["", file, "a/letters/b/c.pdf", &key.replace("letters", "secrets"), &format!("{key}/.."), &key[..80]]
        {
            assert_eq!(other.parse::<Object>(), Err(NoObject), "{other}");
        }
    }
}
