//! Lists of topics and subscriptions, in pages.
