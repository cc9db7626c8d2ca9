//! How it goes: `/v1/complaints/counts`, `/v1/deadlines/forecast`, `/v1/statistics`.

use super::{Desk, Shown, Stop, at_desk, nothing_here};
use crate::{
    call::{Call, Outcome, Reply},
    staff::parameter,
};
use futures_util::try_join;
use pages::console::{
    dashboard::{Ahead, Dashboard, Known, PERIODS, Product, Tally},
    shell::Section,
};
use serde::Deserialize;
use shared::clock::day::Day;
use std::collections::BTreeMap;

/// Days to come that are shown.
const AHEAD: u16 = 30;

#[derive(Deserialize)]
struct Counts {
    data: BTreeMap<String, Tally>,
}

#[derive(Deserialize)]
struct Forecast {
    days: Vec<DayAhead>,
}

#[derive(Deserialize)]
struct DayAhead {
    day: Day,
    due: u64,
    missed: u64,
}

/// As [`shared::statistics::Statistics`], as far as it is shown.
#[derive(Deserialize)]
struct Statistics {
    days: Vec<OnDay>,
    outcomes: Tally,
    time_to_resolve: Tally,
    root_causes: Tally,
    products: BTreeMap<String, OfProduct>,
    open: Tally,
}

#[derive(Deserialize)]
struct OnDay {
    day: Day,
    received: u64,
    resolved: u64,
}

#[derive(Deserialize)]
struct OfProduct {
    received: u64,
    time_to_resolve: Tally,
}

/// Over how many days somebody looks.
fn days(desk: &Desk) -> u16 {
    let asked = parameter(&desk.call, "days").parse().ok();
    let offered = PERIODS.map(|(days, _)| days);
    asked.filter(|days| offered.contains(days)).unwrap_or(offered[0])
}

async fn known(desk: &Desk, days: u16) -> Result<Known, Stop> {
    let tenant = &desk.visitor.door.standing.tenant;
    let to = Day::of_utc(desk.call.now.plus_millis(tenant.ahead_by));
    let from = to.plus(1 - i32::from(days));
    let forecast = format!("/v1/deadlines/forecast?days={AHEAD}&idle=closed");
    let statistics = format!("/v1/statistics?from={from}&to={to}");
    let (counts, forecast, statistics) = try_join!(
        desk.api.get::<Counts>("/v1/complaints/counts"),
        desk.api.get::<Forecast>(&forecast),
        desk.api.get::<Statistics>(&statistics),
    )?;
    let mut counts = counts.data;
    let mut counted = |facet: &str| counts.remove(facet).unwrap_or_default();
    let ahead = |DayAhead { day, due, missed }| Ahead { day: Some(day), due, missed };
    let product = |(code, OfProduct { received, time_to_resolve })| (code, Product { received, took: time_to_resolve });
    Ok(Known {
        states: counted("state"),
        due: counted("due"),
        ahead: forecast.days.into_iter().map(ahead).collect(),
        days: statistics.days.into_iter().map(|OnDay { day, received, resolved }| (day, received, resolved)).collect(),
        outcomes: statistics.outcomes,
        took: statistics.time_to_resolve,
        root_causes: statistics.root_causes,
        products: statistics.products.into_iter().map(product).collect(),
        open: statistics.open,
        names: desk.products().iter().map(|product| (product.code.as_str().to_owned(), product.name.clone())).collect(),
    })
}

/// `GET /app/dashboard?days=`
pub(crate) async fn show(call: Call) -> Outcome {
    at_desk(call, page).await
}

async fn page(desk: &Desk) -> Shown {
    let days = days(desk);
    let known = known(desk, days).await?;
    desk.page(&Dashboard {
        shell: desk.shell(Section::Dashboard),
        days,
        figures: known.figures(),
        charts: known.charts(),
    })
}

/// `GET /app/dashboard/{chart}.csv?days=`: a chart's numbers.
pub(crate) async fn csv(call: Call) -> Outcome {
    at_desk(call, numbers).await
}

async fn numbers(desk: &Desk) -> Shown {
    let name: String = desk.call.path_value("chart")?;
    let id = name.strip_suffix(".csv").ok_or_else(nothing_here)?;
    let chart = known(desk, days(desk)).await?.chart(id).ok_or_else(nothing_here)?;
    let reply = Reply { content_type: "text/csv; charset=utf-8", ..Reply::json_text(200, chart.csv()) };
    Ok(reply
        .header("content-disposition", format!("attachment; filename=\"{}.csv\"", chart.id))
        .header("cache-control", "no-store".to_owned()))
}
