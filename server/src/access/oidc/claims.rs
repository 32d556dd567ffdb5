//! What is made of a provider's claims: a name, groups, and what these may.

use std::collections::BTreeSet;

use model::access::{Accounts, Role};
use serde_json::{Map, Value};

use crate::config::oidc::Rule;

/// The claims of a user, by name.
pub type Claims = Map<String, Value>;

/// The strongest role of the groups, and the accounts of all of them. `None`: no group has a role.
pub fn grant(rules: &[Rule], groups: &[String]) -> Option<(Role, Accounts)> {
    let granted: Vec<_> = rules.iter().filter(|rule| groups.contains(&rule.group)).collect();
    let role = granted.iter().map(|rule| rule.role).max()?;
    let accounts = granted.iter().try_fold(BTreeSet::new(), |mut all, rule| match &rule.accounts {
        Accounts::All => None,
        Accounts::Only(ids) => {
            all.extend(ids.iter().cloned());
            Some(all)
        }
    });
    Some((role, accounts.map_or(Accounts::All, Accounts::Only)))
}

/// The groups of a claim: a list of texts, or one. `None`: there is no such claim. Its name may have dots itself; else they lead into it.
pub fn groups(claims: &Claims, name: &str) -> Option<Vec<String>> {
    let nested = || {
        let mut steps = name.split('.');
        let first = claims.get(steps.next()?)?;
        steps.try_fold(first, |value, step| value.get(step))
    };
    let texts = |list: &Vec<Value>| list.iter().filter_map(Value::as_str).map(str::to_owned).collect();
    match claims.get(name).or_else(nested)? {
        Value::String(one) => Some(vec![one.clone()]),
        Value::Array(list) => Some(texts(list)),
        _ => Some(Vec::new()),
    }
}

/// Names for a user, the best first; the others are for when somebody has it already.
pub fn names(claims: &Claims, issuer: &str, subject: &str) -> Vec<String> {
    /// Of a user's name.
    const MOST_CHARACTERS: usize = 100;
    let clean = |text: &str| text.chars().filter(|c| !c.is_control()).take(MOST_CHARACTERS).collect::<String>();
    let told = ["preferred_username", "email", "name"].into_iter().filter_map(|key| claims.get(key)?.as_str());
    let name = told.map(|text| clean(text.trim())).find(|name| !name.trim().is_empty());
    let name = name.unwrap_or_else(|| clean(subject)).trim().to_owned();
    let host = issuer.trim_start_matches("https://").split('/').next().unwrap_or_default();
    let longer = |more: &str| {
        let more: String = clean(more).chars().take(60).collect();
        let kept: String = name.chars().take(MOST_CHARACTERS - 3 - more.chars().count()).collect();
        format!("{kept} ({more})")
    };
    let mut names = vec![longer(host), longer(subject)];
    if !name.is_empty() {
        names.insert(0, name.clone());
    }
    names
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use serde_json::json;

    use super::*;

    fn claims(json: Value) -> Claims {
        json.as_object().unwrap().clone()
    }

    #[test]
    fn several_groups_give_the_strongest_role_and_all_accounts() {
        let rule = |group: &str, role, accounts: &str| Rule {
            group: group.to_owned(),
            role,
            accounts: Accounts::parse(accounts).unwrap(),
        };
        let rules = [
            rule("one", Role::Viewer, "111111111111"),
            rule("two", Role::Editor, "222222222222"),
            rule("all", Role::Viewer, "*"),
        ];
        let check = |groups: &[&str], expected: Option<(Role, &str)>| {
            let groups: Vec<_> = groups.iter().map(|group| (*group).to_owned()).collect();
            let expected = expected.map(|(role, accounts)| (role, Accounts::parse(accounts).unwrap()));
            assert_eq!(grant(&rules, &groups), expected, "{groups:?}");
        };
        check(&["one"], Some((Role::Viewer, "111111111111")));
        check(&["two", "one", "other"], Some((Role::Editor, "111111111111,222222222222")));
        check(&["two", "all"], Some((Role::Editor, "*")));
        check(&["ONE", "one ", "on"], None);
        check(&[], None);
    }

    #[test]
    fn groups_are_found_wherever_providers_put_them() {
        let all = claims(json!({
            "groups": ["a", "b", 7, null], "role": "admin", "none": {}, "realm_access": { "roles": ["r"] },
            "https://example.com/groups": ["auth0"], "resource_access": { "trailmap": { "roles": [] } }
        }));
        let check = |name: &str, expected: Option<&[&str]>| {
            let expected = expected.map(|list| list.iter().map(|group| (*group).to_owned()).collect());
            assert_eq!(groups(&all, name), expected, "{name}");
        };
        check("groups", Some(&["a", "b"]));
        check("role", Some(&["admin"]));
        check("none", Some(&[]));
        check("realm_access.roles", Some(&["r"]));
        check("https://example.com/groups", Some(&["auth0"]));
        check("resource_access.trailmap.roles", Some(&[]));
        check("missing", None);
        check("groups.more", None);
        check("", None);
    }

    #[test]
    fn a_name_is_one_line_and_never_empty() {
        let names = |json| super::names(&claims(json), "https://id.example.com/realm", "sub-7");
        assert_eq!(
            names(json!({ "preferred_username": "ada", "email": "ada@example.com" })),
            ["ada", "ada (id.example.com)", "ada (sub-7)"]
        );
        assert_eq!(names(json!({ "preferred_username": " \n", "email": "a\n@b\u{7}" }))[0], "a@b");
        assert_eq!(names(json!({ "name": 7 }))[0], "sub-7");
        let long = names(json!({ "name": "x".repeat(5_000) }));
        assert!(long.iter().all(|name| name.chars().count() == 100), "{long:?}");
    }
}
