//! How long filters and pictures take: `make bench-pure`.

#[allow(dead_code)]
#[path = "../../model/tests/chart/fixture.rs"]
mod fixture;

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use model::{
    chart::{Land, Link, Size, Target, Theme, svg, world::outline::outlines},
    filter,
    series::Cell,
    view::View,
};

const SHORT: &str = "outcome:failure and not actor:ci";
const LONG: &str = "event_name:(Delete* or Terminate* or Remove* or ScheduleKeyDeletion) and outcome:success and not \
    identity_type:AWSService and not actor:(*.amazonaws.com or AWSServiceRoleFor*) and (source_ip:203.0.113.0/24 or \
    requestParameters.ipPermissions.items.ipRanges.items.cidrIp:\"0.0.0.0/0\" or \"access denied\")";

fn filters(criterion: &mut Criterion) {
    for (name, text) in [("short", SHORT), ("long", LONG)] {
        criterion
            .bench_function(&format!("filter/parse/{name}"), |bench| bench.iter(|| filter::parse(black_box(text))));
        let ast = filter::parse(text).expect("a filter");
        criterion
            .bench_function(&format!("filter/print/{name}"), |bench| bench.iter(|| filter::print(black_box(&ast))));
        // Every field has a value that most conditions do not match: nearly all of them are looked at.
        let cell = Cell::Text("ScheduleKeyDeletion".to_owned());
        criterion.bench_function(&format!("filter/eval/{name}"), |bench| {
            bench.iter(|| filter::eval(black_box(&ast), &|_| cell.clone()));
        });
    }
}

fn charts(criterion: &mut Criterion) {
    let view = View::default();
    let link = Some(Link { path: "/d/overview", view: &view });
    for (id, width, height) in [
        ("events-by-outcome", 440, 440),
        ("events-by-name", 664, 300),
        ("errors", 550, 400),
        ("access-map", 900, 440),
        ("source-addresses", 780, 400),
        ("calendar", 664, 300),
    ] {
        let (panel, series) = fixture::example(id);
        for (what, land) in [("page", Land::Asset), ("file", Land::Inline(outlines()))] {
            let target = Target { size: Size { width, height }, theme: Theme::Page, link, land };
            criterion.bench_function(&format!("chart/{what}/{id}"), |bench| {
                bench.iter(|| svg(black_box(&panel), black_box(&series), target));
            });
        }
    }
}

criterion_group!(benches, filters, charts);
criterion_main!(benches);
