//! Ending subscriptions.
