//! The parts of a page.

pub mod browser;
pub mod brush;
pub mod chart;
pub mod event;
pub mod events;
pub mod field_list;
pub mod figures;
pub mod filter_bar;
pub mod footer;
pub mod frame;
pub mod icon;
pub mod level;
pub mod list;
pub mod load;
pub mod map;
pub mod message;
pub mod pills;
pub mod pivot;
pub mod refresh;
pub mod table;
pub mod theme;
pub mod time_picker;
pub mod top_bar;
pub mod value;
pub mod zone;
