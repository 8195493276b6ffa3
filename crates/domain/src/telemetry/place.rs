//! Places on the globe.

use geo::{Distance, Haversine, Point};
use serde::{Deserialize, Serialize};

/// Degrees, by WGS 84.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Place {
    pub longitude: f64,
    pub latitude: f64,
}

impl Place {
    pub const fn new(longitude: f64, latitude: f64) -> Self {
        Self { longitude, latitude }
    }

    /// Whether there is such a place.
    pub fn exists(self) -> bool {
        (-180.0..=180.0).contains(&self.longitude) && (-90.0..=90.0).contains(&self.latitude)
    }

    /// Along the great circle, on a globe of 6,371 km.
    pub fn metres_to(self, other: Self) -> f64 {
        Haversine.distance(Point::new(self.longitude, self.latitude), Point::new(other.longitude, other.latitude))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distances_along_the_great_circle() {
        let check = |from: (f64, f64), to: (f64, f64), expect: f64| {
            let metres = Place::new(from.0, from.1).metres_to(Place::new(to.0, to.1));
            assert!((metres - expect).abs() <= expect * 0.001 + 0.01, "{from:?} {to:?}: {metres}");
        };
        check((10.0, 60.0), (10.0, 60.0), 0.0);
        // A degree of latitude, and the same of longitude at 60° north.
        check((10.0, 60.0), (10.0, 61.0), 111_195.0);
        check((10.0, 60.0), (11.0, 60.0), 55_597.0);
        // The short way over 180°.
        check((179.5, 0.0), (-179.5, 0.0), 111_195.0);
        check((0.0, 90.0), (123.0, 90.0), 0.0);
        check((0.0, 0.0), (180.0, 0.0), 20_015_087.0);
    }
}
