//! `[oidc]` of the configuration: users who sign in through an OpenID Connect provider.

use std::{collections::BTreeSet, time::Duration};

use model::access::{Accounts, Role};
use toml::de::{DeTable, DeValue};

use super::source::{
    Secret,
    entry::{Entry, Mistake},
};

#[derive(Clone, Debug, PartialEq)]
pub struct Oidc {
    /// As the provider writes it itself, to the letter.
    pub issuer: String,
    pub client_id: String,
    /// None: a public client, which PKCE alone protects.
    pub client_secret: Option<Secret>,
    /// On the button, and wherever the provider is spoken of.
    pub name: String,
    /// `openid` among them.
    pub scopes: Vec<String>,
    /// The claim that has a user's groups; with dots, of a claim within others.
    pub groups_claim: String,
    /// What groups may. Whoever is in none of them is refused.
    pub rules: Vec<Rule>,
    /// Whether others than administrators may sign in with a password.
    pub local: bool,
    /// Tokens of a user who did not sign in for so long are worth nothing until they do.
    pub tokens_rest_after: Duration,
}

/// What members of a group may.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    pub group: String,
    pub role: Role,
    pub accounts: Accounts,
}

/// Reads the table, which begins at this byte.
pub fn parse(at: usize, table: &DeTable<'_>) -> Result<Oidc, Mistake> {
    let mut entry = Entry::of("oidc", at, table);
    let issuer = entry.required("issuer")?;
    if !issuer.starts_with("https://") || issuer.contains(['?', '#', ' ']) {
        return Err(
            entry.mistake("issuer", "not the provider's address, which begins with https:// and has no ? and #")
        );
    }
    let host = issuer.trim_start_matches("https://").split('/').next().unwrap_or_default().to_owned();
    let mut scopes = entry.list("scopes")?.unwrap_or_else(|| vec!["profile".to_owned(), "email".to_owned()]);
    if scopes.iter().any(|scope| scope.contains(char::is_whitespace)) {
        return Err(entry.mistake("scopes", "a scope has no blanks: each is a text of its own"));
    }
    if !scopes.iter().any(|scope| scope == "openid") {
        scopes.insert(0, "openid".to_owned());
    }
    let oidc = Oidc {
        client_id: entry.required("client_id")?,
        client_secret: Secret::named(&mut entry, "client_secret_env", "client_secret_file")?,
        name: entry.text("name")?.unwrap_or(host),
        scopes,
        groups_claim: entry.text("groups_claim")?.unwrap_or_else(|| "groups".to_owned()),
        rules: rules(&mut entry)?,
        local: entry.boolean("local", true)?,
        tokens_rest_after: entry.duration("tokens_rest_after", Duration::from_secs(30 * 86_400))?,
        issuer,
    };
    entry.finish("[oidc]")?;
    Ok(oidc)
}

fn rules(entry: &mut Entry<'_>) -> Result<Vec<Rule>, Mistake> {
    let tables = entry.value("role").and_then(DeValue::as_array).filter(|list| !list.is_empty());
    let Some(tables) = tables else {
        return Err(
            entry.mistake("role", "is missing: [[oidc.role]] says which group may what, and others are refused")
        );
    };
    let mut rules: Vec<Rule> = Vec::new();
    for item in tables.iter() {
        let at = item.span().start;
        let Some(table) = item.get_ref().as_table() else {
            return Err(Mistake { at, what: "oidc: role begins with [[oidc.role]]".to_owned() });
        };
        let rule = rule(Entry::of("oidc.role", at, table))?;
        if rules.iter().any(|other| other.group == rule.group) {
            return Err(Mistake { at, what: format!("oidc.role: the group {:?} has a role above", rule.group) });
        }
        rules.push(rule);
    }
    Ok(rules)
}

fn rule(mut entry: Entry<'_>) -> Result<Rule, Mistake> {
    let group = entry.required("group")?;
    let role = entry.required("role")?;
    let role = Role::parse(&role)
        .ok_or_else(|| entry.mistake("role", &format!("{role:?} is none of viewer, editor, admin")))?;
    let accounts = match entry.list("accounts")? {
        None => Accounts::All,
        Some(ids) => {
            let is_id = |id: &String| id.len() == 12 && id.bytes().all(|byte| byte.is_ascii_digit());
            if !ids.iter().all(is_id) {
                let what = "an account's id is 12 digits, in quotes; without the key the group sees all accounts";
                return Err(entry.mistake("accounts", what));
            }
            Accounts::Only(ids.into_iter().collect::<BTreeSet<_>>())
        }
    };
    entry.finish("[[oidc.role]]")?;
    Ok(Rule { group, role, accounts })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use crate::config::file;

    const ROLE: &str = "[[oidc.role]]\ngroup = \"cloud\"\nrole = \"viewer\"\n";

    #[test]
    fn a_provider_needs_three_lines_and_a_role() {
        let text = format!("[oidc]\nissuer = \"https://id.example.com/realm\"\nclient_id = \"trailmap\"\n{ROLE}");
        let oidc = file::parse(&text).unwrap().oidc.unwrap();
        assert_eq!((oidc.name.as_str(), oidc.groups_claim.as_str()), ("id.example.com", "groups"));
        assert_eq!(oidc.scopes, ["openid", "profile", "email"]);
        assert!(oidc.local && oidc.client_secret.is_none());
    }

    #[test]
    fn mistakes_name_their_line() {
        let id = "client_id = \"t\"\n";
        let https = "[oidc]\nissuer = \"https://id\"\n";
        for (text, told) in [
            (format!("[oidc]\n{id}{ROLE}"), "line 1: oidc: issuer: is missing"),
            (format!("[oidc]\nissuer = \"http://id\"\n{id}{ROLE}"), "line 2: oidc: issuer: not the provider's address"),
            (format!("{https}{ROLE}"), "line 1: oidc: client_id: is missing"),
            (format!("{https}{id}"), "oidc: role: is missing"),
            (format!("{https}{id}role = \"admin\"\n"), "line 4: oidc: role: is missing"),
            (format!("{https}{id}client_secret = \"x\"\n{ROLE}"), "line 4: oidc: client_secret: unknown key"),
            (format!("{https}{id}scopes = [\"a b\"]\n{ROLE}"), "line 4: oidc: scopes: a scope has no blanks"),
            (format!("{https}{id}{ROLE}{ROLE}"), "line 7: oidc.role: the group \"cloud\" has a role above"),
            (format!("{https}{id}{ROLE}accounts = [\"1\"]\n"), "line 7: oidc.role: accounts: an account's id is 12"),
            (
                format!("{https}{id}[[oidc.role]]\ngroup = \"a\"\nrole = \"owner\"\n"),
                "line 6: oidc.role: role: \"owner\"",
            ),
            ("oidc = 1\n".to_owned(), "line 1: oidc is a table"),
        ] {
            let mistake = file::parse(&text).unwrap_err();
            assert!(mistake.contains(told), "{told}: {mistake}");
        }
    }
}
