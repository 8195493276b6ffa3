//! The numbers of IO values by name and unit, as the vendor's pages "Data Sending Parameters ID" list them for
//! the FMB, FMC and FMM families (the professional ones, such as FMB640, use some for something else). What
//! isn't here stays a number.

use super::codec::IoValue;
use serde_json::{Map, Value};

/// 1: the ignition is on.
pub const IGNITION: u16 = 239;
/// 1: the device's own sensor feels movement.
pub const MOVEMENT: u16 = 240;

/// How a raw number is to be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reading {
    Unsigned,
    /// Two's complement of so many bits.
    Signed(u32),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IoName {
    pub id: u16,
    pub name: &'static str,
    pub unit: Option<&'static str>,
    pub reading: Reading,
    /// The raw number counts the unit's parts: 1000 of them are one, say.
    pub per_unit: u32,
}

/// In order of their ids.
pub const NAMES: &[IoName] = &[
    plain(1, "Digital input 1"),
    plain(2, "Digital input 2"),
    plain(3, "Digital input 3"),
    plain(4, "Pulse counter 1"),
    plain(5, "Pulse counter 2"),
    scaled(6, "Analog input 2", "V", 1000),
    plain(8, "Authorised iButton"),
    scaled(9, "Analog input 1", "V", 1000),
    plain(10, "SD card"),
    plain(11, "ICCID, first part"),
    scaled(12, "Fuel used by GNSS", "l", 1000),
    scaled(13, "Fuel rate by GNSS", "l/100 km", 100),
    plain(14, "ICCID, second part"),
    scaled(15, "Eco score", "", 100),
    scaled(16, "Total odometer", "m", 1),
    signed(17, "Axis X", "mG", 1),
    signed(18, "Axis Y", "mG", 1),
    signed(19, "Axis Z", "mG", 1),
    plain(21, "GSM signal"),
    scaled(24, "Speed", "km/h", 1),
    signed(25, "Bluetooth temperature 1", "°C", 100),
    signed(26, "Bluetooth temperature 2", "°C", 100),
    signed(27, "Bluetooth temperature 3", "°C", 100),
    signed(28, "Bluetooth temperature 4", "°C", 100),
    scaled(29, "Bluetooth battery 1", "%", 1),
    plain(30, "Fault codes"),
    scaled(31, "Engine load", "%", 1),
    scaled(36, "Engine speed", "1/min", 1),
    scaled(37, "Vehicle speed", "km/h", 1),
    scaled(48, "Fuel level", "%", 1),
    scaled(66, "External voltage", "V", 1000),
    scaled(67, "Battery voltage", "V", 1000),
    scaled(68, "Battery current", "A", 1000),
    plain(69, "GNSS status"),
    signed(72, "Dallas temperature 1", "°C", 10),
    signed(73, "Dallas temperature 2", "°C", 10),
    signed(74, "Dallas temperature 3", "°C", 10),
    signed(75, "Dallas temperature 4", "°C", 10),
    plain(78, "iButton"),
    plain(80, "Data mode"),
    scaled(113, "Battery level", "%", 1),
    plain(179, "Digital output 1"),
    plain(180, "Digital output 2"),
    scaled(181, "PDOP", "", 10),
    scaled(182, "HDOP", "", 10),
    scaled(199, "Trip odometer", "m", 1),
    plain(200, "Sleep mode"),
    plain(205, "GSM cell"),
    plain(206, "GSM area"),
    plain(207, "RFID"),
    plain(236, "Alarm"),
    plain(237, "Network type"),
    plain(238, "User"),
    plain(IGNITION, "Ignition"),
    plain(MOVEMENT, "Movement"),
    plain(241, "GSM operator"),
    plain(246, "Towing"),
    plain(247, "Crash"),
    plain(248, "Immobiliser"),
    plain(249, "Jamming"),
    plain(250, "Trip"),
    plain(251, "Idling"),
    plain(252, "Unplugged"),
    plain(253, "Green driving"),
    plain(254, "Green driving value"),
    scaled(255, "Over-speeding", "km/h", 1),
    plain(256, "Vehicle identification number"),
];

const fn plain(id: u16, name: &'static str) -> IoName {
    IoName { id, name, unit: None, reading: Reading::Unsigned, per_unit: 1 }
}

/// An empty unit: a mere number.
const fn scaled(id: u16, name: &'static str, unit: &'static str, per_unit: u32) -> IoName {
    let unit = if unit.is_empty() { None } else { Some(unit) };
    IoName { id, name, unit, reading: Reading::Unsigned, per_unit }
}

/// All signed values have 16 bits.
const fn signed(id: u16, name: &'static str, unit: &'static str, per_unit: u32) -> IoName {
    IoName { id, name, unit: Some(unit), reading: Reading::Signed(16), per_unit }
}

/// `None`: it stays a number.
pub fn named(id: u16) -> Option<&'static IoName> {
    let place = NAMES.binary_search_by_key(&id, |name| name.id).ok()?;
    NAMES.get(place)
}

impl IoName {
    /// The value in its unit: 12.618 for 12618 mV. What isn't a number stays as it is.
    pub fn read(&self, raw: &Value) -> Value {
        let Some(number) = raw.as_u64() else { return raw.clone() };
        let number = match self.reading {
            Reading::Signed(bits) if number < 1 << bits && number >> (bits - 1) == 1 => i128::from(number) - (1_i128 << bits),
            Reading::Signed(_) | Reading::Unsigned => i128::from(number),
        };
        let whole = i64::try_from(number).unwrap_or(i64::MAX);
        if self.per_unit == 1 { Value::from(whole) } else { Value::from(approximate(whole) / f64::from(self.per_unit)) }
    }
}

#[expect(clippy::cast_precision_loss, reason = "values that are scaled have 32 bits at most")]
fn approximate(whole: i64) -> f64 {
    whole as f64
}

/// Whether a switch is on, by the IO values of a record; `None`: it doesn't say.
pub fn switch(io: &[(u16, IoValue)], id: u16) -> Option<bool> {
    let place = io.binary_search_by_key(&id, |(id, _)| *id).ok()?;
    match io.get(place) {
        Some((_, IoValue::Number(number))) => Some(*number != 0),
        _ => None,
    }
}

/// The same of what `positions.io` keeps.
pub fn switch_of_json(io: &Map<String, Value>, id: u16) -> Option<bool> {
    io.get(&id.to_string()).and_then(Value::as_u64).map(|number| number != 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_found_by_their_ids() {
        assert!(NAMES.is_sorted_by(|a, b| a.id < b.id));
        let check = |id: u16, expect: Option<&str>| assert_eq!(named(id).map(|io| io.name), expect, "{id}");
        check(239, Some("Ignition"));
        check(66, Some("External voltage"));
        check(1, Some("Digital input 1"));
        check(256, Some("Vehicle identification number"));
        check(0, None);
        check(12_345, None);
    }

    #[test]
    fn values_are_read_in_their_units() {
        let check = |id: u16, raw: Value, expect: Value| assert_eq!(named(id).unwrap().read(&raw), expect, "{id} {raw}");
        check(66, 12_618.into(), 12.618.into());
        check(16, 2_147_483_647.into(), 2_147_483_647.into());
        check(17, 0xffe0.into(), (-32).into());
        check(17, 32.into(), 32.into());
        check(25, 0xff38.into(), (-2.0).into());
        check(181, 13.into(), 1.3.into());
        check(239, 1.into(), 1.into());
        check(256, "56494e".into(), "56494e".into());
    }

    #[test]
    fn a_switch_says_on_off_or_nothing() {
        let io = [(MOVEMENT, IoValue::Number(0)), (241, IoValue::Bytes(vec![1]))];
        let check = |id: u16, expect: Option<bool>| assert_eq!(switch(&io, id), expect, "{id}");
        check(MOVEMENT, Some(false));
        check(241, None);
        check(IGNITION, None);
        let json = super::super::codec::io_json(&[(IGNITION, IoValue::Number(1)), (MOVEMENT, IoValue::Bytes(Vec::new()))]);
        assert_eq!(switch_of_json(&json, IGNITION), Some(true));
        assert_eq!(switch_of_json(&json, MOVEMENT), None);
    }
}
