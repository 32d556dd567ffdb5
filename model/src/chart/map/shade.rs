//! Steps of shading: on round numbers, even on a scale of factors.

use crate::chart::{
    format,
    paint::{Paint, STEPS},
    scale::power_of_ten,
};

pub(crate) struct Shades {
    /// Where each step begins, growing.
    bounds: Vec<f64>,
}

impl Shades {
    /// Steps for amounts from `least` to `most`, both above zero.
    pub fn new(least: f64, most: f64) -> Shades {
        let most = most.max(1.0);
        let least = least.clamp(1.0, most);
        let mut round = Vec::new();
        let mut power = power_of_ten(least);
        while power <= most {
            round.extend([1.0, 2.0, 5.0].map(|factor| factor * power));
            power *= 10.0;
        }
        let first = round.iter().rposition(|bound| *bound <= least).unwrap_or(0);
        let round: Vec<f64> = round.into_iter().skip(first).filter(|bound| *bound <= most).collect();
        let count = round.len().clamp(1, STEPS);
        let mut bounds: Vec<f64> =
            (0..count).filter_map(|at| round.get(at * (round.len() - 1) / (count.max(2) - 1))).copied().collect();
        if bounds.is_empty() {
            bounds.push(1.0);
        }
        Shades { bounds }
    }

    pub fn paint(&self, amount: f64) -> Paint {
        self.step(self.bounds.iter().rposition(|bound| *bound <= amount).unwrap_or(0))
    }

    /// Few steps are spread over the whole scale.
    fn step(&self, at: usize) -> Paint {
        let last = self.bounds.len() - 1;
        let step = (at * (STEPS - 1) + last / 2).checked_div(last).unwrap_or(STEPS / 2);
        Paint::Scale(step as u8)
    }

    /// Colour and range: `10–49`, the last `5k+`.
    pub fn legend(&self) -> Vec<(Paint, String)> {
        (0..self.bounds.len())
            .map(|at| {
                let from = self.bounds[at];
                let label = match self.bounds.get(at + 1) {
                    Some(next) if *next - from <= 1.0 => format::short(from),
                    Some(next) if *next <= 1_000.0 => format!("{}–{}", format::short(from), next - 1.0),
                    Some(next) => format!("{}–{}", format::short(from), format::short(*next)),
                    None => format!("{}+", format::short(from)),
                };
                (self.step(at), label)
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(least: f64, most: f64, expected: &str) {
        let labels: Vec<_> = Shades::new(least, most).legend().into_iter().map(|(_, label)| label).collect();
        assert_eq!(labels.join(" "), expected);
    }

    #[test]
    fn ranges() {
        check(1.0, 1.0, "1+");
        check(1.0, 8.0, "1 2–4 5+");
        check(3.0, 40_000.0, "2–9 10–49 50–499 500–2k 2k–20k 20k+");
        check(900.0, 1_100.0, "500–999 1k+");
    }

    #[test]
    fn more_is_never_lighter() {
        let shades = Shades::new(2.0, 1e7);
        let step = |amount: f64| match shades.paint(amount) {
            Paint::Scale(step) => step,
            _ => unreachable!(),
        };
        let steps: Vec<u8> = (0..8).map(|power| step(10f64.powi(power))).collect();
        assert!(steps.windows(2).all(|pair| pair[0] <= pair[1]), "{steps:?}");
        assert_eq!((steps[0], steps[7]), (0, STEPS as u8 - 1));
    }
}
