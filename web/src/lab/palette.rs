//! The canvas's colours, light and dark, as the stylesheet has them. A canvas cannot read the stylesheet's pairs.

/// The colours of one theme, as CSS.
#[derive(Debug, PartialEq, Eq)]
pub struct Palette {
    /// The canvas's ground.
    pub ground: &'static str,
    /// Text and strong lines.
    pub ink: &'static str,
    /// Names and axes.
    pub muted: &'static str,
    /// Grid lines and tree edges.
    pub line: &'static str,
    /// A node that is up.
    pub alive: &'static str,
    /// A node that is suspected or believed otherwise.
    pub suspect: &'static str,
    /// A node that is down, and what is lost.
    pub down: &'static str,
    /// A node that has left.
    pub left: &'static str,
    /// Whoever and whatever has the latest write.
    pub fresh: &'static str,
    /// Under the line of the coverage.
    pub fresh_soft: &'static str,
    /// Messages without state.
    pub talk: &'static str,
    /// The selection.
    pub focus: &'static str,
    /// What is compared, told apart by letters too.
    pub lanes: [&'static str; 4],
}

/// For a light page.
pub const LIGHT: Palette = Palette {
    ground: "#ffffff",
    ink: "#15191f",
    muted: "#545d69",
    line: "#d5dbe3",
    alive: "#0072b2",
    suspect: "#b25e00",
    down: "#7a0019",
    left: "#8a8f98",
    fresh: "#00795c",
    fresh_soft: "#00795c1f",
    talk: "#8c97a6",
    focus: "#15191f",
    lanes: ["#0072b2", "#b0480a", "#00795c", "#8a3b93"],
};

/// For a dark page.
pub const DARK: Palette = Palette {
    ground: "#151b23",
    ink: "#e6edf3",
    muted: "#9ca7b3",
    line: "#2b3542",
    alive: "#56b4e9",
    suspect: "#f0e442",
    down: "#d55e00",
    left: "#8b949e",
    fresh: "#2fd3a0",
    fresh_soft: "#2fd3a026",
    talk: "#66727f",
    focus: "#e6edf3",
    lanes: ["#56b4e9", "#f0a340", "#2fd3a0", "#d996e0"],
};

impl Palette {
    /// The one for the page as it is.
    pub fn of(is_dark: bool) -> &'static Self {
        if is_dark { &DARK } else { &LIGHT }
    }
}
