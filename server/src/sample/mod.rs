//! Realistic CloudTrail files for trying Trailmap and for the benchmark.
//!
//! A company of four accounts: people at work in many cities, functions, containers and pipelines, the services of AWS,
//! strangers at the door, and in the last three days a break-in to find (`story`). Hours are filled one after the other,
//! each with its share of the events, so that memory does not grow with their number.

use std::path::PathBuf;

use model::time::Timestamp;

mod blanks;
mod catalog;
mod clock;
mod delivery;
mod dice;
mod event;
mod identity;
mod people;
mod person;
mod sign_in;
mod slice;
mod story;
mod workload;
mod world;

use clock::{DAY, HOUR};
use delivery::Delivery;
use dice::Dice;
use person::People;
use slice::Slice;
use workload::WORKLOADS;

/// The part of events that people make; machines make the others.
const PEOPLES_SHARE: f64 = 0.2;

#[derive(Clone, Debug)]
pub struct Settings {
    /// Distinct events; about 0.5 % of them are delivered a second time on top.
    pub events: u64,
    pub days: u32,
    pub seed: u64,
    pub out: PathBuf,
    /// The end of the last day: events lie in the `days` before it.
    pub until: Timestamp,
}

#[derive(Clone, Debug, Default)]
pub struct Summary {
    pub files: u64,
    /// Distinct events.
    pub events: u64,
    /// Size of all files together.
    pub bytes: u64,
}

/// Writes gzip files in CloudTrail's S3 layout below `out`. The same settings give the same bytes.
pub fn write(settings: &Settings) -> anyhow::Result<Summary> {
    let (until, seed) = (settings.until.0, settings.seed);
    let from = until - i64::from(settings.days) * DAY;
    let hours = settings.days as usize * 24;

    let mut story = story::tell(settings);
    let shares = Shares::new(&People::new(seed), from, hours, settings.events - story.len() as u64);

    let mut people = People::new(seed);
    let mut delivery = Delivery::new(settings.out.clone(), seed);
    for hour in 0..hours {
        let start = from + hour as i64 * HOUR;
        let mut slice = Slice {
            from: start,
            to: start + HOUR,
            left: shares.of(hour),
            longest: (settings.events / 300).clamp(3, 40),
            events: Vec::new(),
            dice: Dice::new(seed, "hour", start.div_euclid(HOUR)),
        };
        fill(&mut slice, &mut people, shares.people_factor);
        slice.events.extend(story.extract_if(.., |event| event.time < slice.to));
        delivery.deliver(slice.events)?;
    }
    Ok(delivery.finish())
}

/// Lets people and workloads act, as often as their weights say, until the hour is full.
fn fill(slice: &mut Slice, people: &mut People, people_factor: f64) {
    let persons: Vec<f64> = people.weights(slice.from).map(|weight| weight * people_factor).collect();
    let weights: Vec<f64> = persons.iter().copied().chain(workload::weights(slice.from)).collect();
    while slice.left > 0 {
        let chosen = slice.dice.weighted(weights.iter().copied());
        match chosen.checked_sub(persons.len()) {
            None => people.act(chosen, slice),
            Some(workload) => WORKLOADS[workload].act(slice),
        }
    }
}

/// How the events are spread over the hours: by what goes on in each, and to the exact sum.
struct Shares {
    /// Sums of the hours' weights up to each hour's end.
    cumulated: Vec<f64>,
    events: u64,
    /// Makes people's weights, beside the workloads', their share.
    people_factor: f64,
}

impl Shares {
    fn new(people: &People, from: i64, hours: usize, events: u64) -> Shares {
        let starts = || (0..hours).map(|hour| from + hour as i64 * HOUR);
        let persons: Vec<f64> = starts().map(|start| people.weights(start).sum()).collect();
        let machines: Vec<f64> = starts().map(|start| workload::weights(start).sum()).collect();
        let ratio = machines.iter().sum::<f64>() / persons.iter().sum::<f64>().max(f64::MIN_POSITIVE);
        let people_factor = ratio * PEOPLES_SHARE / (1.0 - PEOPLES_SHARE);
        let mut sum = 0.0;
        let cumulated = persons.iter().zip(&machines).map(|(person, machine)| {
            sum += person * people_factor + machine;
            sum
        });
        Shares { cumulated: cumulated.collect(), events, people_factor }
    }

    fn of(&self, hour: usize) -> usize {
        let total = self.cumulated.last().copied().unwrap_or(1.0);
        let up_to = |sum: f64| (self.events as f64 * (sum / total)).round() as u64;
        let before = if hour == 0 { 0 } else { up_to(self.cumulated[hour - 1]) };
        (up_to(self.cumulated[hour]) - before) as usize
    }
}
