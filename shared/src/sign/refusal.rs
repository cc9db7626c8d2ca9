//! Why a signed request is refused: the closed list behind the 401 a caller sees.
//!
//! Each refusal names the rule that was broken, so that an integrator can mend the request. None tells what a right
//! signature or digest would have been.

/// A rule that a signed request breaks.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// `Signature-Input` or `Signature` is missing.
    #[error("the request must be signed: send Signature-Input and Signature")]
    Unsigned,
    /// A header is longer, or has more signatures or components, than is looked at.
    #[error("Signature-Input and Signature may have 4096 bytes, 8 signatures and 32 components")]
    TooLarge,
    /// A header is not the structured field it must be (RFC 9421 §4.1 and §4.2, RFC 9530 §2).
    #[error("{0} is not a well-formed structured field")]
    Malformed(&'static str),
    /// Several signatures say that they are made with the caller's key.
    #[error("only one signature may have this keyid")]
    Ambiguous,
    /// The label of `Signature-Input` has no signature of that label (RFC 9421 §3.2).
    #[error("Signature has no member with the label used in Signature-Input")]
    NoSuchLabel,
    /// A component is not one that requests here can be signed over (RFC 9421 §2).
    #[error("the component {0} is not supported")]
    Component(String),
    /// A component is covered twice (RFC 9421 §2).
    #[error("the component {0} is listed twice")]
    Duplicate(String),
    /// A covered component is not in the request, or not exactly once (RFC 9421 §2.5).
    #[error("the request does not have the covered component {0} exactly once")]
    Absent(String),
    /// A covered value has characters that a signature base cannot have (RFC 9421 §2.5).
    #[error("the value of {0} must be printable ASCII")]
    NotAscii(String),
    /// A component that must be covered is not.
    #[error("the signature must cover {0}")]
    NotCovered(&'static str),
    /// `keyid` is not the id of the API key in `Authorization`.
    #[error("keyid must be the id of the API key that the request is sent with")]
    KeyId,
    /// `alg` is not the algorithm of the key (RFC 9421 §7.3.6).
    #[error("alg must be left out, or be the algorithm the key was registered with")]
    Algorithm,
    /// `created` is missing or not an integer.
    #[error("created must be there, in seconds since 1970")]
    Created,
    /// `created` is too far ahead of this clock.
    #[error("created must not be more than 60 seconds in the future")]
    CreatedInFuture,
    /// `expires` is missing, not an integer, not after `created` or too long after it.
    #[error("expires must be there, in seconds since 1970, and 1 to 300 after created")]
    Expires,
    /// `expires` has come.
    #[error("the signature has expired")]
    Expired,
    /// `nonce` is missing, too short or too long.
    #[error("nonce must be there and have 16 to 128 characters")]
    Nonce,
    /// The signature is not one of this key over this request (RFC 9421 §3.2).
    #[error("the signature does not match the request")]
    Mismatch,
    /// `Content-Digest` has no `sha-256`.
    #[error("Content-Digest must have sha-256")]
    NoSha256,
    /// `Content-Digest` is not the digest of the body.
    #[error("Content-Digest does not match the body")]
    Digest,
}

impl Refusal {
    /// A stable name for logs and metrics. It has nothing of the request in it.
    #[must_use]
    pub const fn rule(&self) -> &'static str {
        match self {
            Self::Unsigned => "unsigned",
            Self::TooLarge => "too_large",
            Self::Malformed(_) => "malformed",
            Self::Ambiguous => "ambiguous",
            Self::NoSuchLabel => "no_such_label",
            Self::Component(_) => "component",
            Self::Duplicate(_) => "duplicate",
            Self::Absent(_) => "absent",
            Self::NotAscii(_) => "not_ascii",
            Self::NotCovered(_) => "not_covered",
            Self::KeyId => "keyid",
            Self::Algorithm => "alg",
            Self::Created => "created",
            Self::CreatedInFuture => "created_in_future",
            Self::Expires => "expires",
            Self::Expired => "expired",
            Self::Nonce => "nonce",
            Self::Mismatch => "mismatch",
            Self::NoSha256 => "no_sha_256",
            Self::Digest => "digest",
        }
    }
}
