//! What new positions tell of a device, and how that is written: together with the positions, or not at all.

use chrono::{DateTime, Utc};
use domain::telemetry::fold::{Stop, Trip};
use domain::telemetry::story::{self, Story};
use domain::telemetry::{DeviceState, Faulty, FenceIndex, Motion, Visit};
use sqlx::PgConnection;
use store::device_state::{Latest, Standing};
use store::position::{Position, PositionKey};
use uuid::Uuid;

/// What is to be written of one device.
pub(super) struct Told {
    pub(super) standing: Standing,
    /// The state before, or nothing when the story was told anew.
    pub(super) before: Option<DeviceState>,
    pub(super) visits: Vec<Visit>,
    pub(super) trips: Vec<Trip>,
    pub(super) stops: Vec<Stop>,
    pub(super) verdicts: Vec<(PositionKey, Option<Faulty>)>,
    /// States to tell anew from.
    pub(super) checkpoints: Vec<DeviceState>,
    pub(super) is_late: bool,
    pub(super) has_moved: bool,
}

impl Told {
    /// Of a device whose story was told anew.
    pub(super) fn anew(standing: Standing) -> Self {
        Self {
            standing,
            before: None,
            visits: Vec::new(),
            trips: Vec::new(),
            stops: Vec::new(),
            verdicts: Vec::new(),
            checkpoints: Vec::new(),
            is_late: false,
            has_moved: true,
        }
    }

    /// Whether what is in a fence, or moves, is others than before.
    fn changes(&self) -> (bool, bool) {
        let now = &self.standing.state;
        match &self.before {
            None => (true, true),
            Some(before) => {
                let same = before.inside.iter().map(|one| one.fence).eq(now.inside.iter().map(|one| one.fence));
                (!same, (before.motion, before.motion_since) != (now.motion, now.motion_since))
            }
        }
    }
}

pub(super) fn unheard(device_id: Uuid) -> Standing {
    Standing {
        device_id,
        version: 0,
        received_at: DateTime::UNIX_EPOCH,
        latest: None,
        state: DeviceState::default(),
        retell_from: None,
        checkpoint_at: None,
    }
}

/// Goes on from where a device stands by new positions of it, in order. Those that came late are left for later.
pub(super) fn tell(before: Standing, new: &[&Position], fences: &FenceIndex) -> Told {
    let judged: Vec<_> = new.iter().map(|position| (*position, position.to_judge())).collect();
    let (in_order, late): (Vec<_>, Vec<_>) = judged.into_iter().partition(|(_, judged)| before.state.is_new(judged));
    let retell_from = late.iter().map(|(position, _)| position.at).chain(before.retell_from).min();
    let (kept, judged): (Vec<&Position>, Vec<_>) = in_order.into_iter().unzip();
    let Story { state, verdicts, visits, trips, stops, .. } = story::tell(before.state.clone(), &judged, fences);
    let changed =
        |(position, verdict): (&&Position, &Option<Faulty>)| (position.faulty != *verdict).then(|| (position.key(), *verdict));
    // Of those of one instant the first counts, here as for the state.
    let stays = before.latest.as_ref().is_some_and(|latest| state.last.is_some_and(|last| last.at == latest.at));
    let found = if stays { None } else { latest_of(&state, kept.iter().copied()) };
    let has_moved = found.is_some();
    let latest = found.or_else(|| before.latest.clone());
    let keeps = story::is_worth_keeping(&state, before.checkpoint_at);
    Told {
        visits: visits.into_iter().filter(|visit| !was_open(&before.state, visit)).collect(),
        trips: trips
            .into_iter()
            .filter(|trip| before.state.trip.as_ref().map(|it| it.began_at) != Some(trip.began_at) || trip.ended_at.is_some())
            .collect(),
        stops: stops
            .into_iter()
            .filter(|stop| {
                stop.ended_at.is_some() || before.state.stop.is_none() || before.state.motion_since != Some(stop.began_at)
            })
            .collect(),
        verdicts: kept.iter().zip(&verdicts).filter_map(changed).collect(),
        checkpoints: keeps.then(|| state.clone()).into_iter().collect(),
        is_late: !late.is_empty(),
        has_moved,
        standing: Standing {
            latest,
            retell_from,
            checkpoint_at: if keeps { state.told.map(|(at, _)| at) } else { before.checkpoint_at },
            state,
            ..before
        },
        before: Some(before.state),
    }
}

/// The one of these by which the state knows where the device is.
pub(super) fn latest_of<'a>(state: &DeviceState, positions: impl Iterator<Item = &'a Position>) -> Option<Latest> {
    let last = state.last?;
    let place = |one: &&Position| one.at == last.at && one.to_judge().place == last.place;
    positions.filter(place).min_by_key(|one| one.digest).map(Latest::from)
}

/// Whether this visit is written as it is.
fn was_open(before: &DeviceState, visit: &Visit) -> bool {
    let same = |one: &domain::telemetry::fold::Inside| one.fence == visit.fence && one.entered_at == visit.entered_at;
    visit.left_at.is_none() && before.inside.iter().any(|one| same(one) && one.dwelt == visit.dwelt)
}

/// Writes it all; answers whether nodes or edges changed by it. `None`: somebody else has changed one of these devices'
/// states, and nothing may be committed.
pub(super) async fn write(db: &mut PgConnection, told: Vec<Told>) -> Result<Option<bool>, sqlx::Error> {
    fn rows<'a, R>(told: &'a [Told], of: impl Fn(&'a Told) -> &'a [R]) -> Vec<(Uuid, &'a R)> {
        told.iter().flat_map(|one| of(one).iter().map(|row| (one.standing.device_id, row))).collect()
    }
    let standings: Vec<Standing> = told.iter().map(|one| one.standing.clone()).collect();
    if !store::device_state::update_standings(db, &standings).await? {
        return Ok(None);
    }
    let verdicts: Vec<_> = told.iter().flat_map(|one| one.verdicts.iter().copied()).collect();
    store::position::update_verdicts(&mut *db, &verdicts).await?;
    store::story::upsert_visits(&mut *db, &rows(&told, |one| &one.visits)).await?;
    store::story::upsert_trips(&mut *db, &rows(&told, |one| &one.trips)).await?;
    store::story::upsert_stops(&mut *db, &rows(&told, |one| &one.stops)).await?;
    store::device_state::insert_checkpoints(&mut *db, &rows(&told, |one| &one.checkpoints)).await?;
    let crossed: Vec<&Told> = told.iter().filter(|one| one.changes().0).collect();
    let turned: Vec<&Told> = told.iter().filter(|one| one.changes().1).collect();
    let mut changed = false;
    if !turned.is_empty() {
        let found: Vec<(Uuid, Motion, Option<DateTime<Utc>>)> = turned
            .iter()
            .map(|one| (one.standing.device_id, one.standing.state.motion, one.standing.state.motion_since))
            .collect();
        store::device::set_motions(&mut *db, &found).await?;
        changed = true;
    }
    if !crossed.is_empty() {
        let device_ids: Vec<Uuid> = crossed.iter().map(|one| one.standing.device_id).collect();
        let inside: Vec<(Uuid, Uuid)> = crossed
            .iter()
            .flat_map(|one| one.standing.state.inside.iter().map(|inside| (one.standing.device_id, inside.fence)))
            .collect();
        changed |= store::story::set_inside(db, &device_ids, &inside).await? > 0;
    }
    Ok(Some(changed))
}
