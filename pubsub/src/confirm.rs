//! Confirming subscriptions.
