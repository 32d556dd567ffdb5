//! Everything that a backend can be asked about events, at random.

use std::{collections::BTreeMap, fmt::Debug};

use app::api::{Backend, Dashboards, Discover as _, Entities, Ingests, Retry};
use model::{
    dashboard,
    discover::{self, Discover},
    entity::{Entity, Kind},
    error::Error,
    field::{self, Field},
    filter::{self, Target, print_value},
    panel::{Measure, Panel},
    series::Series,
    view::View,
};
use rand::{Rng, seq::IndexedRandom};
use rand_chacha::ChaCha8Rng;
use serde_json::json;
use server::query::Query;

use super::super::fixture::view;

/// What is asked.
pub const WALKED: [&str; 14] = [
    "panel",
    "inspect",
    "event",
    "values",
    "about",
    "discover",
    "field_values",
    "discover_all",
    "entity",
    "ingest",
    "retry",
    "rejected_text",
    "quiet",
    "panel_preview",
];
/// What tells of no events: dashboards are everybody's; users, links and reports have tests of their own.
pub const BESIDE: [&str; 39] = [
    "dashboard",
    "dashboards",
    "dashboards_deleted",
    "dashboard_create",
    "dashboard_save",
    "dashboard_delete",
    "dashboard_history",
    "dashboard_version",
    "users",
    "user_create",
    "user_factor_reset",
    "user_change",
    "user_delete",
    "user_welcome",
    "user_sign_out",
    "logins",
    "login_end",
    "password_change",
    "tokens",
    "token_create",
    "token_delete",
    "audit",
    "share_create",
    "shares",
    "share_revoke",
    "factor",
    "factor_begin",
    "factor_confirm",
    "factor_end",
    "factor_recovery",
    "short_link",
    "short_links",
    "short_link_delete",
    "reports",
    "report_save",
    "report_delete",
    "report_pause",
    "report_send",
    // Names an answer for who keeps it, and is told to nobody.
    "edition",
];

#[derive(Debug)]
pub enum Request {
    Panel(String, String, View),
    Inspect(String, String, View),
    Event(String),
    Values(Target, String, View),
    About,
    Discover(View, Discover),
    FieldValues(View, Field, String),
    DiscoverAll(View, Discover),
    Entity(Entity),
    Ingest,
    Retry,
    RejectedText,
    Quiet,
    Preview(Box<Panel>, View),
}

impl Request {
    pub fn method(&self) -> &'static str {
        match self {
            Request::Panel(..) => "panel",
            Request::Inspect(..) => "inspect",
            Request::Event(_) => "event",
            Request::Values(..) => "values",
            Request::About => "about",
            Request::Discover(..) => "discover",
            Request::FieldValues(..) => "field_values",
            Request::DiscoverAll(..) => "discover_all",
            Request::Entity(_) => "entity",
            Request::Ingest => "ingest",
            Request::Retry => "retry",
            Request::RejectedText => "rejected_text",
            Request::Quiet => "quiet",
            Request::Preview(..) => "panel_preview",
        }
    }

    /// Whether a reader of one account is told something else than one of all of the same events: the account is among the
    /// conditions that are shown, and what concerns all accounts is not theirs.
    pub fn is_told_otherwise(&self) -> bool {
        matches!(
            self,
            Request::Inspect(..) | Request::Preview(..) | Request::Ingest | Request::Retry | Request::RejectedText
        )
    }

    /// The whole answer as text, without what differs from one time to the next.
    pub async fn answer(&self, query: &Query) -> String {
        match self {
            Request::Panel(dashboard, panel, view) => text(query.panel(dashboard, panel, view).await.map(timeless)),
            Request::Inspect(dashboard, panel, view) => {
                text(query.inspect(dashboard, panel, view).await.map(|mut inspection| {
                    inspection.statements.iter_mut().for_each(|statement| statement.took_ms = 0.0);
                    inspection
                }))
            }
            Request::Event(id) => text(query.event(id).await),
            Request::Values(target, typed, view) => text(query.values("", target, typed, view).await),
            Request::About => text(query.about().await),
            Request::Discover(view, discover) => text(query.discover(view, discover).await.map(timeless)),
            Request::FieldValues(view, field, typed) => {
                text(query.field_values(view, *field, typed, 5).await.map(timeless))
            }
            Request::DiscoverAll(view, discover) => match query.discover_all(view, discover).await {
                Ok(mut listing) => {
                    let mut told = format!("{:?} {:?}", listing.columns, listing.window);
                    loop {
                        let rows = listing.rows.next().await.unwrap();
                        if rows.is_empty() {
                            return told;
                        }
                        told.push_str(&format!("{rows:?}"));
                    }
                }
                Err(error) => text::<()>(Err(error)),
            },
            Request::Entity(entity) => text(query.entity(entity).await),
            Request::Ingest => text(query.ingest().await),
            Request::Retry => text(query.retry(&Retry::Failed).await),
            Request::RejectedText => text(query.rejected_text(1).await),
            Request::Quiet => text(query.quiet().await),
            Request::Preview(panel, view) => {
                text(query.panel_preview(panel, view).await.map(|(series, mut inspection)| {
                    inspection.statements.iter_mut().for_each(|statement| statement.took_ms = 0.0);
                    (timeless(series), inspection)
                }))
            }
        }
    }
}

fn timeless(series: Series) -> Series {
    Series { took_ms: 0, ..series }
}

fn text<T: Debug>(answer: Result<T, Error>) -> String {
    format!("{answer:?}")
}

/// Makes requests from values that there are.
pub struct Requests {
    known: BTreeMap<Field, Vec<String>>,
}

impl Requests {
    pub fn new(known: BTreeMap<Field, Vec<String>>) -> Requests {
        Requests { known }
    }

    pub fn all(&self, rng: &mut ChaCha8Rng) -> Vec<Request> {
        let mut all = vec![Request::About, Request::Ingest, Request::Retry, Request::RejectedText, Request::Quiet];
        for dashboard in dashboard::built_in().iter().chain([discover::dashboard()]) {
            for tile in &dashboard.tiles {
                let panel = &tile.panel.id;
                all.push(Request::Panel(dashboard.id.clone(), panel.clone(), view("range=40d")));
                all.push(Request::Panel(dashboard.id.clone(), panel.clone(), self.view(rng)));
                if rng.random_bool(0.2) {
                    all.push(Request::Inspect(dashboard.id.clone(), panel.clone(), self.view(rng)));
                }
            }
        }
        for kind in Kind::ALL {
            let dashboard = dashboard::dashboard(kind.dashboard()).unwrap();
            for tile in &dashboard.tiles {
                let view = self.view(rng);
                let view = View { filter: self.entity(kind, rng).within(&view.filter), ..view };
                all.push(Request::Panel(dashboard.id.clone(), tile.panel.id.clone(), view));
            }
            all.extend((0..8).map(|_| Request::Entity(self.entity(kind, rng))));
        }
        all.extend((0..20).map(|_| Request::Event(self.value(Field::EventId, rng))));
        all.extend((0..40).map(|_| Request::Values(self.target(rng), typed(rng), self.view(rng))));
        all.extend((0..40).map(|_| Request::Discover(self.view(rng), self.discover(rng))));
        all.extend((0..30).map(|_| Request::FieldValues(self.view(rng), *Field::ALL.choose(rng).unwrap(), typed(rng))));
        all.extend((0..20).map(|_| Request::DiscoverAll(self.view(rng), self.discover(rng))));
        all.extend((0..40).map(|_| Request::Preview(Box::new(self.panel(rng)), self.view(rng))));
        all
    }

    fn view(&self, rng: &mut ChaCha8Rng) -> View {
        let range = match rng.random_range(0..4) {
            0 => "range=24h".to_owned(),
            1 => "range=7d".to_owned(),
            2 => "range=40d".to_owned(),
            _ => format!("from=2026-11-{:02}T{:02}:17:05Z", rng.random_range(20..24), rng.random_range(0..24)),
        };
        let pinned = if rng.random_bool(0.1) { self.filter(rng, 0) } else { String::new() };
        View { filter: self.filter(rng, 2), pinned, ..view(&range) }
    }

    fn filter(&self, rng: &mut ChaCha8Rng, depth: u32) -> String {
        match rng.random_range(0..if depth == 0 { 3 } else { 7 }) {
            0 => String::new(),
            1 | 2 => self.term(rng),
            3 => format!("not ({})", self.nonempty(rng, depth - 1)),
            4 => format!("({}) and ({})", self.nonempty(rng, depth - 1), self.nonempty(rng, depth - 1)),
            _ => format!("({}) or ({})", self.nonempty(rng, depth - 1), self.nonempty(rng, depth - 1)),
        }
    }

    fn nonempty(&self, rng: &mut ChaCha8Rng, depth: u32) -> String {
        let filter = self.filter(rng, depth);
        if filter.is_empty() { self.term(rng) } else { filter }
    }

    fn term(&self, rng: &mut ChaCha8Rng) -> String {
        let fields: Vec<Field> = self.known.keys().copied().collect();
        let field = *fields.choose(rng).unwrap();
        match rng.random_range(0..10) {
            0 | 1 => format!("{}:{}", field.key(), print_value(&self.value(field, rng))),
            2 => format!("{}:*", field.key()),
            3 => format!("actor:*{}*", typed(rng)),
            4 => ["tenantb", "\"tenantb-bucket1\"", "tenantb*object", "shared-user", "nowhere"]
                .choose(rng)
                .unwrap()
                .to_string(),
            5 => format!("requestParameters.bucketName:{}", print_value(&self.value(Field::Resource, rng))),
            6 => "requestParameters.maxKeys >= 2000".to_owned(),
            7 => format!("additionalEventData.own:{}", ["tenanta", "tenantb", "*"].choose(rng).unwrap()),
            8 => [
                "account:222222222222",
                "not account:111111111111",
                "account:*",
                "not account:*",
                "account:(111111111111 or 222222222222)",
            ]
            .choose(rng)
            .unwrap()
            .to_string(),
            _ => format!("actor >= {}", print_value(&self.value(Field::Actor, rng))),
        }
    }

    fn value(&self, field: Field, rng: &mut ChaCha8Rng) -> String {
        self.known[&field].choose(rng).unwrap().clone()
    }

    fn target(&self, rng: &mut ChaCha8Rng) -> Target {
        match rng.random_range(0..4) {
            0 => filter::target("requestParameters.bucketName").unwrap(),
            1 => filter::target("additionalEventData.own").unwrap(),
            _ => Target::Field(*Field::ALL.choose(rng).unwrap()),
        }
    }

    fn entity(&self, kind: Kind, rng: &mut ChaCha8Rng) -> Entity {
        Entity::new(kind, &self.value(kind.field(), rng)).unwrap()
    }

    fn discover(&self, rng: &mut ChaCha8Rng) -> Discover {
        let columns =
            ["", "&columns=event_time,actor,requestParameters.bucketName,origin,account,resource"].choose(rng).unwrap();
        let sort =
            ["event_time:desc", "event_time:asc", "actor:asc", "account:desc", "source_ip:asc"].choose(rng).unwrap();
        let id = self.value(Field::EventId, rng);
        let moment = 1_795_500_000_000_000i64 - rng.random_range(0..2 * 86_400_000_000i64);
        let value = match *sort {
            "actor:asc" => format!(",{}", self.value(Field::Actor, rng)),
            "account:desc" => ",222222222222".to_owned(),
            "source_ip:asc" => ",10.2.0.1".to_owned(),
            _ => String::new(),
        };
        let place = match rng.random_range(0..4) {
            0 => format!("&after={},{moment},{id}{value}", moment / 1_000),
            1 => format!("&before={},{moment},{id}{value}", moment / 1_000),
            2 => format!("&around={id}"),
            _ => String::new(),
        };
        let raw = rng.random::<bool>();
        let query = format!("limit={}&raw={raw}&integrity={raw}&sort={sort}{columns}{place}", rng.random_range(1..40));
        let (discover, errors) = Discover::from_query(&query);
        assert_eq!(errors, [], "{query}");
        discover
    }

    /// A table of any fields with any measures, some over time.
    fn panel(&self, rng: &mut ChaCha8Rng) -> Panel {
        let groups: Vec<Field> = Field::ALL.iter().copied().filter(|field| field.kind() != field::Kind::Time).collect();
        let [first, second, told] = std::array::from_fn(|_| *groups.choose(rng).unwrap());
        let measures = [
            "failures",
            "actors",
            "source_ips",
            "accounts",
            "first_seen",
            "last_seen",
            "error_message",
            "share",
            "change",
        ];
        let mut measures: Vec<String> =
            (0..3).map(|_| (*measures.choose(rng).unwrap()).to_owned()).chain(["events".to_owned()]).collect();
        measures.push(Measure::MostFrequent(told).key().into_owned());
        measures.push(Measure::Distinct(second).key().into_owned());
        measures.sort();
        measures.dedup();
        let filter = if rng.random_bool(0.3) { self.filter(rng, 1) } else { String::new() };
        let panel = match rng.random_range(0..4) {
            0 => json!({ "mark": "list", "by": [first, "event_id"], "measures": [] }),
            1 => json!({ "mark": "line", "by": [first], "bucket": "auto", "measures": ["events"], "limit": 3 }),
            2 if first != second => json!({ "mark": "table", "by": [first, second], "measures": measures }),
            _ => json!({ "mark": "table", "by": [first], "measures": measures,
                "details": [{ "id": "more", "by": [told], "measures": ["events"], "filter": "outcome:failure" }] }),
        };
        let mut all = json!({ "id": "tried", "title": "Tried", "filter": filter });
        all.as_object_mut().unwrap().extend(panel.as_object().unwrap().clone());
        let panel: Panel = serde_json::from_value(all).unwrap();
        panel.validate().unwrap();
        panel
    }
}

/// A part of values to look for.
fn typed(rng: &mut ChaCha8Rng) -> String {
    (*["", "ten", "tenantb", "shared", "2"].choose(rng).unwrap()).to_owned()
}
