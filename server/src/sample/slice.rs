//! An hour of the sample: filled by runs of calls until it has the events that it is to have.

use super::{
    blanks::Blanks,
    catalog::{self, Call, Profile},
    clock::SECOND,
    dice::Dice,
    event::{Caller, Deed, Event},
    world::Account,
};

/// How often a call fails.
const FAILURES: f64 = 0.042;

/// Where and when a run of calls is.
#[derive(Clone, Copy)]
pub struct Run {
    pub account: &'static Account,
    pub region: &'static str,
    /// When the next call happens.
    pub at: i64,
}

pub struct Slice {
    pub from: i64,
    pub to: i64,
    /// How many events are still to be recorded.
    pub left: usize,
    /// The most events that one run of calls may make: small samples have short runs, so that all kinds occur.
    pub longest: u64,
    pub events: Vec<Event>,
    pub dice: Dice,
}

impl Slice {
    /// Some time in this hour.
    pub fn moment(&mut self) -> i64 {
        self.from + self.dice.below((self.to - self.from) as u64) as i64
    }

    /// Lets `seconds` pass, or about as many, though never past the hour's end.
    pub fn pass(&mut self, run: &mut Run, seconds: f64) {
        let waited = self.dice.below((seconds * 2.0 * SECOND as f64) as u64 + 1) as i64;
        run.at = (run.at + waited).min(self.to - 1);
    }

    pub fn record(&mut self, run: Run, caller: &Caller, deed: Deed) {
        if self.left > 0 {
            self.left -= 1;
            let event = deed.by(caller, run.account, run.region, &mut self.dice);
            self.events.push(event);
        }
    }

    /// One call of the catalog, which fails now and then.
    pub fn call(&mut self, run: Run, caller: &Caller, call: &Call) {
        let fails = !call.errors.is_empty() && self.dice.chance(FAILURES);
        let error = fails.then(|| self.dice.pick(&call.errors).clone());
        let identity = &caller.identity;
        let mut blanks = Blanks::new(run.account, run.region, run.at, &identity.arn, &identity.name, call.action());
        let deed = Deed::call(call, &mut blanks, error.as_deref(), &mut self.dice);
        self.record(run, caller, deed);
    }

    /// A run of calls from a profile, some `seconds` apart. `each` may change the caller for a call.
    pub fn calls(
        &mut self,
        mut run: Run,
        caller: &Caller,
        profile: &Profile,
        seconds: f64,
        each: impl Fn(&mut Dice, Caller, &Call) -> Caller,
    ) {
        let count = 1 + self.dice.below(self.longest);
        for _ in 0..count {
            if self.left == 0 {
                break;
            }
            let chosen = self.dice.weighted(profile.iter().map(|(_, weight)| *weight));
            let call = profile[chosen].0;
            let caller = each(&mut self.dice, caller.clone(), call);
            self.call(run, &caller, call);
            self.pass(&mut run, seconds);
        }
    }

    /// As `calls`, by one caller throughout.
    pub fn calls_by(&mut self, run: Run, caller: &Caller, profile: &str, seconds: f64) {
        self.calls(run, caller, catalog::profile(profile), seconds, |_, caller, _| caller);
    }
}
