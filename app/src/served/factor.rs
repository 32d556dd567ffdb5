//! The part of the account's page about the second factor.

use leptos::prelude::*;
use model::view::View;
use qrcode::{Color, QrCode};

use super::account::PATH;
use crate::api::Factor;

pub fn card(view: &View, factor: &Factor) -> AnyView {
    let content = match factor {
        Factor::Unavailable => {
            view! { <p class="factor-text">"This server has no key to keep its secrets with."</p> }.into_any()
        }
        Factor::Elsewhere(provider) => {
            let text = format!("You sign in with {provider}: password and second factor are kept there.");
            view! { <p class="factor-text">{text}</p> }.into_any()
        }
        Factor::Off => off(view),
        Factor::Begun { secret, address } => begun(view, secret, address),
        Factor::On { recovery } => on(view, *recovery),
    };
    let title = if matches!(factor, Factor::Elsewhere(_)) { "Sign-in" } else { "Second factor" };
    view! { <section class="card" aria-labelledby="factor" data-role="factor"><h2 id="factor">{title}</h2>{content}</section> }.into_any()
}

fn off(view: &View) -> AnyView {
    view! {
        <form class="form" method="post" action=view.href(PATH)>
            <p>"After the password, a code from an app on your telephone: who learns the password alone does not get in."</p>
            {password()}
            <button type="submit" name="do" value="factor-begin" class="control primary">"Set up"</button>
        </form>
    }
    .into_any()
}

fn begun(view: &View, secret: &str, address: &str) -> AnyView {
    view! {
        <form class="form" method="post" action=view.href(PATH)>
            <p>"Read this with an authenticator app, or type the key into it. Then type the code that it shows."</p>
            <div class="factor-code">{picture(address)}<code class="secret" data-role="factor-secret">{spaced(secret)}</code></div>
            <label>"Code" <input name="code" required maxlength="10" inputmode="numeric" autocomplete="one-time-code"/></label>
            <button type="submit" name="do" value="factor-confirm" class="control primary">"Switch on"</button>
        </form>
    }
    .into_any()
}

fn on(view: &View, recovery: i64) -> AnyView {
    let left = match recovery {
        0 => "No recovery code is left: make new ones.".to_owned(),
        1 => "1 recovery code is left: make new ones.".to_owned(),
        more => format!("{more} recovery codes are left."),
    };
    view! {
        <form class="form" method="post" action=view.href(PATH)>
            <p>"A code from your app is asked for after the password. "{left}</p>
            {password()}
            <div class="factor-buttons">
                <button type="submit" name="do" value="factor-recovery" class="control">"New recovery codes"</button>
                <button type="submit" name="do" value="factor-end" class="control">"Switch off"</button>
            </div>
        </form>
    }
    .into_any()
}

fn password() -> AnyView {
    view! {
        <label>"Your password" <input name="password" type="password" required maxlength="128" autocomplete="current-password"/></label>
    }
    .into_any()
}

/// Codes for emergencies that were just made.
pub fn codes(codes: &[String]) -> Option<AnyView> {
    if codes.is_empty() {
        return None;
    }
    let rows: Vec<_> = codes.iter().map(|code| view! { <li><code>{code.clone()}</code></li> }).collect();
    Some(
        view! {
            <div class="notice made" role="status" data-role="codes">
                <p><strong>"Your recovery codes. "</strong>
                    "Each lets you in once without the app. They are shown once: keep them where you keep no telephone."</p>
                <ul class="factor-codes">{rows}</ul>
            </div>
        }
        .into_any(),
    )
}

/// As people type it.
pub(crate) fn spaced(secret: &str) -> String {
    secret.as_bytes().chunks(4).map(String::from_utf8_lossy).collect::<Vec<_>>().join(" ")
}

/// What apps read; dark on light in any theme.
pub(crate) fn picture(address: &str) -> Option<AnyView> {
    /// Light modules around it, as the standard asks for.
    const QUIET: usize = 4;
    let code = QrCode::new(address).ok()?;
    let width = code.width();
    let colors = code.to_colors();
    let mut path = String::new();
    for (y, row) in colors.chunks(width).enumerate() {
        let mut x = 0;
        for run in row.chunk_by(|one, next| one == next) {
            if run[0] == Color::Dark {
                let length = run.len();
                path.push_str(&format!("M{} {}h{length}v1h-{length}z", x + QUIET, y + QUIET));
            }
            x += run.len();
        }
    }
    let whole = width + 2 * QUIET;
    Some(
        view! {
            <svg class="factor-picture" viewBox=format!("0 0 {whole} {whole}") role="img" aria-label="The key, for an app to read">
                <rect width="100%" height="100%" fill="#fff"/>
                <path d=path fill="#000" shape-rendering="crispEdges"/>
            </svg>
        }
        .into_any(),
    )
}

#[cfg(test)]
mod tests {
    use crate::served::html::html;

    #[test]
    fn a_picture_is_drawn_without_a_script_or_a_file() {
        let drawn = html(super::picture("otpauth://totp/Trailmap:ada?secret=AB&issuer=Trailmap"));
        assert!(drawn.starts_with("<svg") && drawn.contains("M4 4h7v1h-7z"), "{drawn}");
        assert!(!drawn.contains("otpauth") && !drawn.contains("style="), "{drawn}");
        assert!(super::picture(&"x".repeat(5_000)).is_none());
    }
}
