//! What somebody may do and see: a role, and the accounts whose events are shown.

use std::{collections::BTreeSet, fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use crate::{
    error::Error,
    field::Field,
    filter::{Ast, Pattern, Target, Term},
};

/// What one may do; who may do more may do all that is before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Sees everything that is shown.
    Viewer,
    /// Makes and changes dashboards, too.
    Editor,
    /// Decides who else may, too.
    Admin,
}

impl Role {
    pub const ALL: [Role; 3] = [Role::Viewer, Role::Editor, Role::Admin];

    pub fn name(self) -> &'static str {
        match self {
            Role::Viewer => "viewer",
            Role::Editor => "editor",
            Role::Admin => "admin",
        }
    }

    pub fn parse(name: &str) -> Option<Role> {
        Role::ALL.into_iter().find(|role| role.name() == name)
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The accounts whose events somebody may see. As a text, and so in JSON: ids with commas between them, or `*`; the empty
/// text is no account, and never all of them.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Accounts {
    /// All events, those without an account among them.
    All,
    /// Events of these accounts alone; of none, nothing.
    Only(BTreeSet<String>),
}

/// The text of `Accounts::All`.
const ALL: &str = "*";
/// Longest id: CloudTrail's have 12 digits, or are a word.
const MOST_CHARACTERS: usize = 64;

impl Accounts {
    /// Errors: what is no account's id, with its place.
    pub fn parse(text: &str) -> Result<Accounts, Error> {
        if text.trim() == ALL {
            return Ok(Accounts::All);
        }
        let mut ids = BTreeSet::new();
        if text.trim().is_empty() {
            return Ok(Accounts::Only(ids));
        }
        let mut start = 0;
        for part in text.split(',') {
            let end = start + part.chars().count();
            ids.insert(id(part.trim()).map_err(|message| Error::invalid("accounts", message).at(start, end))?);
            start = end + 1;
        }
        Ok(Accounts::Only(ids))
    }

    /// Whether events of this account are shown.
    pub fn allows(&self, account: Option<&str>) -> bool {
        match self {
            Accounts::All => true,
            Accounts::Only(ids) => account.is_some_and(|account| ids.contains(account)),
        }
    }

    /// Those that both allow.
    #[must_use]
    pub fn and(self, other: &Accounts) -> Accounts {
        match (self, other) {
            (Accounts::All, other) => other.clone(),
            (accounts, Accounts::All) => accounts,
            (Accounts::Only(ids), Accounts::Only(others)) => Accounts::Only(&ids & others),
        }
    }

    /// The same as a filter; `None`: every event is shown.
    pub fn condition(&self) -> Option<Ast> {
        let is = |id: &String| {
            Ast::Term(Term { target: Target::Field(Field::Account), pattern: Pattern::Exactly(id.clone()) })
        };
        match self {
            Accounts::All => None,
            Accounts::Only(ids) => Some(Ast::any_of(ids.iter().map(is))),
        }
    }
}

fn id(text: &str) -> Result<String, String> {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_.:@/+=".contains(c);
    match text {
        "" => Err("There is no account between these commas.".to_owned()),
        ALL => Err("“*” means all accounts, and stands alone.".to_owned()),
        _ if !text.chars().all(is_plain) => {
            Err("An account's id has letters, digits and - _ . : @ / + = only; commas stand between ids.".to_owned())
        }
        _ if text.len() > MOST_CHARACTERS => Err(format!("An account's id has at most {MOST_CHARACTERS} characters.")),
        _ => Ok(text.to_owned()),
    }
}

impl fmt::Display for Accounts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Accounts::All => f.write_str(ALL),
            Accounts::Only(ids) => {
                for (at, id) in ids.iter().enumerate() {
                    f.write_str(if at > 0 { ", " } else { "" })?;
                    f.write_str(id)?;
                }
                Ok(())
            }
        }
    }
}

impl FromStr for Accounts {
    type Err = Error;

    fn from_str(text: &str) -> Result<Accounts, Error> {
        Accounts::parse(text)
    }
}

impl TryFrom<String> for Accounts {
    type Error = Error;

    fn try_from(text: String) -> Result<Accounts, Error> {
        Accounts::parse(&text)
    }
}

impl From<Accounts> for String {
    fn from(accounts: Accounts) -> String {
        accounts.to_string()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::{filter, series::Cell};

    fn only(ids: &[&str]) -> Accounts {
        Accounts::Only(ids.iter().map(|id| (*id).to_owned()).collect())
    }

    fn condition(accounts: &Accounts) -> String {
        filter::print(&accounts.condition().expect("a condition"))
    }

    #[test]
    fn accounts_have_a_text() {
        for (text, accounts, printed) in [
            ("*", Accounts::All, "*"),
            (" * ", Accounts::All, "*"),
            ("", only(&[]), ""),
            ("  ", only(&[]), ""),
            ("111111111111", only(&["111111111111"]), "111111111111"),
            ("222,111 , 222", only(&["111", "222"]), "111, 222"),
            ("anonymous,HIDDEN", only(&["HIDDEN", "anonymous"]), "HIDDEN, anonymous"),
        ] {
            let read = Accounts::parse(text).expect(text);
            assert_eq!((&read, read.to_string().as_str()), (&accounts, printed), "{text:?}");
            let json = serde_json::to_string(&read).expect(text);
            assert_eq!(json, format!("{printed:?}"));
            assert_eq!(serde_json::from_str::<Accounts>(&json).expect(text), accounts);
        }
    }

    #[test]
    fn what_is_no_account_is_told_with_its_place() {
        for (text, start, end) in [
            (",", 0, 0),
            ("111,", 4, 4),
            ("111,,222", 4, 4),
            ("111, *", 4, 6),
            ("1 1", 0, 3),
            ("ä,b c", 0, 1),
            ("a\"", 0, 2),
            ("1,2\0", 2, 4),
            ("1\n2", 0, 3),
        ] {
            let error = Accounts::parse(text).expect_err(text);
            let span = error.span.expect(text);
            let found = (error.parameter.as_deref(), span.start, span.end);
            assert_eq!(found, (Some("accounts"), start, end), "{text:?}");
            assert!(serde_json::from_value::<Accounts>(text.into()).is_err());
        }
        assert!(Accounts::parse(&"1".repeat(65)).is_err());
    }

    #[test]
    fn accounts_are_a_filter() {
        assert_eq!(Accounts::All.condition(), None);
        assert_eq!(condition(&only(&["111"])), "account:111");
        assert_eq!(condition(&only(&["111", "or"])), "account:(111 or \"or\")");
        assert_eq!(condition(&only(&[])), "not *");
    }

    #[test]
    fn who_is_told_twice_what_to_see_sees_less() {
        let (one, two) = (only(&["1", "2"]), only(&["2", "3"]));
        assert_eq!(one.clone().and(&two), only(&["2"]));
        assert_eq!(one.clone().and(&only(&[])), only(&[]));
        assert_eq!((one.clone().and(&Accounts::All), Accounts::All.and(&one)), (one.clone(), one));
        assert_eq!(Accounts::All.and(&Accounts::All), Accounts::All);
    }

    #[test]
    fn roles_are_ordered() {
        assert!(Role::Viewer < Role::Editor && Role::Editor < Role::Admin);
        for role in Role::ALL {
            assert_eq!(Role::parse(role.name()), Some(role));
            assert_eq!(serde_json::to_value(role).expect("JSON"), role.name());
        }
        assert_eq!(Role::parse("Admin"), None);
    }

    proptest! {
        /// The text, the filter and its text all choose the same events, beside any other condition.
        #[test]
        fn all_spellings_allow_the_same(
            ids in prop::collection::btree_set("[0-9]{12}|[A-Za-z0-9_.:@/+=-]{1,9}|and|or|not", 0..4),
            other in "[0-9]{12}|[a-z]{1,3}",
        ) {
            let accounts = Accounts::Only(ids.clone());
            prop_assert_eq!(&Accounts::parse(&accounts.to_string()).expect("its own text"), &accounts);
            let condition = accounts.condition().expect("a condition");
            let reread = filter::parse(&filter::print(&condition)).expect("its own text");
            let beside = filter::parse("outcome:* or not outcome:*").expect("a filter").and(condition.clone());
            let beside = filter::parse(&filter::print(&beside)).expect("its own text");
            for account in ids.into_iter().chain([other]).map(Some).chain([None]) {
                let cell = account.clone().map_or(Cell::Null, Cell::Text);
                let holds = |ast: &Ast| filter::eval(ast, &|target| match target {
                    Target::Field(Field::Account) => cell.clone(),
                    _ => Cell::Null,
                });
                let allowed = accounts.allows(account.as_deref());
                prop_assert_eq!((holds(&condition), holds(&reread), holds(&beside)), (allowed, allowed, allowed));
            }
        }
    }
}
