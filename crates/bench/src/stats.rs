//! Medians, spreads and quantiles.

use serde_json::{Value, json};

/// The middle of several runs, and how far apart they were.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Spread {
    pub(crate) median: f64,
    pub(crate) lowest: f64,
    pub(crate) highest: f64,
}

impl Spread {
    /// Of at least one run; without any, all are NaN, which meets no bar.
    pub(crate) fn of(runs: impl IntoIterator<Item = f64>) -> Self {
        let mut runs: Vec<f64> = runs.into_iter().collect();
        runs.sort_by(f64::total_cmp);
        let end = |value: Option<&f64>| value.copied().unwrap_or(f64::NAN);
        Self { median: quantile(&runs, 0.5), lowest: end(runs.first()), highest: end(runs.last()) }
    }

    pub(crate) fn show(&self, format: fn(f64) -> String) -> String {
        format!("{} ({}–{})", format(self.median), format(self.lowest), format(self.highest))
    }

    pub(crate) fn json(&self) -> Value {
        json!({ "median": self.median, "lowest": self.lowest, "highest": self.highest })
    }
}

/// By the nearest rank; the median of an even number is the mean of the two in the middle.
pub(crate) fn quantile(sorted: &[f64], q: f64) -> f64 {
    let Some(last) = sorted.len().checked_sub(1) else { return f64::NAN };
    if (q - 0.5).abs() < f64::EPSILON && sorted.len().is_multiple_of(2) {
        return f64::midpoint(sorted[last / 2], sorted[last / 2 + 1]);
    }
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "q is within 0 and 1, so the rank is an index")]
    let at = (last as f64 * q).round() as usize;
    sorted[at.min(last)]
}

/// Milliseconds.
pub(crate) fn ms(value: f64) -> String {
    format!("{value:.2} ms")
}

/// Of two rates.
pub(crate) fn ratio(value: f64) -> String {
    if value >= 10.0 { format!("{value:.1}") } else { format!("{value:.2}") }
}

/// How many a second, with separators.
pub(crate) fn rate(value: f64) -> String {
    let digits = format!("{value:.0}");
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at) % 3 == 0 && digits.as_bytes()[at - 1].is_ascii_digit() {
            text.push(',');
        }
        text.push(digit);
    }
    text + " /s"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_and_the_ends() {
        let check = |runs: &[f64], expect: (f64, f64, f64)| {
            let spread = Spread::of(runs.iter().copied());
            assert_eq!((spread.median, spread.lowest, spread.highest), expect, "{runs:?}");
        };
        check(&[3.0, 1.0, 2.0], (2.0, 1.0, 3.0));
        check(&[4.0, 1.0, 2.0, 3.0], (2.5, 1.0, 4.0));
        check(&[7.0], (7.0, 7.0, 7.0));
        assert!(Spread::of([]).median.is_nan());
    }

    #[test]
    fn quantiles_are_values_that_were_measured() {
        let values: Vec<f64> = (0..=100).map(f64::from).collect();
        assert_eq!((quantile(&values, 0.99), quantile(&values, 1.0), quantile(&values, 0.0)), (99.0, 100.0, 0.0));
    }

    #[test]
    fn rates_have_separators() {
        let check = |value: f64, expect: &str| assert_eq!(rate(value), expect);
        check(12.4, "12 /s");
        check(123_456.0, "123,456 /s");
        check(1_234_567.0, "1,234,567 /s");
    }
}
