//! Numbers that look like chance and are the same every time: SplitMix64 (Steele, Lea and Flood, 2014).

#[derive(Clone, Debug)]
pub struct Dice(u64);

const STEP: u64 = 0x9e37_79b9_7f4a_7c15;

impl Dice {
    /// Two streams of one seed have nothing in common.
    pub fn new(seed: u64, stream: u64) -> Self {
        let mut dice = Self(seed);
        let seeded = dice.roll();
        Self(seeded ^ stream.wrapping_mul(STEP))
    }

    pub fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(STEP);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// Not quite even, which is no matter for drives. `bound` itself is not reached.
    pub fn below(&mut self, bound: u64) -> u64 {
        self.roll() % bound.max(1)
    }

    /// In so many it is true once.
    pub fn one_in(&mut self, many: u64) -> bool {
        self.below(many) == 0
    }

    /// From `low` on; `high` itself is not reached.
    pub fn between(&mut self, low: f64, high: f64) -> f64 {
        let thousandths = u32::try_from(self.below(1 << 30)).unwrap_or(0);
        low + (high - low) * f64::from(thousandths) / f64::from(1_u32 << 30)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn they_are_the_same_every_time_and_in_bounds() {
        let rolls = |seed, stream| {
            let mut dice = Dice::new(seed, stream);
            (0..100).map(|_| dice.roll()).collect::<Vec<_>>()
        };
        assert_eq!(rolls(1, 2), rolls(1, 2));
        assert_ne!(rolls(1, 2), rolls(1, 3));
        assert_ne!(rolls(1, 2), rolls(2, 2));
        let mut dice = Dice::new(7, 0);
        assert!((0..1_000).all(|_| dice.below(3) < 3 && (-1.0..1.0).contains(&dice.between(-1.0, 1.0))));
    }
}
