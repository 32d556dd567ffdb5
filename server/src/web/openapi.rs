//! `/api/v1/openapi.json`: what programs may ask, described from what answers them: fields, dashboards, kinds of things, limits.

use std::sync::LazyLock;

use axum::response::{IntoResponse, Response};
use model::{
    dashboard,
    discover::{JSON_ROWS, MOST_JSON_ROWS},
    entity,
    error::Kind,
    field::{self, Field},
};
use serde_json::{Map, Value, json};

use super::NO_STORE;

static DOCUMENT: LazyLock<Value> = LazyLock::new(document);

pub async fn answer() -> Response {
    ([NO_STORE], axum::Json(&*DOCUMENT)).into_response()
}

/// OpenAPI 3.1.
pub fn document() -> Value {
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Trailmap",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "AWS CloudTrail as data. Every panel of a page has an address with another ending; the parameters are those of \
                            the page. Times are RFC 3339 in UTC. A token made at /account is sent as `Authorization: Bearer tm_…`; what \
                            it sees and may do is what its user and it may.",
            "license": { "name": "Apache-2.0", "identifier": "Apache-2.0" },
        },
        "servers": [{ "url": "/" }],
        "security": [{ "token": [] }, {}],
        "paths": paths(),
        "components": {
            "securitySchemes": { "token": { "type": "http", "scheme": "bearer", "description": "Made at /account." } },
            "parameters": parameters(),
            "schemas": schemas(),
            "responses": { "Error": {
                "description": "What is wrong, and where.",
                "content": {
                    "application/json": { "schema": reference("schemas/Error") },
                    "text/plain": { "schema": { "type": "string" } },
                },
            } },
        },
    })
}

fn reference(name: &str) -> Value {
    json!({ "$ref": format!("#/components/{name}") })
}

fn paths() -> Value {
    let mut paths = Map::new();
    let mut get = |path: &str, id: &str, summary: &str, parameters: Vec<Value>, kinds: &[&str], schema: Value| {
        let content = kinds.iter().map(|kind| {
            let schema = if *kind == "application/json" { schema.clone() } else { json!({ "type": "string" }) };
            ((*kind).to_owned(), json!({ "schema": schema }))
        });
        let operation = json!({
            "operationId": id,
            "summary": summary,
            "parameters": parameters,
            "responses": {
                "200": { "description": summary, "content": content.collect::<Map<_, _>>() },
                "default": reference("responses/Error"),
            },
        });
        paths.insert(path.to_owned(), json!({ "get": operation }));
    };
    const JSON: &[&str] = &["application/json"];
    let view = || {
        ["range", "from", "to", "q", "pin", "on", "off"].map(|name| reference(&format!("parameters/{name}"))).to_vec()
    };
    let with = |path: &[&str], more: Vec<Value>| {
        let path = path.iter().map(|name| reference(&format!("parameters/{name}")));
        path.chain(more).collect::<Vec<_>>()
    };
    let picture =
        || ["theme", "width", "height", "scale"].map(|name| reference(&format!("parameters/{name}"))).to_vec();
    let panel = |more: Vec<Value>| with(&["dashboard", "panel"], [view(), more].concat());
    get("/d/{dashboard}/{panel}.json", "panel_json", "A panel's data", panel(vec![]), JSON, reference("schemas/Panel"));
    get("/d/{dashboard}/{panel}.csv", "panel_csv", "A panel's rows", panel(vec![]), &["text/csv"], Value::Null);
    get(
        "/d/{dashboard}/{panel}.svg",
        "panel_svg",
        "A panel's picture",
        panel(picture()),
        &["image/svg+xml"],
        Value::Null,
    );
    get("/d/{dashboard}/{panel}.png", "panel_png", "A panel's picture", panel(picture()), &["image/png"], Value::Null);
    get(
        "/d/{dashboard}/{panel}.pdf",
        "panel_pdf",
        "A panel's picture",
        panel(picture()),
        &["application/pdf"],
        Value::Null,
    );
    get(
        "/d/{dashboard}/{panel}/inspect.json",
        "panel_inspect",
        "How a panel is answered: its SQL and what that takes",
        panel(vec![]),
        JSON,
        object(),
    );
    let version = json!({
        "name": "version", "in": "query", "description": "An older version of a dashboard of your own.",
        "schema": { "type": "integer", "minimum": 1 },
    });
    get(
        "/d/{dashboard}.json",
        "dashboard_json",
        "A dashboard as a file, which can be imported",
        with(&["dashboard"], vec![version]),
        JSON,
        object(),
    );
    get(
        "/d/{dashboard}.png",
        "dashboard_png",
        "A dashboard as one picture",
        with(&["dashboard"], [view(), picture()].concat()),
        &["image/png"],
        Value::Null,
    );
    get(
        "/d/{dashboard}.pdf",
        "dashboard_pdf",
        "A dashboard as one page",
        with(&["dashboard"], [view(), picture()].concat()),
        &["application/pdf"],
        Value::Null,
    );
    let rows = |more: &[&str]| with(&[&["columns", "sort", "raw", "integrity"], more].concat(), view());
    get(
        "/discover.json",
        "events_json",
        "Events, page by page",
        rows(&["limit", "after", "before", "around"]),
        JSON,
        reference("schemas/Events"),
    );
    get(
        "/discover.ndjson",
        "events_ndjson",
        "All events, one a line, as a stream",
        rows(&["limit", "after"]),
        &["application/x-ndjson"],
        Value::Null,
    );
    get(
        "/discover.csv",
        "events_csv",
        "All events, as a stream",
        rows(&["limit", "after"]),
        &["text/csv"],
        Value::Null,
    );
    get(
        "/event/{event_id}.json",
        "event",
        "An event, byte for byte as CloudTrail delivered it",
        with(&["event_id"], vec![]),
        JSON,
        object(),
    );
    get(
        "/entity/{kind}/{value}.json",
        "entity",
        "What is known of an actor, an address, a resource, an access key, an account",
        with(&["kind", "value"], view()),
        JSON,
        object(),
    );
    get("/api/v1/ingest", "ingest", "The state of each source, and what could not be read", vec![], JSON, object());
    let before = json!({ "name": "before", "in": "query", "description": "Entries before this one.", "schema": { "type": "integer" } });
    get("/api/v1/audit", "audit", "The audit log, the newest first: for administrators", vec![before], JSON, object());
    get("/api/v1/openapi.json", "openapi", "This document", vec![], JSON, object());
    get("/metrics", "metrics", "Numbers for Prometheus", vec![], &["application/openmetrics-text"], Value::Null);
    Value::Object(paths)
}

fn object() -> Value {
    json!({ "type": "object" })
}

fn parameters() -> Value {
    let dashboards: Vec<_> = dashboard::built_in().iter().map(|dashboard| dashboard.id.as_str()).collect();
    let panels: Vec<_> =
        dashboard::built_in().iter().flat_map(|of| &of.tiles).map(|tile| tile.panel.id.as_str()).collect();
    let kinds: Vec<_> = entity::Kind::ALL.iter().map(|kind| kind.key()).collect();
    let fields: Vec<_> = Field::ALL.iter().map(|field| field.key()).collect();
    let path = |name: &str, description: &str, schema: Value| json!({ "name": name, "in": "path", "required": true, "description": description, "schema": schema });
    let query = |name: &str, description: &str, schema: Value| json!({ "name": name, "in": "query", "description": description, "schema": schema });
    let text = |examples: Value| json!({ "type": "string", "examples": examples });
    let pixels = || json!({ "type": "integer", "minimum": 200, "maximum": 4000 });
    json!({
        "dashboard": path("dashboard", "A dashboard's id.", text(json!(dashboards))),
        "panel": path("panel", "A panel's id.", text(json!(panels))),
        "event_id": path("event_id", "CloudTrail's id of the event.", json!({ "type": "string" })),
        "kind": path("kind", "Of what.", json!({ "enum": kinds })),
        "value": path("value", "Its name, id or address.", json!({ "type": "string" })),
        "range": query("range", "The last so much: 24h, 7d, 30d.", text(json!(["24h", "7d", "30d"]))),
        "from": query("from", "Where the range begins: a time, or how long ago.", text(json!(["2026-11-24T00:00:00Z", "now-2h"]))),
        "to": query("to", "Where it ends; now unless given.", text(json!(["2026-11-25T00:00:00Z"]))),
        "q": query("q", "A filter, as on the page.", text(json!(["outcome:failure and not actor:ci", "event_name:Delete*"]))),
        "pin": query("pin", "A filter beside q.", text(json!(["account:111122223333"]))),
        "on": query("on", "Switches that are on: panel.switch, with commas between.", text(json!(["recent-events.writes"]))),
        "off": query("off", "Switches that are off.", text(json!(["recent-events.writes"]))),
        "columns": query("columns", format!("Fields and paths with commas between them. Fields: {}.", fields.join(", ")).as_str(), text(json!(["event_time,actor,event_name"]))),
        "sort": query("sort", "A field and the way.", text(json!(["event_time:desc", "actor:asc"]))),
        "limit": query("limit", format!("Rows at most; {JSON_ROWS} unless given.").as_str(), json!({ "type": "integer", "minimum": 1, "maximum": MOST_JSON_ROWS })),
        "raw": query("raw", "With each event as it was delivered.", json!({ "enum": ["true", "false"] })),
        "integrity": query("integrity", "With what CloudTrail's digests say of each event's log file.", json!({ "enum": ["true", "false"] })),
        "after": query("after", "A place in the list, as `next` of an answer names it.", json!({ "type": "string" })),
        "before": query("before", "A place in the list, as `previous` names it.", json!({ "type": "string" })),
        "around": query("around", "An event's id: the rows around it.", json!({ "type": "string" })),
        "theme": query("theme", "Light unless given.", json!({ "enum": ["light", "dark"] })),
        "width": query("width", "Pixels.", pixels()),
        "height": query("height", "Pixels.", pixels()),
        "scale": query("scale", "Pixels of a PNG to one of the picture; 2 unless given.", json!({ "type": "number", "minimum": 0.5, "maximum": 4 })),
    })
}

fn schemas() -> Value {
    let kind = |kind: Kind| serde_json::to_value(kind).unwrap_or_default();
    let kinds = [
        Kind::Invalid,
        Kind::SignedOut,
        Kind::Forbidden,
        Kind::NotFound,
        Kind::Conflict,
        Kind::Timeout,
        Kind::Unavailable,
        Kind::Internal,
    ];
    let event: Map<_, _> = Field::ALL.iter().map(|field| (field.key().to_owned(), of_field(*field))).collect();
    let time = || json!({ "type": "string", "format": "date-time" });
    let window =
        json!({ "type": "object", "required": ["from", "to"], "properties": { "from": time(), "to": time() } });
    let column = json!({
        "type": "object",
        "required": ["key", "type", "label"],
        "properties": { "key": { "type": "string" }, "type": { "type": "string" }, "label": { "type": "string" } },
    });
    let list = |of: Value| json!({ "type": "array", "items": of });
    json!({
        "Error": {
            "type": "object",
            "required": ["error"],
            "properties": { "error": {
                "type": "object",
                "required": ["kind", "message"],
                "properties": {
                    "kind": { "enum": kinds.map(kind) },
                    "message": { "type": "string" },
                    "parameter": { "type": "string", "description": "Which parameter is wrong." },
                    "span": {
                        "type": "object",
                        "description": "Where in it, in characters from 0.",
                        "properties": { "start": { "type": "integer" }, "end": { "type": "integer" } },
                    },
                },
            } },
        },
        "Panel": {
            "type": "object",
            "required": ["panel", "window", "filter", "columns", "rows", "total", "truncated"],
            "properties": {
                "panel": { "type": "object", "required": ["id", "title"], "properties": { "id": { "type": "string" }, "title": { "type": "string" } } },
                "window": window.clone(),
                "previous": window.clone(),
                "filter": { "type": "string" },
                "columns": list(column.clone()),
                "rows": list(json!({ "type": "object" })),
                "total": { "type": "integer", "description": "All events that the panel counts, also those of rows that were cut off." },
                "truncated": { "type": "boolean" },
                "details": { "type": "object" },
            },
        },
        "Event": { "type": "object", "properties": event },
        "Events": {
            "type": "object",
            "required": ["window", "filter", "columns", "rows", "total"],
            "properties": {
                "window": window,
                "filter": { "type": "string" },
                "columns": list(column),
                "rows": list(reference("schemas/Event")),
                "total": {
                    "type": ["integer", "null"],
                    "description": "Of all that are found; where looked_back_to is given, until there."
                },
                "offset": {
                    "type": ["integer", "null"],
                    "description": "Events before these; null where nobody counted, and total is that of this page."
                },
                "looked_back_to": {
                    "type": ["string", "null"],
                    "format": "date-time",
                    "description": "How far back a search in texts looked, where that was not all of the range; next goes on from there."
                },
                "next": { "type": ["string", "null"] },
                "next_url": { "type": ["string", "null"] },
                "previous": { "type": ["string", "null"] },
                "previous_url": { "type": ["string", "null"] },
            },
        },
    })
}

/// A field's value, null where the event has none.
fn of_field(field: Field) -> Value {
    use field::Kind as K;
    let description = field.help();
    match field.kind() {
        K::Time => json!({ "type": ["string", "null"], "format": "date-time", "description": description }),
        K::Bool => json!({ "type": ["boolean", "null"], "description": description }),
        K::Integer => json!({ "type": ["integer", "null"], "description": description }),
        K::Float => json!({ "type": ["number", "null"], "description": description }),
        K::List => json!({ "type": ["array", "null"], "items": { "type": "string" }, "description": description }),
        K::Text | K::Address => json!({ "type": ["string", "null"], "description": description }),
    }
}
