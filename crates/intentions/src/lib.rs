//! The one way in: validate, authorise, carry out in one transaction, audit.
