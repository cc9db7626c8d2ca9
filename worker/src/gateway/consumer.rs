//! The way of a consumer to a page of a firm: find the firm and its home, limit, authorise. Whatever goes wrong below a firm's slug is a
//! page, too.

use super::{
    Answering, Passed,
    admission::{self, Cost, Paid},
    directory, flags, forward,
};
use crate::{
    call::{Call, Outcome, Reply},
    failure::Failure,
    portal::page::{CaseCall, PageCall, stranger},
};
use pages::{paths, portal::Trouble};
use shared::{
    access::{Access, Principal, may},
    flags::Part,
    http::problem::Code,
    portal::{settings::PortalSettings, slug_of},
    tenant::{CellName, Slug, Status, standing::Standing},
};
use std::rc::Rc;

/// Lets a request for a page through, at this cost.
pub(super) async fn page(call: Call, cost: Cost, handler: fn(Rc<PageCall>) -> Answering) -> Outcome {
    let (page, paid) = match arrive(call, cost).await? {
        Passed::Here(arrived) => arrived,
        Passed::Elsewhere(reply) => return Ok(reply),
    };
    let outcome = async {
        let paid = paid?;
        may(&page.principal(), Access::Page)?;
        let outcome = handler(Rc::clone(&page)).await;
        // What was logged says so: answers to browsers are redirects, whatever was made.
        if page.has_logged.get() {
            paid.into_iter().for_each(Paid::logged);
        }
        outcome
    };
    outcome.await.or_else(|failure| page.trouble(failure))
}

/// Lets a request through whose browser has shown that a complaint is theirs. Any other is led to where that is done.
pub(super) async fn case(call: Call, handler: fn(CaseCall) -> Answering) -> Outcome {
    let (page, paid) = match arrive(call, Cost::Request).await? {
        Passed::Here(arrived) => arrived,
        Passed::Elsewhere(reply) => return Ok(reply),
    };
    let outcome = async {
        paid?;
        let principal = page.principal();
        match (may(&principal, Access::Case), principal) {
            (Ok(()), Principal::Consumer { complaint, .. }) => {
                handler(CaseCall { page: Rc::clone(&page), complaint }).await
            }
            _ => Ok(page.to(pages::paths::TRACK)),
        }
    };
    outcome.await.or_else(|failure| page.trouble(failure))
}

type Arrived = (Rc<PageCall>, Result<Option<Paid>, Failure>);

/// 1. Find the firm by its slug, and forward what belongs to another cell.
/// 2. Its standing: whether it is served, and has a portal.
/// 3. Limit, first by address.
/// 4. Say so if the portal is switched off.
async fn arrive(call: Call, cost: Cost) -> Result<Passed<Arrived>, Failure> {
    let slug = slug_of(&call.incoming.head.path).ok_or(Failure::new(Code::NotFound))?;
    match firm(&call, &slug).await {
        Ok(Passed::Elsewhere(reply)) => Ok(Passed::Elsewhere(reply)),
        Ok(Passed::Here((standing, settings))) => {
            call.runtime.meter.counted.set(true);
            let paid = match admission::admit_address(&call.runtime, &call.config, &call.incoming.head.address).await {
                Ok(()) => admission::admit(&call, &standing, cost).await,
                Err(failure) => Err(failure),
            };
            let page = PageCall::new(call, standing, settings);
            if paid.is_ok() && is_off(&page).await {
                return Ok(Passed::Elsewhere(page.in_trouble(Trouble::Closed)?));
            }
            Ok(Passed::Here((Rc::new(page), paid)))
        }
        Err(failure) => {
            let address = call.incoming.head.address.clone();
            let failure = admission::limit_stranger(&call.runtime, &call.config, &address, failure).await;
            Ok(Passed::Elsewhere(stranger(&call, &slug, failure)?))
        }
    }
}

/// Whether the portal is switched off: all of it but the looks of the page that says so.
async fn is_off(page: &PageCall) -> bool {
    let looks = [paths::BRAND, paths::LOGO].map(|place| place.of(page.tenant().slug.as_str()));
    let flags = flags::flags(&page.call.runtime, &page.call.config.cell).await;
    !flags.is_on(Part::Portal, page.tenant()) && !looks.contains(&page.call.incoming.head.path)
}

async fn firm(call: &Call, slug: &Slug) -> Result<Passed<(Rc<Standing>, PortalSettings)>, Failure> {
    let none = || Failure::new(Code::NotFound);
    let route = directory::route_to(&call.runtime, slug).await?.ok_or_else(none)?;
    let here = &call.config.cell;
    if route.home_cell != *here && forward::hops(call) == 0 {
        return Ok(Passed::Elsewhere(forwarded(call, &route.home_cell, false).await?));
    }
    let standing = admission::standing(call, route.tenant).await?.ok_or_else(none)?;
    let tenant = &standing.tenant;
    if tenant.home_cell != *here {
        return Ok(Passed::Elsewhere(forwarded(call, &tenant.home_cell, true).await?));
    }
    let settings = tenant.portal.read().map_err(Failure::internal)?;
    let has_portal = tenant.status == Status::Active && settings.open && tenant.slug == *slug;
    if has_portal { Ok(Passed::Here((standing, settings))) } else { Err(none()) }
}

async fn forwarded(call: &Call, home: &CellName, is_certain: bool) -> Result<Reply, Failure> {
    forward::forward(call, home, is_certain).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slug_begins_an_address_that_goes_on() {
        let slug = |path| slug_of(path).map(|slug| slug.as_str().to_owned());
        assert_eq!(slug("/northwind-bank/"), Some("northwind-bank".to_owned()));
        assert_eq!(slug("/northwind-bank/a/b"), Some("northwind-bank".to_owned()));
        for other in ["/", "/northwind-bank", "/v1/complaints", "/scim/v2/Users", "/app/", "//x", "/No/", "/a%2fb/"] {
            assert_eq!(slug(other), None, "{other}");
        }
    }
}
