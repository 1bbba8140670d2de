//! The attributes of a topic.
