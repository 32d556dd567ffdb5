//! The SQL of every built-in panel, to be read in review when it changes.

use std::collections::BTreeSet;

use expect_test::expect_file;
use server::{clock::Clock, ingest::enrich::GeoIp, query::Query};
use sqlx::PgPool;

use super::fixture::{self, view};

#[tokio::test]
async fn sql_of_the_built_in_dashboards() {
    // Nothing is asked of the database.
    let pool = PgPool::connect_lazy("postgres://nobody@localhost:1/none").unwrap();
    let clock = Clock::Fixed(model::time::Timestamp::parse(fixture::NOW).unwrap());
    let query = Query::new(pool.clone(), pool, clock, GeoIp::default());
    let mut told = BTreeSet::new();
    for dashboard in model::dashboard::built_in() {
        let mut text = String::new();
        // A panel that stands on two dashboards is told once.
        for tile in dashboard.tiles.iter().filter(|tile| told.insert(tile.panel.id.as_str())) {
            for (id, sql) in query.explain(&tile.panel, &view("")).unwrap() {
                let name = [tile.panel.id.as_str(), &id].join(" ");
                text.push_str(&format!("-- {}\n{sql}\n\n", name.trim()));
            }
        }
        expect_file![format!("golden/{}.sql", dashboard.id)].assert_eq(text.trim_end());
    }
}
