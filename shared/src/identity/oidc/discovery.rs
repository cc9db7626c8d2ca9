//! What a provider says of itself (`OpenID` Connect Discovery 1.0).

use super::{MAX_DOCUMENT, jwk::Algorithm};
use crate::{
    identity::settings::{ClientAuthentication, OidcSettings},
    json,
    webhook::address,
};
use serde::{Deserialize, Serialize};

/// For how long a provider's metadata is believed, in milliseconds: an hour.
pub const LIFE_MILLIS: i64 = 60 * 60_000;

/// Where a provider's metadata is (§4): its issuer, and a well-known path behind it.
#[must_use]
pub fn url(issuer: &str) -> String {
    format!("{}/.well-known/openid-configuration", issuer.strip_suffix('/').unwrap_or(issuer))
}

/// A provider's metadata, as far as it is used. What was checked can be kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Metadata {
    /// The provider's name for itself, as the firm has set it.
    pub issuer: String,
    /// Where browsers are sent.
    pub authorization_endpoint: String,
    /// Where codes are exchanged.
    pub token_endpoint: String,
    /// Where its keys are.
    pub jwks_uri: String,
    /// Whether it names itself when it sends browsers back (RFC 9207).
    #[serde(rename = "authorization_response_iss_parameter_supported", default)]
    pub names_itself: bool,
}

#[derive(Deserialize)]
struct Document {
    #[serde(flatten)]
    metadata: Metadata,
    #[serde(default)]
    response_types_supported: Option<Vec<String>>,
    #[serde(default)]
    code_challenge_methods_supported: Option<Vec<String>>,
    #[serde(default)]
    id_token_signing_alg_values_supported: Option<Vec<String>>,
    #[serde(default)]
    token_endpoint_auth_methods_supported: Option<Vec<String>>,
}

/// Why a provider cannot be used, in words for the firm's admin.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unusable {
    /// It is not the document that it should be.
    #[error("the provider's metadata cannot be read")]
    Malformed,
    /// It says that it is another.
    #[error("the provider names itself otherwise than the settings do")]
    OtherIssuer,
    /// One of its addresses is none that this service would call.
    #[error("the provider's {0} {1}")]
    Address(&'static str, address::Refused),
    /// It lacks something that is needed.
    #[error("the provider must support {0}")]
    Lacks(&'static str),
}

impl Metadata {
    /// Reads a provider's metadata and sees that it can be used. `loopback`: as for [`crate::identity::settings::SignInSettings::errors`].
    ///
    /// # Errors
    /// [`Unusable`]. The issuer must be the same to the byte (§4.3), else one provider could speak for another.
    pub fn read(document: &str, settings: &OidcSettings, loopback: bool) -> Result<Self, Unusable> {
        if document.len() > MAX_DOCUMENT {
            return Err(Unusable::Malformed);
        }
        let document: Document = json::from_str(document).map_err(|_| Unusable::Malformed)?;
        if document.metadata.issuer != settings.issuer.as_str() {
            return Err(Unusable::OtherIssuer);
        }
        document.supports(settings)?;
        let metadata = document.metadata;
        for (name, url) in [
            ("authorization_endpoint", &metadata.authorization_endpoint),
            ("token_endpoint", &metadata.token_endpoint),
            ("jwks_uri", &metadata.jwks_uri),
        ] {
            address::check(url, loopback).map_err(|refused| Unusable::Address(name, refused))?;
        }
        Ok(metadata)
    }
}

impl Document {
    fn supports(&self, settings: &OidcSettings) -> Result<(), Unusable> {
        let has = |list: &Option<Vec<String>>, wanted: &[&str]| {
            list.as_ref().is_none_or(|list| list.iter().any(|one| wanted.contains(&one.as_str())))
        };
        let method: &str = settings.authentication.into();
        // A list that is missing says nothing, but of the ways to authenticate: then it is the first alone (§3).
        let unsaid = [<&str>::from(ClientAuthentication::SecretBasic), <&str>::from(ClientAuthentication::None)];
        let authenticates = match &self.token_endpoint_auth_methods_supported {
            None => unsaid.contains(&method),
            // What proves no secret need not be listed.
            list => settings.authentication == ClientAuthentication::None || has(list, &[method]),
        };
        let table = [
            ("the response type code", has(&self.response_types_supported, &["code"])),
            ("PKCE with S256", has(&self.code_challenge_methods_supported, &["S256"])),
            ("RS256, PS256, ES256 or EdDSA", has(&self.id_token_signing_alg_values_supported, &Algorithm::NAMES)),
            ("the way to authenticate that is set", authenticates),
        ];
        table.into_iter().find(|(_, fine)| !fine).map_or(Ok(()), |(what, _)| Err(Unusable::Lacks(what)))
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use serde_json::{Value, json};

    pub(in crate::identity) fn settings(members: Value) -> OidcSettings {
        let mut settings = json!({ "issuer": "https://id.example.com", "client_id": "redress" });
        settings.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
        serde_json::from_value(settings).unwrap()
    }

    /// As a large provider has it, with more than is read.
    fn document(members: Value) -> String {
        let mut document = json!({
            "issuer": "https://id.example.com",
            "authorization_endpoint": "https://id.example.com/authorize",
            "token_endpoint": "https://id.example.com/token",
            "jwks_uri": "https://keys.example.net/jwks",
            "userinfo_endpoint": "https://id.example.com/me",
            "response_types_supported": ["code", "id_token"],
            "subject_types_supported": ["pairwise"],
            "id_token_signing_alg_values_supported": ["RS256"],
            "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post"],
            "code_challenge_methods_supported": ["plain", "S256"]
        });
        document.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
        document.to_string()
    }

    pub(in crate::identity) fn metadata() -> Metadata {
        Metadata::read(&document(json!({})), &settings(json!({})), false).unwrap()
    }

    #[test]
    fn a_provider_is_read() {
        let read = metadata();
        assert_eq!((read.token_endpoint.as_str(), read.names_itself), ("https://id.example.com/token", false));
        let names = document(json!({ "authorization_response_iss_parameter_supported": true }));
        assert!(Metadata::read(&names, &settings(json!({})), false).unwrap().names_itself);
        assert_eq!(url("https://id.example.com/t/"), "https://id.example.com/t/.well-known/openid-configuration");
        assert_eq!(url("https://id.example.com"), "https://id.example.com/.well-known/openid-configuration");
        let kept = serde_json::to_string(&read).unwrap();
        assert_eq!(serde_json::from_str::<Metadata>(&kept).unwrap(), read);
    }

    #[test]
    fn a_provider_that_cannot_be_used_is_told_why() {
        for (members, why) in [
            (json!({ "issuer": "https://id.example.com/" }), Unusable::OtherIssuer),
            (json!({ "issuer": null }), Unusable::Malformed),
            (
                json!({ "jwks_uri": "http://id.example.com/jwks" }),
                Unusable::Address("jwks_uri", address::Refused::Form),
            ),
            (
                json!({ "token_endpoint": "https://169.254.169.254/" }),
                Unusable::Address("token_endpoint", address::Refused::IpAddress),
            ),
            (json!({ "response_types_supported": ["id_token"] }), Unusable::Lacks("the response type code")),
            (json!({ "code_challenge_methods_supported": ["plain"] }), Unusable::Lacks("PKCE with S256")),
            (
                json!({ "id_token_signing_alg_values_supported": ["HS256", "none"] }),
                Unusable::Lacks("RS256, PS256, ES256 or EdDSA"),
            ),
            (
                json!({ "token_endpoint_auth_methods_supported": ["private_key_jwt"] }),
                Unusable::Lacks("the way to authenticate that is set"),
            ),
        ] {
            assert_eq!(Metadata::read(&document(members.clone()), &settings(json!({})), false), Err(why), "{members}");
        }
        for text in ["", "[]", "{}", &" ".repeat(MAX_DOCUMENT + 1)] {
            assert_eq!(Metadata::read(text, &settings(json!({})), false), Err(Unusable::Malformed));
        }
        let public = settings(json!({ "authentication": "none" }));
        assert!(Metadata::read(&document(json!({})), &public, false).is_ok());
        let post = settings(json!({ "authentication": "client_secret_post" }));
        let unsaid = document(json!({ "token_endpoint_auth_methods_supported": null }));
        assert!(Metadata::read(&unsaid, &post, false).is_err() && Metadata::read(&unsaid, &public, false).is_ok());
    }
}
