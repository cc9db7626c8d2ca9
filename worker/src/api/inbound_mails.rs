//! `/v1/inbound-mails`: mails that came in, those in quarantine above all. What reads them is [`crate::mail`].

use super::letters::MAX_BODY;
use crate::{
    call::{Outcome, Reply, TenantCall, bad_parameter, unknown_parameter},
    failure::Failure,
    gateway::staff::Sight,
    mail,
    platform::bucket::Object,
};
use schemars::JsonSchema;
use serde::Serialize;
use shared::{
    attachment::{
        FileName,
        link::{disposition, repr_digest},
    },
    complaint::command::Nothing,
    http::problem::{Code, FieldError, Rule},
    ids::MailId,
    mail::{Arrived, InboundMail, State},
};

/// The most mails that a page has.
const PAGE: usize = 50;

/// A page of mails.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Mails {
    /// The mails, the newest first.
    data: Vec<InboundMail>,
    /// `after` for the next page; null if this is the last.
    next_after: Option<MailId>,
}

/// `GET /v1/inbound-mails?after=&state=`
pub(crate) async fn list(call: TenantCall) -> Outcome {
    let (mut after, mut state) = (None::<MailId>, None::<State>);
    for (name, value) in call.call.parameters() {
        let refused = |detail: String| bad_parameter(FieldError::parameter(&name, Rule::NotAllowed, detail));
        match &*name {
            "after" => {
                after = Some(value.parse().map_err(|_| refused("must be the id of the last one seen".to_owned()))?)
            }
            "state" => state = Some(State::try_from(value.into_owned()).map_err(|error| refused(error.to_string()))?),
            _ => return Err(unknown_parameter(&name)),
        }
    }
    let found = call.home()?.mails(after, state, PAGE + 1).await?;
    let shown = found.get(..PAGE).unwrap_or(&found);
    // The id is behind `{"id":"`.
    let last = shown.last().filter(|_| found.len() > PAGE).and_then(|mail| mail.get(7..43));
    let next = last.map_or_else(|| "null".to_owned(), |id| format!("\"{id}\""));
    Ok(Reply::json_text(200, format!("{{\"data\":[{}],\"next_after\":{next}}}", shown.join(","))))
}

/// `GET /v1/inbound-mails/{id}`
pub(crate) async fn read(call: TenantCall) -> Outcome {
    Reply::json(200, &find(&call).await?.0)
}

/// `GET /v1/inbound-mails/{id}/raw`: as it came. It is saved, never shown.
pub(crate) async fn raw(call: TenantCall) -> Outcome {
    let (shown, _) = find(&call).await?;
    let object = Object::Mail { mail: shown.id, digest: shown.sha256 };
    let opened = call.call.runtime.open_file(call.standing.tenant.id, &object, None).await?;
    let body = opened.ok_or(Failure::new(Code::NotFound))?;
    let name = FileName::try_from(format!("{}.eml", shown.id)).map_err(Failure::internal)?;
    Ok(Reply::pieces("message/rfc822", &body)
        .header("content-disposition", disposition(&name))
        .header("content-security-policy", "sandbox; default-src 'none'".to_owned())
        .header("repr-digest", repr_digest(shown.sha256)))
}

/// `POST /v1/inbound-mails/{id}/retry`: has it read once more, and taken whatever sort of mail it is. Repeated while it waits, it does
/// nothing more.
pub(crate) async fn retry(call: TenantCall) -> Outcome {
    call.call.posted::<Nothing>(MAX_BODY).await?;
    let (shown, arrived) = find(&call).await?;
    if shown.state == State::Taken {
        return Err(Failure::new(Code::IllegalMove).detail("The mail was taken already"));
    }
    let arrived = Arrived { insisted: true, ..arrived };
    if shown.state != State::Received {
        call.home()?.mail_again(&arrived).await?;
    }
    mail::wait(&call.call.runtime, &arrived).await?;
    Reply::json(202, &InboundMail::waiting(&arrived))
}

/// A mail, unless it is of a complaint that whoever asks may not see.
async fn find(call: &TenantCall) -> Result<(InboundMail, Arrived), Failure> {
    let found = call.home()?.mail(call.call.path_value("id")?).await?.ok_or(Failure::new(Code::NotFound))?;
    if let Some(complaint) = found.0.complaint {
        Sight::of(call).sees(complaint).await?;
    }
    Ok(found)
}
