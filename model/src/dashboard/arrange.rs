//! Changes to a dashboard's tiles, as an editor makes them. Each says what it did, for readers who do not see it.

use super::{COLUMNS, Dashboard, Place, Tile, slug};
use crate::panel::Panel;

/// A tile is at least so wide.
const NARROWEST: u32 = 2;

impl Dashboard {
    /// Moves a panel to a place in the order, from 0; beyond the end means last.
    pub fn move_to(&mut self, id: &str, to: usize) -> Option<String> {
        let from = self.position(id)?;
        let tile = self.tiles.remove(from);
        let to = to.min(self.tiles.len());
        self.tiles.insert(to, tile);
        Some(format!("{} is number {} of {}.", self.tiles[to].panel.title, to + 1, self.tiles.len()))
    }

    /// Moves a panel one place towards the start or the end.
    pub fn step(&mut self, id: &str, later: bool) -> Option<String> {
        let from = self.position(id)?;
        self.move_to(id, if later { from + 1 } else { from.saturating_sub(1) })
    }

    /// Gives a panel a size, as near as sizes go.
    pub fn resize(&mut self, id: &str, columns: u32, height: u32) -> Option<String> {
        let at = self.position(id)?;
        let Tile { place, panel } = &mut self.tiles[at];
        *place = Place { columns: columns.clamp(NARROWEST, COLUMNS), height: Place::nearest_height(height) };
        Some(format!("{} is {} of {COLUMNS} columns wide, {} pixels high.", panel.title, place.columns, place.height))
    }

    /// Makes a panel wider or narrower by columns, higher or lower by steps of height.
    pub fn grow(&mut self, id: &str, columns: i32, steps: i32) -> Option<String> {
        let place = self.tile(id)?.place;
        let columns = place.columns.saturating_add_signed(columns);
        self.resize(id, columns, place.height.saturating_add_signed(steps * Place::HEIGHT_STEP as i32))
    }

    pub fn remove(&mut self, id: &str) -> Option<String> {
        let tile = self.tiles.remove(self.position(id)?);
        Some(format!("{} is removed.", tile.panel.title))
    }

    /// Puts a copy behind the panel.
    pub fn duplicate(&mut self, id: &str) -> Option<String> {
        let at = self.position(id)?;
        let Tile { place, panel } = self.tiles[at].clone();
        let id = self.free_id(&panel.id);
        let said = format!("{} is there twice.", panel.title);
        self.tiles.insert(at + 1, Tile { place, panel: Panel { id, ..panel } });
        Some(said)
    }

    /// Puts a panel behind the last, under an id that is free here; returns the id.
    pub fn add(&mut self, Tile { place, panel }: Tile) -> String {
        let id = self.free_id(&panel.id);
        self.tiles.push(Tile { place, panel: Panel { id: id.clone(), ..panel } });
        id
    }

    fn free_id(&self, wanted: &str) -> String {
        slug::free(wanted, |id| self.tile(id).is_some())
    }

    fn position(&self, id: &str) -> Option<usize> {
        self.tiles.iter().position(|tile| tile.panel.id == id)
    }
}

impl Place {
    /// By how much the editor changes heights.
    pub const HEIGHT_STEP: u32 = 20;
    const LOWEST: u32 = 60;
    const HIGHEST: u32 = 1000;

    /// The nearest height that the editor gives.
    fn nearest_height(height: u32) -> u32 {
        let steps = height.saturating_add(Self::HEIGHT_STEP / 2) / Self::HEIGHT_STEP;
        (steps * Self::HEIGHT_STEP).clamp(Self::LOWEST, Self::HIGHEST)
    }

    /// Style sheets know every size: no page has styles of its own.
    pub(super) fn is_known(self) -> bool {
        let height = (Self::LOWEST..=Self::HIGHEST).contains(&self.height) && self.height.is_multiple_of(4);
        height && (1..=COLUMNS).contains(&self.columns)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dashboard::dashboard;

    fn ids(dashboard: &Dashboard) -> Vec<&str> {
        dashboard.tiles.iter().map(|tile| tile.panel.id.as_str()).take(4).collect()
    }

    #[test]
    fn panels_move_within_bounds() {
        let mut of = dashboard("overview").expect("overview").clone();
        let count = of.tiles.len();
        let before = ids(&of).iter().map(ToString::to_string).collect::<Vec<_>>();
        assert_eq!(of.step(&before[0], false).as_deref(), Some(&*format!("Key figures is number 1 of {count}.")));
        assert_eq!(ids(&of), before);
        of.step(&before[0], true);
        assert_eq!(ids(&of)[..2], [before[1].as_str(), before[0].as_str()]);
        of.move_to(&before[0], 99);
        assert_eq!(of.tiles.last().map(|tile| tile.panel.id.as_str()), Some(before[0].as_str()));
        assert_eq!(of.move_to("nothing", 0), None);
    }

    #[test]
    fn sizes_stay_on_the_grid() {
        let mut of = dashboard("overview").expect("overview").clone();
        of.resize("errors", 99, 313);
        assert_eq!(of.tile("errors").expect("errors").place, Place { columns: 12, height: 320 });
        of.grow("errors", -20, -100);
        assert_eq!(of.tile("errors").expect("errors").place, Place { columns: 2, height: 60 });
        of.grow("errors", 1, 1);
        assert_eq!(of.tile("errors").expect("errors").place, Place { columns: 3, height: 80 });
        assert_eq!(of.validate(), Ok(()));
    }

    #[test]
    fn copies_have_ids_of_their_own() {
        let mut of = dashboard("overview").expect("overview").clone();
        of.duplicate("errors");
        of.duplicate("errors");
        let last = of.tile("errors").expect("errors").clone();
        assert_eq!(of.add(last), "errors-4");
        assert_eq!(of.validate(), Ok(()));
        assert_eq!(of.remove("errors-3").as_deref(), Some("Errors is removed."));
        assert!(of.tile("errors-3").is_none());
    }
}
