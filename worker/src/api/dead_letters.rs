//! `/v1/dead-letters`: operators see and replay messages that failed all retries. They carry ids only.

use super::{
    once::{MAX_BODY, again},
    steward::Steward,
};
use crate::{
    call::{OperatorCall, Outcome, Reply},
    failure::Failure,
    platform::Queue,
    store::system::DeadLetterRow,
};
use schemars::JsonSchema;
use serde::Serialize;
use shared::{complaint::command::Nothing, http::problem::Code, ids::DeadLetterId, time::Timestamp};

/// The most letters a page may have.
const PAGE: u32 = 100;

/// A message that failed all retries.
#[derive(Serialize, JsonSchema)]
pub(crate) struct DeadLetter {
    id: DeadLetterId,
    /// The message as it arrived.
    message: String,
    /// When it was given up.
    arrived_at: Timestamp,
    /// When it was sent again, if it was.
    replayed_at: Option<Timestamp>,
}

/// Some dead letters, the oldest first.
#[derive(Serialize, JsonSchema)]
pub(crate) struct DeadLetters {
    data: Vec<DeadLetter>,
    /// `after` for the next page, if there is one.
    next_after: Option<DeadLetterId>,
}

impl From<DeadLetterRow> for DeadLetter {
    fn from(row: DeadLetterRow) -> Self {
        let DeadLetterRow { id, message, arrived_at, replayed_at } = row;
        let at = Timestamp::from_unix_millis;
        Self { id, message, arrived_at: at(arrived_at), replayed_at: replayed_at.map(at) }
    }
}

/// `GET /v1/dead-letters?after=`
pub(crate) async fn list(call: OperatorCall) -> Outcome {
    let call = Steward::from(call);
    let after = call.call.after()?;
    let mut data: Vec<DeadLetter> =
        call.db().dead_letters(after, PAGE + 1).await?.into_iter().map(DeadLetter::from).collect();
    let more = data.len() > PAGE as usize;
    data.truncate(PAGE as usize);
    let next_after = data.last().filter(|_| more).map(|letter| letter.id);
    Reply::json(200, &DeadLetters { data, next_after })
}

/// `POST /v1/dead-letters/{id}/replay`: sends the message again.
pub(crate) async fn replay(call: OperatorCall) -> Outcome {
    let call = Steward::from(call);
    let posted = call.call.posted::<Nothing>(MAX_BODY).await?;
    if let Some(done) = call.done(&posted).await? {
        return again(done);
    }
    let id: DeadLetterId = call.call.path_value("id")?;
    let mut letter = call.db().dead_letter(id).await?.ok_or(Failure::new(Code::NotFound))?;
    // Consumers take a repeated message for what it is, so sending comes before noting that it was sent.
    call.call.runtime.send(Queue::of(&letter.message), std::slice::from_ref(&letter.message)).await?;
    letter.replayed_at = Some(call.call.now.unix_millis());
    let letter = DeadLetter::from(letter);
    let record = call.record(&posted.key, posted.fingerprint, 200, &letter)?;
    match call.db().mark_replayed(id, call.call.now, &record).await {
        Ok(()) => Reply::json(200, &letter),
        Err(error) => again(call.done_meanwhile(&posted, error).await?),
    }
}
