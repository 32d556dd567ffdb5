//! What holds for every address and every share, as strangers send the one and the database keeps the other.

use model::{discover::Discover, share::Share, view::View};

/// Panics where a view, a search or a share is another after its text.
pub fn check(text: &str) {
    let (view, _) = View::from_query(text);
    let (again, mistakes) = View::from_query(&view.to_query());
    assert!(mistakes.is_empty(), "{mistakes:?} in {}", view.to_query());
    assert_eq!(view, again);
    let (discover, _) = Discover::from_query(text);
    let (again, mistakes) = Discover::from_query(&discover.to_query());
    assert!(mistakes.is_empty(), "{mistakes:?} in {}", discover.to_query());
    assert_eq!(discover, again);
    if let Ok(share) = serde_json::from_str::<Share>(text) {
        let kept = serde_json::to_string(&share).expect("a share can be written");
        assert_eq!(serde_json::from_str::<Share>(&kept).expect("and read again"), share);
        // Whatever is added narrows, or is refused.
        let _ = share.view("actor:alice");
    }
}
