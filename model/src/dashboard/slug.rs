//! Ids from titles: what stands in an address.

/// Longer ids make no better addresses.
const LONGEST: usize = 60;

/// `Sign-ins & MFA` becomes `sign-ins-mfa`. Never empty.
pub fn slug(title: &str) -> String {
    let mut slug = String::new();
    for c in title.chars() {
        if c.is_ascii_alphanumeric() {
            slug.push(c.to_ascii_lowercase());
        } else if !slug.is_empty() && !slug.ends_with('-') {
            slug.push('-');
        }
    }
    slug.truncate(LONGEST);
    let slug = slug.trim_end_matches('-');
    if slug.is_empty() { "dashboard".to_owned() } else { slug.to_owned() }
}

/// `wanted`, or with the first number behind it that is not taken: `overview-2`.
pub fn free(wanted: &str, is_taken: impl Fn(&str) -> bool) -> String {
    let numbered = |number: u32| if number == 1 { wanted.to_owned() } else { format!("{wanted}-{number}") };
    (1..).map(numbered).find(|id| !is_taken(id)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn titles_become_ids() {
        for (title, expected) in [
            ("Overview", "overview"),
            ("Sign-ins & MFA", "sign-ins-mfa"),
            ("  — Übersicht 2026 ", "bersicht-2026"),
            ("安全", "dashboard"),
            ("", "dashboard"),
            ("../../etc/passwd", "etc-passwd"),
        ] {
            assert_eq!(slug(title), expected);
        }
        assert_eq!(slug(&"a".repeat(100)).len(), LONGEST);
        assert_eq!(slug(&format!("{} b", "a".repeat(59))), "a".repeat(59));
    }

    #[test]
    fn taken_ids_get_a_number() {
        assert_eq!(free("a", |_| false), "a");
        assert_eq!(free("a", |id| ["a", "a-2"].contains(&id)), "a-3");
    }
}
