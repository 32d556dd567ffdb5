//! The panels of Overview with answers as the server would give them: a day of a small company, the same each time.

use model::{
    dashboard::dashboard,
    field::Field,
    panel::{Group, Measure, Panel},
    series::{Cell, Column, Detail, PanelName, Series, Table},
    time::{Timestamp, Window},
};

pub const HOUR: i64 = 3_600_000;
/// 2026-11-24T15:20:00Z.
pub const NOW: i64 = 1_795_533_600_000;
pub const BUCKET: i64 = HOUR / 2;

pub fn panel(id: &str) -> Panel {
    dashboard("overview").expect("overview").tile(id).unwrap_or_else(|| panic!("no panel {id}")).panel.clone()
}

pub fn window() -> Window {
    Window { from: Timestamp(NOW - 24 * HOUR), to: Timestamp(NOW) }
}

pub fn series(panel: &Panel, table: Table, details: Vec<Detail>) -> Series {
    Series {
        panel: PanelName { id: panel.id.clone(), title: panel.title.clone() },
        window: window(),
        previous: Some(window().previous()),
        filter: String::new(),
        bucket_ms: Some(BUCKET),
        table,
        details,
        last_event: Some(Timestamp(NOW - 60_000)),
        took_ms: 12,
    }
}

pub fn text(value: &str) -> Cell {
    Cell::Text(value.to_owned())
}

fn group(group: Group) -> Column {
    Column { key: group.key().to_owned(), kind: group.kind(), label: group.label().to_owned() }
}

fn measure(measure: Measure) -> Column {
    Column { key: measure.key().into_owned(), kind: measure.kind(), label: measure.label().into_owned() }
}

pub fn table<G: Into<Group> + Copy>(groups: &[G], measures: &[Measure], rows: Vec<Vec<Cell>>) -> Table {
    let columns: Vec<_> =
        groups.iter().map(|of| group((*of).into())).chain(measures.iter().map(|m| measure(*m))).collect();
    let events = columns.iter().position(|column| column.key == "events");
    let total = rows.iter().filter_map(|row| row.get(events?)?.number()).sum::<f64>() as i64;
    Table { columns, rows, total, truncated: false }
}

pub fn detail(id: &str, table: Table) -> Detail {
    Detail { id: id.to_owned(), table }
}

/// The daily rhythm, with noise that is the same each time.
fn rhythm(at: i64, seed: i64) -> f64 {
    let hour = (at / HOUR).rem_euclid(24) as f64 + (at % HOUR) as f64 / HOUR as f64;
    let day = (-((hour - 13.0) / 5.0).powi(2)).exp();
    let noise = ((at / BUCKET * 7_919 + seed * 104_729).rem_euclid(1_000)) as f64 / 1_000.0;
    0.15 + day * (0.8 + 0.4 * noise) + 0.1 * noise
}

pub fn over_time(by: Field, groups: &[(&str, f64)]) -> Table {
    let mut rows = Vec::new();
    let first = window().from.0.div_euclid(BUCKET) * BUCKET;
    for at in (first..window().to.0).step_by(BUCKET as usize) {
        for (seed, (group, scale)) in groups.iter().enumerate() {
            let events = (rhythm(at, seed as i64) * scale) as i64;
            if events > 0 {
                rows.push(vec![Cell::Time(Timestamp(at)), text(group), Cell::Int(events)]);
            }
        }
    }
    table(&[Field::EventTime, by], &[Measure::Events], rows)
}

pub const NAMES: [(&str, f64); 11] = [
    ("AssumeRole", 420.0),
    ("DescribeInstances", 260.0),
    ("GetObject", 180.0),
    ("Decrypt", 140.0),
    ("AssumeRoleWithWebIdentity", 90.0),
    ("ListBuckets", 60.0),
    ("DescribeLoadBalancerTargetHealth", 45.0),
    ("GetCallerIdentity", 40.0),
    ("PutObject", 30.0),
    ("ConsoleLogin", 12.0),
    ("other", 300.0),
];

const COUNTRIES: [(&str, i64, i64, i64); 19] = [
    ("DE", 48_210, 41, 320),
    ("US", 31_904, 63, 1_240),
    ("GB", 9_120, 17, 44),
    ("NL", 5_230, 9, 12),
    ("IN", 4_811, 22, 96),
    ("FR", 2_904, 8, 3),
    ("PL", 1_310, 5, 1),
    ("SG", 902, 4, 0),
    ("IE", 640, 6, 2),
    ("JP", 433, 3, 0),
    ("AU", 298, 2, 1),
    ("BR", 204, 3, 37),
    ("CA", 120, 2, 0),
    ("CN", 61, 1, 61),
    ("RU", 44, 2, 44),
    ("NG", 18, 1, 17),
    ("MT", 9, 1, 0),
    ("ZA", 4, 1, 0),
    ("KP", 1, 1, 1),
];

const CITIES: [(&str, &str, f64, f64, i64, i64); 22] = [
    ("DE", "Berlin", 52.52, 13.4, 30_100, 210),
    ("DE", "Munich", 48.14, 11.58, 12_000, 80),
    ("DE", "Hamburg", 53.55, 9.99, 6_110, 30),
    ("US", "Ashburn", 39.04, -77.49, 17_320, 900),
    ("US", "San Francisco", 37.77, -122.42, 9_004, 120),
    ("US", "New York", 40.71, -74.0, 4_200, 200),
    ("US", "Austin", 30.27, -97.74, 1_380, 20),
    ("GB", "London", 51.5, -0.12, 9_120, 44),
    ("NL", "Amsterdam", 52.37, 4.9, 5_230, 12),
    ("IN", "Bengaluru", 12.97, 77.59, 3_711, 80),
    ("IN", "Pune", 18.52, 73.86, 1_100, 16),
    ("FR", "Paris", 48.86, 2.35, 2_904, 3),
    ("PL", "Warsaw", 52.23, 21.01, 1_310, 1),
    ("SG", "Singapore", 1.35, 103.82, 902, 0),
    ("IE", "Dublin", 53.35, -6.26, 640, 2),
    ("JP", "Tokyo", 35.68, 139.69, 433, 0),
    ("AU", "Sydney", -33.87, 151.2, 298, 1),
    ("BR", "São Paulo", -23.55, -46.63, 204, 37),
    ("CN", "Shanghai", 31.23, 121.47, 61, 61),
    ("RU", "Moscow", 55.76, 37.62, 44, 44),
    ("NG", "Lagos", 6.45, 3.39, 18, 17),
    ("ZA", "Cape Town", -33.92, 18.42, 4, 0),
];

const FLOWS: [(&str, &str, i64); 14] = [
    ("DE", "eu-central-1", 40_100),
    ("US", "us-east-1", 22_000),
    ("DE", "us-east-1", 7_020),
    ("GB", "eu-west-1", 6_800),
    ("US", "us-west-2", 6_100),
    ("NL", "eu-central-1", 5_100),
    ("IN", "ap-south-1", 3_400),
    ("FR", "eu-west-1", 2_500),
    ("IN", "us-east-1", 1_200),
    ("PL", "eu-central-1", 1_200),
    ("SG", "ap-southeast-1", 880),
    ("AU", "ap-southeast-2", 280),
    ("BR", "sa-east-1", 190),
    ("RU", "us-east-1", 44),
];

pub fn access_map() -> Series {
    let measures = [Measure::Events, Measure::Actors, Measure::Failures];
    let mut rows: Vec<Vec<Cell>> = COUNTRIES
        .iter()
        .map(|(code, events, actors, failures)| {
            vec![text(code), Cell::Int(*events), Cell::Int(*actors), Cell::Int(*failures)]
        })
        .collect();
    rows.push(vec![Cell::Null, Cell::Int(312), Cell::Int(4), Cell::Int(0)]);
    let cities = CITIES
        .iter()
        .map(|(country, city, latitude, longitude, events, failures)| {
            let place = vec![text(country), text(city), Cell::Float(*latitude), Cell::Float(*longitude)];
            [place, vec![Cell::Int(*events), Cell::Int(3), Cell::Int(*failures)]].concat()
        })
        .collect();
    let flows =
        FLOWS.iter().map(|(country, region, events)| vec![text(country), text(region), Cell::Int(*events)]).collect();
    let city_fields = [Field::Country, Field::City, Field::Latitude, Field::Longitude];
    series(
        &panel("access-map"),
        table(&[Field::Country], &measures, rows),
        vec![
            detail("cities", table(&city_fields, &measures, cities)),
            detail("flows", table(&[Field::Country, Field::AwsRegion], &[Measure::Events], flows)),
        ],
    )
}

pub fn sign_ins_by_region() -> Series {
    let rows = [
        ("DE", "eu-central-1", 61, 3),
        ("US", "us-east-1", 48, 9),
        ("GB", "eu-west-1", 22, 1),
        ("IN", "us-east-1", 14, 2),
        ("DE", "us-east-1", 9, 0),
        ("NL", "eu-central-1", 8, 0),
        ("NG", "us-east-1", 6, 6),
        ("RU", "us-east-1", 4, 4),
        ("SG", "ap-southeast-1", 3, 0),
        ("BR", "sa-east-1", 2, 2),
        ("CN", "us-east-1", 2, 2),
        ("JP", "ap-northeast-1", 1, 0),
    ];
    let rows = rows
        .iter()
        .map(|(country, region, events, failures)| {
            let counts = [*events, events - failures, *failures, 2].map(Cell::Int);
            [vec![text(country), text(region)], counts.to_vec()].concat()
        })
        .collect();
    let measures = [Measure::Events, Measure::Successes, Measure::Failures, Measure::Actors];
    series(&panel("sign-ins-by-region"), table(&[Field::Country, Field::AwsRegion], &measures, rows), Vec::new())
}

pub fn key_figures() -> Series {
    let panel = panel("key-figures");
    let now = [Cell::Int(105_872), Cell::Float(0.0183), Cell::Int(148), Cell::Int(1_204), Cell::Int(19), Cell::Int(6)];
    let before =
        [Cell::Int(94_120), Cell::Float(0.0121), Cell::Int(151), Cell::Int(1_204), Cell::Int(17), Cell::Int(6)];
    let columns = panel.measures.iter().flat_map(|m| {
        let column = measure(*m);
        let previous = Column { key: format!("{}_previous", column.key), ..column.clone() };
        [column, previous]
    });
    let row = now.into_iter().zip(before).flat_map(|(now, before)| [now, before]).collect();
    let table = Table { columns: columns.collect(), rows: vec![row], total: 105_872, truncated: false };
    let first = window().from.0.div_euclid(BUCKET) * BUCKET;
    let rows = (first..window().to.0)
        .step_by(BUCKET as usize)
        .map(|at| {
            let value = |seed: i64, scale: f64| Cell::Int((rhythm(at, seed) * scale) as i64);
            vec![
                Cell::Time(Timestamp(at)),
                value(1, 4_000.0),
                Cell::Float(rhythm(at, 9) * 0.02),
                value(2, 60.0),
                value(3, 300.0),
                value(4, 9.0),
                value(5, 6.0),
            ]
        })
        .collect();
    let timeline = self::table(&[Field::EventTime], &panel.measures, rows);
    series(&panel, table, vec![detail("timeline", timeline)])
}

pub fn errors() -> Series {
    let codes = [
        ("AccessDenied", 1_040, "User: arn:aws:iam::111122223333:user/ci is not authorized to perform: s3:GetObject"),
        ("Client.UnauthorizedOperation", 312, "You are not authorized to perform this operation."),
        ("NoSuchKey", 204, "The specified key does not exist."),
        ("ThrottlingException", 141, "Rate exceeded"),
        ("Client.RequestLimitExceeded", 88, "Request limit exceeded."),
        ("ResourceNotFoundException", 61, "Requested resource not found"),
        ("NoSuchBucketPolicy", 22, "The bucket policy does not exist"),
        ("ValidationException", 17, "1 validation error detected"),
        ("InvalidParameterValue", 9, "Value () for parameter is invalid"),
        ("EntityAlreadyExists", 4, "Role with name deploy already exists."),
        ("NoSuchEntity", 2, "The role with name x cannot be found."),
    ];
    let rows = codes
        .iter()
        .map(|(code, events, message)| {
            vec![text(code), Cell::Int(*events), Cell::Int(3), text(message), Cell::Time(Timestamp(NOW - HOUR))]
        })
        .collect();
    let measures = [Measure::Events, Measure::Actors, Measure::ErrorMessage, Measure::LastSeen];
    let groups: Vec<(&str, f64)> =
        codes.iter().take(5).map(|(code, events, _)| (*code, *events as f64 / 18.0)).collect();
    let timeline = over_time(Field::ErrorCode, &[&groups[..], &[("other", 6.0)]].concat());
    series(&panel("errors"), table(&[Field::ErrorCode], &measures, rows), vec![detail("timeline", timeline)])
}

pub fn source_addresses() -> Series {
    let rows = (0..14_i64)
        .map(|at| {
            let (code, ..) = COUNTRIES[at as usize];
            vec![
                text(&format!("198.51.100.{}", at * 17 + 3)),
                if at == 4 { Cell::Null } else { text(code) },
                if at % 5 == 3 { Cell::Null } else { text("Example Telecommunications AG, Backbone") },
                Cell::Int(18_000 / (at + 1) / (at + 1)),
                Cell::Int(9 - at / 2),
                Cell::Int(at * 3 % 7),
                Cell::Time(Timestamp(NOW - 24 * HOUR + at * 60_000)),
                Cell::Time(Timestamp(NOW - at * 2_000)),
            ]
        })
        .collect();
    let fields = [Field::SourceIp, Field::Country, Field::AsOrganisation];
    let measures = [Measure::Events, Measure::Actors, Measure::Failures, Measure::FirstSeen, Measure::LastSeen];
    series(&panel("source-addresses"), table(&fields, &measures, rows), Vec::new())
}

pub fn recent_events() -> Series {
    let panel = panel("recent-events");
    let rows = (0..18_i64)
        .map(|at| {
            let failed = at % 6 == 2;
            let (name, _) = NAMES[(at % 10) as usize];
            vec![
                Cell::Time(Timestamp(NOW - at * 7_000)),
                text(["alice", "deploy-role", "ci", "root"][(at % 4) as usize]),
                if at % 4 == 1 { text("i-0abc1234def567890") } else { Cell::Null },
                text(name),
                text("sts.amazonaws.com"),
                text(if failed { "failure" } else { "success" }),
                if failed { text("AccessDenied") } else { Cell::Null },
                text("203.0.113.9"),
                text("203.0.113.9"),
                text("DE"),
                text("eu-central-1"),
                text("111122223333"),
                text(&format!("event-{at}")),
            ]
        })
        .collect();
    series(&panel, table(&panel.by, &[], rows), Vec::new())
}

/// A panel from its own keys, as a file has them.
pub fn spec(own: &str) -> Panel {
    let text = format!("{{\"id\": \"tried\", \"title\": \"Tried\", {own}}}");
    let panel: Panel = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}\n{text}"));
    assert_eq!(panel.validate(), Ok(()), "{text}");
    panel
}

pub const CLASSES: &str = r#""classes": [
    { "id": "logging", "label": "Logging stopped", "level": "critical", "filter": "event_name:StopLogging" },
    { "id": "policy", "label": "Bucket policy changed", "level": "medium", "filter": "event_name:*BucketPolicy" },
    { "id": "keys", "label": "Keys disabled", "filter": "event_name:DisableKey" }
]"#;

/// The panel's rows by its groups and measures, with a total.
fn rows(panel: Panel, rows: Vec<Vec<Cell>>) -> (Panel, Series) {
    let time = panel.bucket.map(|_| Group::Field(Field::EventTime));
    let groups: Vec<Group> = time.into_iter().chain(panel.by.iter().copied()).collect();
    let table = table(&groups, &panel.measures, rows);
    let series = series(&panel, table, Vec::new());
    (panel, series)
}

fn donut() -> (Panel, Series) {
    let panel = spec(r#""mark": "donut", "by": ["identity_type"], "measures": ["events"]"#);
    let types = [("AssumedRole", 5_200), ("AWSService", 2_840), ("IAMUser", 960), ("AWSAccount", 204), ("Root", 12)];
    rows(panel, types.iter().map(|(name, events)| vec![text(name), Cell::Int(*events)]).collect())
}

fn calendar() -> (Panel, Series) {
    let panel = spec(r#""mark": "heat_map", "by": ["weekday", "hour"], "measures": ["events"]"#);
    let at = |day: i64, hour: i64| {
        let work = if day < 6 { 900.0 } else { 60.0 };
        vec![Cell::Int(day), Cell::Int(hour), Cell::Int((rhythm(hour * HOUR, day) * work) as i64)]
    };
    rows(panel, (1..=7).flat_map(|day| (0..24).map(move |hour| at(day, hour))).collect())
}

fn denied() -> (Panel, Series) {
    let panel = spec(
        r#""mark": "heat_map", "by": ["actor", "event_name"], "measures": ["events"], "limit": 10, "inner_limit": 10"#,
    );
    let actors = ["alice", "deploy-production-role", "ci", "bob", "AWSReservedSSO_Admin", "terraform", "root"];
    let cell = |actor: usize, name: usize| {
        let events = (900 / (1 + actor * actor) / (1 + name)) as i64;
        ((actor * 7 + name * 3) % 4 != 1).then(|| vec![text(actors[actor]), text(NAMES[name].0), Cell::Int(events)])
    };
    rows(panel, (0..7).flat_map(|actor| (0..9).filter_map(move |name| cell(actor, name))).collect())
}

fn nested() -> (Panel, Series) {
    let panel = spec(
        r#""mark": "ranking", "by": ["event_source", "event_name"], "measures": ["events"], "limit": 3, "inner_limit": 3"#,
    );
    let all = [
        ("s3.amazonaws.com", 940, [("GetObject", 600), ("PutObject", 210), ("ListBuckets", 80)]),
        ("sts.amazonaws.com", 610, [("AssumeRole", 500), ("GetCallerIdentity", 90), ("AssumeRoleWithWebIdentity", 20)]),
        ("ec2.amazonaws.com", 300, [("DescribeInstances", 280), ("RunInstances", 12), ("TerminateInstances", 8)]),
    ];
    let row = |source: &str, total: i64, (name, events): (&str, i64)| {
        vec![text(source), text(name), Cell::Int(events), Cell::Int(total)]
    };
    let all = all.iter().flat_map(|(source, total, names)| names.map(|name| row(source, *total, name)));
    let (panel, mut series) = rows(panel, all.collect());
    let key = model::chart::GROUP_EVENTS.to_owned();
    series.table.columns.push(Column { key, kind: model::field::Kind::Integer, label: "Events".to_owned() });
    series.table.total = 2_105;
    (panel, series)
}

/// A number a class over a table.
fn levels() -> (Panel, Series) {
    let panel = spec(&format!(
        r#""mark": "table", "by": ["class", "actor"], "measures": ["events", "share", "change", "last_seen"], {CLASSES},
        "details": [{{ "id": "levels", "mark": "figures", "by": ["class"], "measures": ["events"] }}]"#
    ));
    let row = |class: &str, actor: &str, events: i64, change: Cell| {
        vec![
            text(class),
            text(actor),
            Cell::Int(events),
            Cell::Float(events as f64 / 20.0),
            change,
            Cell::Time(Timestamp(NOW - HOUR)),
        ]
    };
    let (panel, mut series) = rows(
        panel,
        vec![
            row("logging", "mallory", 2, Cell::Null),
            row("policy", "alice", 12, Cell::Float(0.5)),
            row("policy", "deploy-role", 6, Cell::Float(-0.25)),
        ],
    );
    let figures = table(
        &[Group::Class],
        &[Measure::Events],
        vec![vec![text("logging"), Cell::Int(2)], vec![text("policy"), Cell::Int(18)]],
    );
    series.details.push(detail("levels", figures));
    (panel, series)
}

fn rates() -> (Panel, Series) {
    let panel = spec(r#""mark": "line", "bucket": "auto", "measures": ["error_rate"]"#);
    let first = window().from.0.div_euclid(BUCKET) * BUCKET;
    let at = |at: i64| {
        let rate = if (at / HOUR) % 9 == 0 { Cell::Null } else { Cell::Float(rhythm(at, 4) * 0.04) };
        vec![Cell::Time(Timestamp(at)), rate]
    };
    rows(panel, (first..window().to.0).step_by(BUCKET as usize).map(at).collect())
}

/// A panel of Overview, or the same numbers as another mark, with its answer.
pub fn example(id: &str) -> (Panel, Series) {
    let outcomes = |success, failure| over_time(Field::Outcome, &[("success", success), ("failure", failure)]);
    let plain = |panel: Panel, table| {
        let series = series(&panel, table, Vec::new());
        (panel, series)
    };
    match id {
        "key-figures" => (panel(id), key_figures()),
        "access-map" => (panel(id), access_map()),
        "events-by-outcome" => plain(panel(id), outcomes(4_200.0, 90.0)),
        "events-by-name" => plain(panel(id), over_time(Field::EventName, &NAMES)),
        "sign-ins" => plain(panel(id), outcomes(14.0, 3.0)),
        "sign-ins-by-region" => (panel(id), sign_ins_by_region()),
        "top-console-users" | "source-addresses" => (panel("source-addresses"), source_addresses()),
        "errors" => (panel(id), errors()),
        "recent-events" => (panel(id), recent_events()),
        "ranking" => {
            let ranking = Panel { mark: model::panel::Mark::Ranking, ..panel("errors") };
            (ranking, errors())
        }
        "line" => {
            let line = Panel { mark: model::panel::Mark::Line, ..panel("events-by-name") };
            plain(line, over_time(Field::EventName, &NAMES[..5]))
        }
        "rates" => rates(),
        "donut" => donut(),
        "calendar" => calendar(),
        "denied" => denied(),
        "nested" => nested(),
        "levels" => levels(),
        "empty" => plain(panel("sign-ins"), table(&[Field::EventTime, Field::Outcome], &[Measure::Events], Vec::new())),
        _ => panic!("no example {id}"),
    }
}

pub const EXAMPLES: [&str; 18] = [
    "line",
    "rates",
    "donut",
    "calendar",
    "denied",
    "nested",
    "levels",
    "key-figures",
    "access-map",
    "events-by-outcome",
    "events-by-name",
    "sign-ins",
    "sign-ins-by-region",
    "source-addresses",
    "errors",
    "recent-events",
    "ranking",
    "empty",
];
