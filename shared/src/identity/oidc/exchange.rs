//! A code becomes an ID token (`OpenID` Connect Core 1.0 §3.1.3).

use super::MAX_DOCUMENT;
use crate::{
    identity::settings::{ClientAuthentication, OidcSettings},
    ids::TenantId,
    json,
    sign::request_key::RequestSecrets,
    text::Line,
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde::Deserialize;
use std::fmt;

/// The secret that a provider has given this service for a firm. `Debug` does not show it.
#[derive(Clone, PartialEq, Eq)]
pub struct ClientSecret(String);

impl ClientSecret {
    /// A secret, as it was unsealed.
    #[must_use]
    pub const fn new(secret: String) -> Self {
        Self(secret)
    }
}

/// The key with which a firm's client secret is sealed (AES-256-GCM): the same in all cells, for the firm takes the secret along when it
/// moves.
#[must_use]
pub fn sealing_key(secrets: &RequestSecrets, tenant: TenantId) -> [u8; 32] {
    secrets.derived(&[SEALING, tenant.to_string().as_bytes()])
}

const SEALING: &[u8] = b"redress client secrets v1\n";

impl fmt::Debug for ClientSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ClientSecret(…)")
    }
}

/// What is posted to the token endpoint, as `application/x-www-form-urlencoded`. `Debug` does not show it.
#[derive(Clone, PartialEq, Eq)]
pub struct TokenRequest {
    /// The body.
    pub body: String,
    /// `Authorization`, if the client proves itself by that.
    pub authorization: Option<String>,
}

impl fmt::Debug for TokenRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TokenRequest(…)")
    }
}

/// The client has to prove itself by a secret, and there is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the provider's client secret is not set")]
pub struct NoSecret;

/// The request for a code (RFC 6749 §4.1.3, RFC 7636 §4.5). `redirect_uri`: the one that was sent before.
///
/// # Errors
/// [`NoSecret`].
pub fn token_request(
    settings: &OidcSettings,
    secret: Option<&ClientSecret>,
    code: &str,
    verifier: &str,
    redirect_uri: &str,
) -> Result<TokenRequest, NoSecret> {
    let client = settings.client_id.as_str();
    let mut form = form_urlencoded::Serializer::new(String::new());
    form.append_pair("grant_type", "authorization_code")
        .append_pair("code", code)
        .append_pair("redirect_uri", redirect_uri)
        .append_pair("code_verifier", verifier);
    let secret = || secret.map(|ClientSecret(secret)| secret.as_str()).ok_or(NoSecret);
    let authorization = match settings.authentication {
        ClientAuthentication::None => {
            form.append_pair("client_id", client);
            None
        }
        ClientAuthentication::SecretPost => {
            form.append_pair("client_id", client).append_pair("client_secret", secret()?);
            None
        }
        ClientAuthentication::SecretBasic => Some(basic(client, secret()?)),
    };
    Ok(TokenRequest { body: form.finish(), authorization })
}

/// Both are encoded as in a form before they are joined (RFC 6749 §2.3.1).
fn basic(client: &str, secret: &str) -> String {
    let encode = |text: &str| form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
    format!("Basic {}", STANDARD.encode(format!("{}:{}", encode(client), encode(secret))))
}

/// Why there is no ID token.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoToken {
    /// The provider has said no, with this code (RFC 6749 §5.2).
    #[error("the provider has refused the code: {}", .0.as_str())]
    Refused(Line<100>),
    /// What it has said cannot be read.
    #[error("the provider's answer cannot be read")]
    Malformed,
}

#[derive(Deserialize)]
struct Response {
    id_token: String,
    token_type: String,
}

#[derive(Deserialize)]
struct Refusal {
    error: Line<100>,
}

/// The ID token of an answer. The access token is not looked at: nothing else is asked of the provider.
///
/// # Errors
/// [`NoToken`].
pub fn read_token_response(status: u16, body: &str) -> Result<String, NoToken> {
    if body.len() > MAX_DOCUMENT {
        return Err(NoToken::Malformed);
    }
    if status != 200 {
        let refusal = json::from_str::<Refusal>(body).map_err(|_| NoToken::Malformed)?;
        return Err(NoToken::Refused(refusal.error));
    }
    let Response { id_token, token_type } = json::from_str(body).map_err(|_| NoToken::Malformed)?;
    // Case does not matter (RFC 6749 §5.1).
    if token_type.eq_ignore_ascii_case("bearer") { Ok(id_token) } else { Err(NoToken::Malformed) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::identity::oidc::discovery::tests::settings;
    use serde_json::json;
    use std::collections::BTreeMap;

    #[test]
    fn a_client_proves_itself_as_it_is_set() {
        let request = |authentication: &str, secret: Option<&ClientSecret>| {
            let settings = settings(json!({ "client_id": "a b", "authentication": authentication }));
            token_request(&settings, secret, "c&d", "verifier", "https://eu.redress.example/cb")
        };
        let secret = ClientSecret::new("s:%é".to_owned());
        let fields = |request: &TokenRequest| -> BTreeMap<String, String> {
            form_urlencoded::parse(request.body.as_bytes()).into_owned().collect()
        };
        let basic = request("client_secret_basic", Some(&secret)).unwrap();
        // base64 of `a+b:s%3A%25%C3%A9`.
        assert_eq!(basic.authorization.as_deref(), Some("Basic YStiOnMlM0ElMjUlQzMlQTk="));
        assert_eq!((fields(&basic).len(), fields(&basic)["code"].as_str()), (4, "c&d"));
        let post = request("client_secret_post", Some(&secret)).unwrap();
        assert_eq!((fields(&post)["client_secret"].as_str(), post.authorization.clone()), ("s:%é", None));
        let none = request("none", None).unwrap();
        assert_eq!((fields(&none)["client_id"].as_str(), fields(&none).len()), ("a b", 5));
        assert_eq!(request("client_secret_basic", None), Err(NoSecret));
        assert_eq!(format!("{secret:?} {post:?}"), "ClientSecret(…) TokenRequest(…)");
    }

    #[test]
    fn an_answer_has_an_id_token() {
        let answer = json!({ "access_token": "x", "token_type": "Bearer", "id_token": "a.b.c", "expires_in": 1 });
        assert_eq!(read_token_response(200, &answer.to_string()), Ok("a.b.c".to_owned()));
        let refused = read_token_response(400, r#"{"error":"invalid_grant","error_description":"x"}"#);
        assert_eq!(refused, Err(NoToken::Refused(Line::try_from("invalid_grant").unwrap())));
        for (status, body) in [
            (200, "{}"),
            (200, r#"{"token_type":"DPoP","id_token":"a.b.c"}"#),
            (502, "<html>"),
            (200, r#"{"token_type":"Bearer"}"#),
        ] {
            assert_eq!(read_token_response(status, body), Err(NoToken::Malformed), "{body}");
        }
    }
}
