//! What MongoDB's commands can do and its driver's interface does not show.
