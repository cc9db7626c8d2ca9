//! Signed requests (RFC 9421): what a key that signs, or a tenant that wants it, must send with every write.

use crate::{
    call::Call,
    failure::Failure,
    platform::{Class, Incoming},
};
use shared::{
    http::problem::Code,
    object::replay_guard::{Seen, Used},
    sign::{
        api_key::VerifiedKey,
        http_message::{MessageSignature, RequestHead},
        refusal::Refusal,
        request_profile::{PROFILE, Verified},
    },
    tenant::standing::Standing,
};
use std::borrow::Cow;

/// Methods that change nothing need no signature.
const READS: [&str; 3] = ["GET", "HEAD", "OPTIONS"];

/// Checks the signature of a write. What is verified is kept with the request, whose body must match when it is read.
///
/// 1. Whether one is needed: the key signs, or the tenant wants every write signed.
/// 2. The rules of the profile and the signature itself.
/// 3. The nonce, once in all isolates: the key's `ReplayGuard` remembers it.
pub(super) async fn check(call: &Call, key: &VerifiedKey, standing: &Standing) -> Result<Option<Verified>, Failure> {
    // (1)
    let incoming = &call.incoming;
    if READS.contains(&incoming.head.method.as_str()) {
        return Ok(None);
    }
    let Some(signing) = &key.signing else {
        return if standing.tenant.signed_writes { Err(refused(&NEEDS_SIGNING_KEY)) } else { Ok(None) };
    };
    // (2)
    let input = &incoming.head.signature_input;
    let signature = incoming.header("signature").unwrap_or_default();
    let signature =
        MessageSignature::parse(input, &signature, &key.key.to_string()).map_err(|error| refused(&error))?;
    let verifier = signing.verifier(key.key, &call.config.request_secrets);
    let verified =
        PROFILE.check(incoming, &signature, key.key, &verifier, call.now).map_err(|error: Refusal| refused(&error))?;
    // (3)
    let used = Used { nonce: verified.nonce.clone(), expires_at: verified.expires_at };
    let seen: Seen = call.runtime.ask(Class::ReplayGuard, &format!("key:{}", key.key), &used).await?;
    if seen.first { Ok(Some(verified)) } else { Err(refused(&"the nonce was used before: sign anew with another")) }
}

const NEEDS_SIGNING_KEY: &str = "the tenant wants every write signed: use a key that was issued with `signing`";

pub(crate) fn refused(rule: &dyn std::fmt::Display) -> Failure {
    Failure::new(Code::SignatureRefused).detail(rule.to_string())
}

impl RequestHead for Incoming {
    fn method(&self) -> &str {
        &self.head.method
    }

    fn target_uri(&self) -> &str {
        &self.head.url
    }

    fn field_lines(&self, name: &str) -> Vec<Cow<'_, str>> {
        self.header(name).map(Cow::Owned).into_iter().collect()
    }
}
