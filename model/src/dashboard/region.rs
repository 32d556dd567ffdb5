//! Regions that may be used, where the server's settings name some: the panel of regions tells others apart.

use super::Dashboard;
use crate::{
    field::Field,
    filter::{self, Ast, Pattern, Target, Term},
    panel::{Class, Group, Level, Mark},
    series::Cell,
};

/// The panel of regions.
const PANEL: &str = "regions";

impl Dashboard {
    /// Nothing changes without regions.
    pub fn allow_regions(&mut self, regions: &[String]) {
        if regions.is_empty() {
            return;
        }
        let is = |region: &String| Ast::equals(Field::AwsRegion, &Cell::Text(region.clone()));
        let allowed = Ast::any_of(regions.iter().map(is));
        // An event without a region was nowhere.
        let any = Ast::Term(Term { target: Target::Field(Field::AwsRegion), pattern: Pattern::Exists });
        let class = |id: &str, label: &str, filter: Ast, level| Class {
            id: id.to_owned(),
            label: label.to_owned(),
            filter: filter::print(&filter),
            level,
        };
        for tile in self.tiles.iter_mut().filter(|tile| tile.panel.id == PANEL) {
            let panel = &mut tile.panel;
            panel.description += " Regions that are not allowed are marked.";
            panel.mark = Mark::Table;
            panel.by.push(Group::Class);
            panel.classes = vec![
                class("outside", "Not allowed", any.clone().and(allowed.clone().negated()), Some(Level::High)),
                class("allowed", "Allowed", allowed.clone(), None),
            ];
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::dashboard::dashboard;

    #[test]
    fn other_regions_are_told_apart() {
        let built_in = dashboard("network").expect("network");
        let mut network = built_in.clone();
        network.allow_regions(&[]);
        assert_eq!(&network, built_in);
        network.allow_regions(&["eu-west-1".to_owned(), "us east".to_owned()]);
        assert_eq!(network.validate(), Ok(()));
        let panel = &network.tile("regions").expect("regions").panel;
        let filters: Vec<_> = panel.classes.iter().map(|class| class.filter.as_str()).collect();
        assert_eq!(
            filters,
            ["aws_region:* and not aws_region:(eu-west-1 or \"us east\")", "aws_region:(eu-west-1 or \"us east\")"]
        );
    }
}
