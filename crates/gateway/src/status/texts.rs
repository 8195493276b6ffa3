//! What a status page says by itself, in each language.

use super::language::Language;
use domain::status_page::{NoticeKind, Overall, ShownState};
use serde::Serialize;

/// Handed to the templates as `t`.
#[derive(Serialize)]
pub(super) struct Texts {
    pub(super) lang: &'static str,
    systems: &'static str,
    now: &'static str,
    planned: &'static str,
    history: &'static str,
    nothing_past: &'static str,
    affects: &'static str,
    from: &'static str,
    until: &'static str,
    as_of: &'static str,
    live: &'static str,
    not_live: &'static str,
    no_script: &'static str,
    gone: &'static str,
    uptime: &'static str,
    no_data: &'static str,
    by_day: &'static str,
    days: &'static str,
    utc: &'static str,
    subscribe: &'static str,
    by_mail: &'static str,
    email: &'static str,
    send: &'static str,
    asked: &'static str,
    asked_why: &'static str,
    confirm: &'static str,
    confirm_why: &'static str,
    confirmed: &'static str,
    confirmed_why: &'static str,
    not_confirmed: &'static str,
    not_confirmed_why: &'static str,
    unsubscribe: &'static str,
    unsubscribe_why: &'static str,
    unsubscribed: &'static str,
    unsubscribed_why: &'static str,
    no_page: &'static str,
    no_page_why: &'static str,
    no_mail: &'static str,
    no_mail_why: &'static str,
    bad_address: &'static str,
    bad_address_why: &'static str,
    back: &'static str,
    other_language: &'static str,
    other_lang: &'static str,
}

impl Texts {
    pub(super) const fn uptime(&self) -> &'static str {
        self.uptime
    }

    pub(super) const fn no_data(&self) -> &'static str {
        self.no_data
    }

    pub(super) fn asked(&self) -> (&'static str, &'static str) {
        (self.asked, self.asked_why)
    }

    pub(super) fn no_page(&self) -> (&'static str, &'static str) {
        (self.no_page, self.no_page_why)
    }

    pub(super) fn no_mail(&self) -> (&'static str, &'static str) {
        (self.no_mail, self.no_mail_why)
    }

    pub(super) fn bad_address(&self) -> (&'static str, &'static str) {
        (self.bad_address, self.bad_address_why)
    }

    pub(super) fn confirm(&self) -> (&'static str, &'static str) {
        (self.confirm, self.confirm_why)
    }

    pub(super) fn confirmed(&self) -> (&'static str, &'static str) {
        (self.confirmed, self.confirmed_why)
    }

    pub(super) fn not_confirmed(&self) -> (&'static str, &'static str) {
        (self.not_confirmed, self.not_confirmed_why)
    }

    pub(super) fn unsubscribe(&self) -> (&'static str, &'static str) {
        (self.unsubscribe, self.unsubscribe_why)
    }

    pub(super) fn unsubscribed(&self) -> (&'static str, &'static str) {
        (self.unsubscribed, self.unsubscribed_why)
    }
}

pub(super) const fn of(language: Language) -> &'static Texts {
    match language {
        Language::English => &ENGLISH,
        Language::Norwegian => &NORWEGIAN,
    }
}

static ENGLISH: Texts = Texts {
    lang: "en",
    systems: "Systems",
    now: "Now",
    planned: "Planned",
    history: "History",
    nothing_past: "Nothing in this time.",
    affects: "Affects",
    from: "from",
    until: "to",
    as_of: "As of",
    live: "live",
    not_live: "not live: connecting again",
    no_script: "reload for news",
    gone: "this page is not published any more",
    uptime: "uptime",
    no_data: "no data",
    by_day: "Figures by day",
    days: "days",
    utc: "Days begin and end at midnight UTC.",
    subscribe: "Subscribe",
    by_mail: "By mail",
    email: "Your address",
    send: "Subscribe by mail",
    asked: "Look into your mailbox",
    asked_why: "If this address can be subscribed, a mail with a link is on its way to it. Nothing else is sent before that link is followed.",
    confirm: "Confirm",
    confirm_why: "You will be told by mail what this page says of maintenance and incidents.",
    confirmed: "Subscribed",
    confirmed_why: "Each mail has a link that ends it.",
    not_confirmed: "This link does not hold",
    not_confirmed_why: "It was used already, or is too old. Subscribe again for a new one.",
    unsubscribe: "Unsubscribe",
    unsubscribe_why: "No more mails will be sent to you about this page.",
    unsubscribed: "Unsubscribed",
    unsubscribed_why: "No more mails are sent.",
    no_page: "There is no status page here",
    no_page_why: "The address may be mistyped, or the page is not published. Ask whoever gave it to you.",
    no_mail: "This page sends no mail",
    no_mail_why: "Your address was not kept. Look here again, or use one of the feeds on the page.",
    bad_address: "This is no mail address",
    bad_address_why: "An address like name@example.org is needed.",
    back: "To the status page",
    other_language: "Norsk",
    other_lang: "nb",
};

static NORWEGIAN: Texts = Texts {
    lang: "nb",
    systems: "Systemer",
    now: "Nå",
    planned: "Planlagt",
    history: "Historikk",
    nothing_past: "Ingenting i denne tiden.",
    affects: "Berører",
    from: "fra",
    until: "til",
    as_of: "Per",
    live: "direkte",
    not_live: "ikke direkte: kobler til igjen",
    no_script: "last på nytt for nyheter",
    gone: "denne siden er ikke lenger publisert",
    uptime: "oppetid",
    no_data: "ingen data",
    by_day: "Tall per dag",
    days: "dager",
    utc: "Dager begynner og slutter ved midnatt UTC.",
    subscribe: "Abonner",
    by_mail: "På e-post",
    email: "Din adresse",
    send: "Abonner på e-post",
    asked: "Se i innboksen din",
    asked_why: "Hvis denne adressen kan abonnere, er en e-post med en lenke på vei. Ingenting annet sendes før lenken er fulgt.",
    confirm: "Bekreft",
    confirm_why: "Du får e-post om det denne siden forteller om vedlikehold og hendelser.",
    confirmed: "Abonnementet er bekreftet",
    confirmed_why: "Hver e-post har en lenke som avslutter det.",
    not_confirmed: "Denne lenken gjelder ikke",
    not_confirmed_why: "Den er brukt, eller for gammel. Abonner på nytt for en ny.",
    unsubscribe: "Avslutt abonnementet",
    unsubscribe_why: "Det sendes ikke flere e-poster til deg om denne siden.",
    unsubscribed: "Abonnementet er avsluttet",
    unsubscribed_why: "Det sendes ikke flere e-poster.",
    no_page: "Her er det ingen statusside",
    no_page_why: "Adressen kan være feilskrevet, eller siden er ikke publisert. Spør den du fikk den av.",
    no_mail: "Denne siden sender ikke e-post",
    no_mail_why: "Adressen din er ikke lagret. Se her igjen, eller bruk en av siden sine strømmer.",
    bad_address: "Dette er ingen e-postadresse",
    bad_address_why: "Det trengs en adresse som navn@example.org.",
    back: "Til statussiden",
    other_language: "English",
    other_lang: "en",
};

pub(super) const fn state(language: Language, state: ShownState) -> &'static str {
    match (language, state) {
        (Language::English, ShownState::Operational) => "Operational",
        (Language::English, ShownState::Unknown) => "Unknown",
        (Language::English, ShownState::Maintenance) => "Maintenance",
        (Language::English, ShownState::Degraded) => "Degraded",
        (Language::English, ShownState::Down) => "Down",
        (Language::Norwegian, ShownState::Operational) => "I drift",
        (Language::Norwegian, ShownState::Unknown) => "Ukjent",
        (Language::Norwegian, ShownState::Maintenance) => "Vedlikehold",
        (Language::Norwegian, ShownState::Degraded) => "Redusert",
        (Language::Norwegian, ShownState::Down) => "Nede",
    }
}

pub(super) const fn overall(language: Language, overall: Overall) -> &'static str {
    match (language, overall) {
        (Language::English, Overall::Operational) => "All systems operational",
        (Language::English, Overall::Unknown) => "Nothing is known yet",
        (Language::English, Overall::Maintenance) => "Maintenance under way",
        (Language::English, Overall::Degraded) => "Some systems are degraded",
        (Language::English, Overall::PartialOutage) => "Some systems are down",
        (Language::English, Overall::MajorOutage) => "All systems are down",
        (Language::Norwegian, Overall::Operational) => "Alle systemer er i drift",
        (Language::Norwegian, Overall::Unknown) => "Ingenting er kjent ennå",
        (Language::Norwegian, Overall::Maintenance) => "Vedlikehold pågår",
        (Language::Norwegian, Overall::Degraded) => "Noen systemer har redusert drift",
        (Language::Norwegian, Overall::PartialOutage) => "Noen systemer er nede",
        (Language::Norwegian, Overall::MajorOutage) => "Alle systemer er nede",
    }
}

/// Of a maintenance or an incident.
pub(super) fn notice_state(language: Language, state: &str) -> &'static str {
    let english = language == Language::English;
    match state {
        "scheduled" if english => "Scheduled",
        "in_progress" if english => "In progress",
        "verifying" if english => "Verifying",
        "completed" if english => "Completed",
        "cancelled" if english => "Cancelled",
        "investigating" if english => "Investigating",
        "identified" if english => "Identified",
        "fixing" if english => "Fixing",
        "monitoring" if english => "Monitoring",
        "resolved" if english => "Resolved",
        "scheduled" => "Planlagt",
        "in_progress" => "Pågår",
        "verifying" => "Kontrolleres",
        "completed" => "Fullført",
        "cancelled" => "Avlyst",
        "investigating" => "Undersøkes",
        "identified" => "Funnet",
        "fixing" => "Rettes",
        "monitoring" => "Følges",
        "resolved" => "Løst",
        _ => "",
    }
}

pub(super) const fn notice_kind(language: Language, kind: NoticeKind) -> &'static str {
    match (language, kind) {
        (Language::English, NoticeKind::Maintenance) => "Maintenance",
        (Language::English, NoticeKind::Incident) => "Incident",
        (Language::Norwegian, NoticeKind::Maintenance) => "Vedlikehold",
        (Language::Norwegian, NoticeKind::Incident) => "Hendelse",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::incident::IncidentState;
    use domain::maintenance::MaintenanceState;

    #[test]
    fn every_state_has_words() {
        for language in [Language::English, Language::Norwegian] {
            let maintenance = MaintenanceState::ALL.iter().map(|state| state.as_str());
            for state in maintenance.chain(IncidentState::ALL.iter().map(|state| state.as_str())) {
                assert!(!notice_state(language, state).is_empty(), "{state}");
            }
        }
    }

    #[test]
    fn every_text_is_translated() {
        let texts = [&ENGLISH, &NORWEGIAN].map(|texts| serde_json::to_value(texts).unwrap());
        let (english, norwegian) = (texts[0].as_object().unwrap(), texts[1].as_object().unwrap());
        for (name, text) in english {
            assert!(!text.as_str().unwrap().is_empty() && norwegian[name] != *text, "{name}");
        }
    }
}
