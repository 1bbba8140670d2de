//! The attributes of a subscription.
