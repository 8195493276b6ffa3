//! Windows of a map.

use domain::Refusal;
use serde::Deserialize;

/// West, south, east, north in degrees. One over 180° goes on beyond it: `[170, -10, 190, 10]`.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
#[serde(try_from = "[f64; 4]")]
pub(crate) struct Bbox {
    west: f64,
    south: f64,
    east: f64,
    north: f64,
}

pub(crate) const EXPECTS: &str = "west,south,east,north in degrees; west and east from -540 to 540";

/// A map may have been turned around once.
const LONGITUDES: std::ops::RangeInclusive<f64> = -540.0..=540.0;
const LATITUDES: std::ops::RangeInclusive<f64> = -90.0..=90.0;

impl TryFrom<[f64; 4]> for Bbox {
    type Error = &'static str;

    fn try_from([west, south, east, north]: [f64; 4]) -> Result<Self, Self::Error> {
        let is_there =
            [west, east].iter().all(|x| LONGITUDES.contains(x)) && [south, north].iter().all(|y| LATITUDES.contains(y));
        if is_there && west <= east && south <= north { Ok(Self { west, south, east, north }) } else { Err(EXPECTS) }
    }
}

impl From<Bbox> for [f64; 4] {
    fn from(Bbox { west, south, east, north }: Bbox) -> Self {
        [west, south, east, north]
    }
}

impl Bbox {
    pub(crate) const WORLD: Self = Self { west: -180.0, south: -90.0, east: 180.0, north: 90.0 };

    /// As it stands in a query: `west,south,east,north`.
    pub(crate) fn parse(text: &str) -> Result<Self, Refusal> {
        let numbers: Vec<f64> = text.split(',').filter_map(|number| number.trim().parse().ok()).collect();
        let four: Option<[f64; 4]> = numbers.try_into().ok().filter(|_| text.split(',').count() == 4);
        four.and_then(|four| Self::try_from(four).ok()).ok_or_else(|| Refusal::invalid("bbox", EXPECTS))
    }

    pub(crate) fn contains(self, longitude: f64, latitude: f64) -> bool {
        let across = [longitude, longitude + 360.0, longitude - 360.0];
        (self.south..=self.north).contains(&latitude) && across.iter().any(|x| (self.west..=self.east).contains(x))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_window_is() {
        let check = |text: &str, expect: bool| assert_eq!(Bbox::parse(text).is_ok(), expect, "{text}");
        check("-180,-90,180,90", true);
        check("10.5, 59, 11, 60", true);
        check("170,-10,190,10", true);
        for bad in [
            "",
            "1,2,3",
            "1,2,3,4,5",
            "x,2,3,4",
            "1,2,3,",
            "11,59,10,60",
            "10,60,11,59",
            "0,-91,1,0",
            "-541,0,0,1",
            "NaN,0,1,1",
            "inf,0,1,1",
        ] {
            check(bad, false);
        }
    }

    #[test]
    fn who_is_in_it() {
        let check = |bbox: &str, longitude: f64, latitude: f64, expect: bool| {
            assert_eq!(Bbox::parse(bbox).unwrap().contains(longitude, latitude), expect, "{bbox} {longitude} {latitude}");
        };
        check("10,59,11,60", 10.5, 59.5, true);
        check("10,59,11,60", 10.5, 60.5, false);
        check("170,-10,190,10", -175.0, 0.0, true);
        check("170,-10,190,10", 175.0, 0.0, true);
        check("170,-10,190,10", 165.0, 0.0, false);
        check("-190,-10,-170,10", 175.0, 0.0, true);
        check("-180,-90,180,90", 180.0, 90.0, true);
    }
}
