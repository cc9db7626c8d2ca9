//! `/v1/flags`: operators switch parts of the service off and on, in the cell that is asked.

use crate::{
    call::{OperatorCall, Outcome, Reply},
    failure::Failure,
    gateway::flags::key_of,
};
use shared::{flags::Flags, json};

/// The largest body that is read, in bytes.
const MAX_BODY: u32 = 256 * 1024;

/// `GET /v1/flags`: as they were set last.
pub(crate) async fn read(call: OperatorCall) -> Outcome {
    let text = call.call.runtime.directory_get(&key_of(&call.call.config.cell)).await?;
    // What this release cannot read is nothing that it goes by.
    let flags: Flags = text.and_then(|text| json::from_str(&text).ok()).unwrap_or_default();
    Reply::json(200, &flags)
}

/// `PUT /v1/flags`: all of them. In force in this place within ten seconds, and everywhere within a minute more.
pub(crate) async fn set(call: OperatorCall) -> Outcome {
    let flags: Flags = call.call.json(MAX_BODY).await?;
    let text = serde_json::to_string(&flags).map_err(Failure::internal)?;
    call.call.runtime.directory_put(&key_of(&call.call.config.cell), text.clone()).await?;
    Ok(Reply::json_text(200, text))
}
