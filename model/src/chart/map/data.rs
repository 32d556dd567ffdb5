//! What the map shows, read from the panel's tables.

use crate::{
    chart::{format, stack::amount},
    country,
    field::Field,
    filter::Ast,
    order::sort_by,
    series::{Cell, Table},
};

/// Events of a place, with what is said of them.
#[derive(Clone, Debug, Default)]
pub(crate) struct Counts {
    pub events: f64,
    pub failures: f64,
    /// Distinct: cannot be added up, so it is missing where rows were summed.
    pub actors: Option<f64>,
}

pub(crate) struct Place {
    pub code: String,
    pub name: String,
    pub counts: Counts,
    pub filter: Ast,
}

pub(crate) struct City {
    pub name: String,
    pub latitude: f64,
    pub longitude: f64,
    pub counts: Counts,
    pub filter: Ast,
}

pub(crate) struct Flow {
    pub country: String,
    pub region: String,
    pub events: f64,
    pub filter: Ast,
}

/// The most events first.
#[derive(Default)]
pub(crate) struct Data {
    pub places: Vec<Place>,
    pub cities: Vec<City>,
    pub flows: Vec<Flow>,
    /// Events whose country is not known.
    pub nowhere: f64,
}

impl Counts {
    fn of(table: &Table, row: &[Cell]) -> Counts {
        let actors = table.cell(row, "actors");
        Counts {
            events: amount(table.cell(row, "events")),
            failures: amount(table.cell(row, "failures")),
            actors: actors.number().map(|_| amount(actors)),
        }
    }

    fn add(&mut self, other: &Counts) {
        self.events += other.events;
        self.failures += other.failures;
        self.actors = None;
    }

    /// `Germany: 1,234 events, 5 actors, 12 failures`.
    pub fn sentence(&self, name: &str) -> String {
        let part = |value: f64, one: &str| {
            let plural = if value == 1.0 { "" } else { "s" };
            format!("{} {one}{plural}", format::count(value as i64))
        };
        let mut parts = vec![part(self.events, "event")];
        parts.extend(self.actors.map(|actors| part(actors, "actor")));
        if self.failures > 0.0 {
            parts.push(part(self.failures, "failure"));
        }
        format!("{name}: {}", parts.join(", "))
    }

    /// Failures as a share of events.
    pub fn failed(&self) -> f64 {
        if self.events > 0.0 { (self.failures / self.events).min(1.0) } else { 0.0 }
    }
}

impl Data {
    /// Rows of `table` are summed by country: a panel may count by more than that.
    pub fn new(table: &Table, cities: Option<&Table>, flows: Option<&Table>) -> Data {
        let mut data = Data::default();
        for row in &table.rows {
            let counts = Counts::of(table, row);
            let cell = table.cell(row, Field::Country.key());
            match cell.text().filter(|code| !code.is_empty()) {
                None => data.nowhere += counts.events,
                Some(code) => match data.places.iter_mut().find(|place| place.code.eq_ignore_ascii_case(code)) {
                    Some(place) => place.counts.add(&counts),
                    None => data.places.push(place(code, cell, counts)),
                },
            }
        }
        data.places.retain(|place| place.counts.events > 0.0);
        sort_by(&mut data.places, |a, b| b.counts.events.total_cmp(&a.counts.events).then_with(|| a.code.cmp(&b.code)));
        data.cities = cities.map(read_cities).unwrap_or_default();
        data.flows = flows.map(read_flows).unwrap_or_default();
        data
    }
}

fn place(code: &str, cell: &Cell, counts: Counts) -> Place {
    let name = country::name(code).unwrap_or(code).to_owned();
    Place { code: code.to_ascii_uppercase(), name, counts, filter: Ast::equals(Field::Country, cell) }
}

fn read_cities(table: &Table) -> Vec<City> {
    let mut cities: Vec<City> = table.rows.iter().filter_map(|row| city(table, row)).collect();
    sort_by(&mut cities, |a, b| b.counts.events.total_cmp(&a.counts.events));
    cities
}

fn city(table: &Table, row: &[Cell]) -> Option<City> {
    let coordinate = |field: Field| table.cell(row, field.key()).number().filter(|value| value.is_finite());
    let latitude = coordinate(Field::Latitude)?.clamp(-90.0, 90.0);
    let longitude = coordinate(Field::Longitude)?.clamp(-360.0, 360.0);
    let counts = Counts::of(table, row);
    let (country, city) = (table.cell(row, Field::Country.key()), table.cell(row, Field::City.key()));
    let country_name = country.text().map(|code| country::name(code).unwrap_or(code));
    let name = match (city.text().filter(|name| !name.is_empty()), country_name) {
        (Some(city), Some(country)) => format!("{city}, {country}"),
        (Some(city), None) => city.to_owned(),
        (None, country) => format!("{}, city unknown", country.unwrap_or("Unknown place")),
    };
    let filter = Ast::equals(Field::Country, country).and(Ast::equals(Field::City, city));
    (counts.events > 0.0).then_some(City { name, latitude, longitude, counts, filter })
}

fn read_flows(table: &Table) -> Vec<Flow> {
    let mut flows: Vec<Flow> = table.rows.iter().filter_map(|row| flow(table, row)).collect();
    sort_by(&mut flows, |a, b| b.events.total_cmp(&a.events));
    flows
}

fn flow(table: &Table, row: &[Cell]) -> Option<Flow> {
    let (country, region) = (table.cell(row, Field::Country.key()), table.cell(row, Field::AwsRegion.key()));
    let events = amount(table.cell(row, "events"));
    let filter = Ast::equals(Field::Country, country).and(Ast::equals(Field::AwsRegion, region));
    (events > 0.0).then_some(Flow {
        country: country.text()?.to_ascii_uppercase(),
        region: region.text()?.to_owned(),
        events,
        filter,
    })
}
