//! JSON as the service writes it: members in its order, two blanks before each, a blank around the colon.

/// An object that is being written.
pub(super) struct Members {
    text: String,
}

impl Members {
    pub(super) fn new() -> Self {
        Members { text: String::from("{") }
    }

    /// Goes on with what [`into_text`](Members::into_text) gave.
    pub(super) fn resume(written: &str, room: usize) -> Self {
        let mut text = String::with_capacity(written.len() + room);
        text.push_str(written);
        Members { text }
    }

    /// A member that is a string.
    pub(super) fn text(&mut self, name: &str, value: &str) {
        self.name(name);
        self.text.push_str(&quoted(value));
    }

    /// A member that is JSON already.
    pub(super) fn json(&mut self, name: &str, value: &str) {
        self.name(name);
        self.text.push_str(value);
    }

    pub(super) fn into_text(self) -> String {
        self.text
    }

    pub(super) fn finish(mut self) -> String {
        self.text.push_str("\n}");
        self.text
    }

    fn name(&mut self, name: &str) {
        self.text.push_str(if self.text.len() == 1 { "\n  \"" } else { ",\n  \"" });
        self.text.push_str(name);
        self.text.push_str("\" : ");
    }
}

/// A string as JSON.
pub(super) fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}
