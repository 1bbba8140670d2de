//! Subscriptions: made, confirmed, changed, listed, ended.
