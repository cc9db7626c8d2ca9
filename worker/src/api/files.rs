//! `GET /v1/files/{token}`: a file, to whoever has a link to it.
//!
//! A token says which cell has the file, for a link may have been asked for by way of another. What is no link and what has expired are
//! answered alike, and without a look at anything. The complaint is asked whether the file may be given out still.

use crate::{
    call::{Call, Firm, Outcome, Reply},
    failure::Failure,
    gateway::forward::forward,
    platform::{self, Freshness, bucket::Object},
    store::{
        StoreError,
        system::{DIRECTORY_SHARD, SystemDb},
    },
};
use shared::{
    attachment::{
        Attachment, AttachmentState,
        decide::find,
        link::{Link, disposition, repr_digest},
        media_type::MediaType,
        range::{Asked, asked},
    },
    complaint::Complaint,
    http::problem::Code,
    json,
    tenant::{CellName, Status, Tenant},
};

/// See the module.
pub(crate) async fn download(call: Call) -> Outcome {
    let token: String = call.path_value("token")?;
    let (cell, sealed) = token.split_once('.').ok_or_else(no_link)?;
    if cell != call.config.cell.as_str() {
        // It was asked for by way of this cell.
        let cell = CellName::try_from(cell.to_owned()).ok().filter(|cell| call.runtime.reaches(cell));
        return forward(&call, &cell.ok_or_else(no_link)?, false).await;
    }
    let link = Link::open(sealed, &call.config.cursors).ok().filter(|link| link.expires_at > platform::now());
    let link = link.ok_or_else(no_link)?;
    let known = SystemDb::new(call.runtime.clone(), DIRECTORY_SHARD).tenant(link.tenant).await?;
    let here = |tenant: &Tenant| tenant.status == Status::Active && tenant.home_cell == call.config.cell;
    let tenant = known.filter(here).ok_or_else(no_link)?;
    let db = Firm { runtime: &call.runtime, tenant: &tenant, freshness: Freshness::Latest }.db_of(link.complaint)?;
    let document = db.read(link.complaint).await?.ok_or_else(no_link)?;
    let complaint: Complaint = json::from_str(&document.doc).map_err(StoreError::unreadable)?;
    let may_go = |known: &&Attachment| known.state == AttachmentState::Clean && known.sha256 == link.sha256;
    let attachment = find(&complaint, link.attachment).filter(may_go).ok_or_else(no_link)?;
    give(&call, &link, attachment).await
}

fn no_link() -> Failure {
    Failure::new(Code::NotFound).detail("The link is wrong, or has expired: ask for another")
}

pub(crate) async fn give(call: &Call, link: &Link, attachment: &Attachment) -> Outcome {
    let size = attachment.bytes;
    let etag = format!("\"{}\"", attachment.sha256);
    let header = |name| call.incoming.header(name);
    let named =
        |tags: String| tags.split(',').map(str::trim).any(|tag| tag == "*" || tag.trim_start_matches("W/") == etag);
    if header("if-none-match").is_some_and(named) {
        return Ok(Reply::empty(304).header("etag", etag));
    }
    // Parts of another version would make no whole (RFC 9110 §13.1.5).
    let goes_on = header("if-range").is_none_or(|tag| tag == etag);
    let part = match header("range").filter(|_| goes_on).map_or(Asked::Whole, |range| asked(&range, size)) {
        Asked::Whole => None,
        Asked::Part { from, bytes } => Some((from, bytes)),
        Asked::Beyond => return Err(Failure::beyond(size)),
    };
    let Link { tenant, complaint, .. } = *link;
    let object = Object::File { complaint, attachment: attachment.id, digest: attachment.sha256 };
    let body = call.runtime.open_file(tenant, &object, part).await?.ok_or_else(no_link)?;
    let reply = Reply::pieces(content_type(attachment.media_type), &body)
        .header("accept-ranges", "bytes".to_owned())
        .header("content-disposition", disposition(&attachment.name))
        .header("content-security-policy", "sandbox; default-src 'none'".to_owned())
        .header("repr-digest", repr_digest(attachment.sha256))
        .header("etag", etag);
    Ok(match part {
        None => reply,
        Some((from, bytes)) => {
            let range = format!("bytes {from}-{}/{size}", from + bytes - 1);
            Reply { status: 206, ..reply.header("content-range", range) }
        }
    })
}

/// Text says in which characters it is: it was found to be UTF-8.
fn content_type(media_type: MediaType) -> &'static str {
    match media_type {
        MediaType::Text => "text/plain; charset=utf-8",
        MediaType::Csv => "text/csv; charset=utf-8",
        other => other.as_str(),
    }
}
