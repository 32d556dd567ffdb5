//! What the reader's browser asks for, as the server reads it from the request.

/// In context while a page is rendered on the server.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Preferences {
    /// The cookie `theme`: `light` or `dark`; `None` follows the system.
    pub theme: Option<String>,
    /// A phone: charts are first drawn for a narrow screen. Scripts measure and redraw.
    pub narrow: bool,
}

impl Preferences {
    /// The theme, if it is one that there is: cookies are the reader's to write.
    pub fn theme(&self) -> Option<&'static str> {
        match self.theme.as_deref() {
            Some("light") => Some("light"),
            Some("dark") => Some("dark"),
            _ => None,
        }
    }
}
