//! The fields of a form that was sent.

/// Names and values in the order of the form.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Form(pub Vec<(String, String)>);

impl Form {
    /// Reads a URL-encoded body. Line ends are those of forms, and become our own.
    pub fn parse(body: &[u8]) -> Form {
        let field = |(name, value): (String, String)| (name, value.replace("\r\n", "\n"));
        Form(form_urlencoded::parse(body).into_owned().map(field).collect())
    }

    /// The field's value, without blanks around it; empty where there is none.
    pub fn get<'a>(&'a self, name: &'a str) -> &'a str {
        self.all(name).next().unwrap_or_default()
    }

    /// As it was typed: a password may begin or end with a blank.
    pub fn raw<'a>(&'a self, name: &str) -> &'a str {
        self.0.iter().find(|(key, _)| key == name).map_or("", |(_, value)| value)
    }

    /// As it is shown again: what is secret is typed anew.
    #[must_use]
    pub fn without(&self, secret: &str) -> Form {
        Form(self.0.iter().filter(|(name, _)| name != secret).cloned().collect())
    }

    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.0.iter().filter(move |(other, _)| other == name).map(|(_, value)| value.trim())
    }
}
