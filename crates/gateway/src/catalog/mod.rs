//! The catalog around systems: saved selections, contacts, links, dependencies, states.

pub(crate) mod contacts;
pub(crate) mod dependencies;
pub(crate) mod group_contacts;
pub(crate) mod links;
pub(crate) mod selection;
pub(crate) mod states;
pub(crate) mod views;
