//! The icons, drawn as strokes on a 16 by 16 grid in the text's colour. They are decoration: the control that
//! carries one has its words elsewhere.

use yew::prelude::*;

/// Which icon.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IconName {
    /// Start time.
    Play,
    /// Stop time.
    Pause,
    /// One event further.
    Step,
    /// One round further.
    Round,
    /// One event back.
    StepBack,
    /// One round back.
    RoundBack,
    /// To the end.
    Last,
    /// Go another way from here.
    Fork,
    /// Start anew.
    Restart,
    /// To the beginning.
    First,
    /// Take a node down.
    Crash,
    /// Bring a node back, heal the network.
    Heal,
    /// Divide the network.
    Cut,
    /// Write a value.
    Write,
    /// Add one.
    Plus,
    /// Light theme.
    Sun,
    /// Dark theme.
    Moon,
    /// The system's theme.
    System,
    /// Help.
    Help,
    /// Close.
    Close,
    /// Roll a new seed.
    Dice,
    /// A connection.
    Link,
    /// Look for something.
    Search,
    /// See who has it.
    Eye,
    /// Choose by pointing.
    Pointer,
    /// Hand on.
    Share,
    /// Save as a file.
    Save,
    /// Open a file.
    Open,
}

impl IconName {
    fn path(self) -> &'static str {
        match self {
            Self::Play => "M4.5 2.8v10.4l8.5-5.2z",
            Self::Pause => "M5 3v10M11 3v10",
            Self::Step => "M4 3.8v8.4L10 8zM12.5 3.8v8.4",
            Self::Round => "M2.5 3.8v8.4L7.5 8zM8 3.8v8.4L13 8zM14.2 3.8v8.4",
            Self::StepBack => "M12 3.8v8.4L6 8zM3.5 3.8v8.4",
            Self::RoundBack => "M13.5 3.8v8.4L8.5 8zM8 3.8v8.4L3 8zM1.8 3.8v8.4",
            Self::Last => "M3 3.8v8.4L7 8zM7.5 3.8v8.4L11.5 8zM13.5 2.8v10.4",
            Self::Fork => "M4.5 14V2M4.5 9.5c0-3 6.5-2 6.5-5.5V2M2.5 4l2-2 2 2M9 4l2-2 2 2",
            Self::Restart => "M2.8 8A5.2 5.2 0 1 0 4.6 4M4.4 1.2v3h3",
            Self::First => "M13 3.8v8.4L9 8zM8.5 3.8v8.4L4.5 8zM2.5 2.8v10.4",
            Self::Crash => "M4 4l8 8M12 4l-8 8",
            Self::Heal => "M2.5 8.5l3.8 3.8 7.2-8.2",
            Self::Cut => "M8 1.5v2.6M8 6.2v3.6M8 11.9v2.6M5 8H1.5M14.5 8H11",
            Self::Write => "M2.5 13.5l.8-3.2 7.6-7.6 2.4 2.4-7.6 7.6z",
            Self::Plus => "M8 3v10M3 8h10",
            Self::Sun => {
                "M8 5.2a2.8 2.8 0 1 0 0 5.6 2.8 2.8 0 1 0 0-5.6M8 1v1.4M8 13.6V15M1 8h1.4M13.6 8H15M3 3l1 1M12 12l1 1M3 13l1-1M12 4l1-1"
            }
            Self::Moon => "M13.4 9.6A5.8 5.8 0 1 1 6.4 2.6a4.6 4.6 0 0 0 7 7z",
            Self::System => "M8 2.2a5.8 5.8 0 1 0 0 11.6 5.8 5.8 0 1 0 0-11.6v11.6",
            Self::Help => "M5.6 5.6a2.4 2.4 0 1 1 3.4 2.3c-.7.3-1 .7-1 1.6M8 12.4v.1",
            Self::Close => "M4 4l8 8M12 4l-8 8",
            Self::Dice => "M2.5 2.5h11v11h-11zM5.4 5.4v.1M10.6 5.4v.1M8 8v.1M5.4 10.6v.1M10.6 10.6v.1",
            Self::Link => {
                "M6.6 9.4a2.6 2.6 0 0 0 3.7 0l2.3-2.3a2.6 2.6 0 0 0-3.7-3.7M9.4 6.6a2.6 2.6 0 0 0-3.7 0L3.4 8.9a2.6 2.6 0 0 0 3.7 3.7"
            }
            Self::Search => "M7 2.5a4.5 4.5 0 1 0 0 9 4.5 4.5 0 1 0 0-9M10.4 10.4l3.3 3.3",
            Self::Eye => {
                "M1.5 8C3 5 5.3 3.5 8 3.5S13 5 14.5 8C13 11 10.7 12.5 8 12.5S3 11 1.5 8zM8 6a2 2 0 1 0 0 4a2 2 0 1 0 0-4"
            }
            Self::Share => "M8 10V2M5 4.6L8 1.8l3 2.8M3 8.5v5h10v-5",
            Self::Save => "M8 2v8M5 7.4l3 2.8 3-2.8M3 11v2.5h10V11",
            Self::Open => "M2 13V3h4l1.5 2H14v2M2 13l2-6h11l-2 6z",
            Self::Pointer => "M3 2.5l9.5 5-4.1 1.3L6.6 13z",
        }
    }

    fn is_filled(self) -> bool {
        matches!(self, Self::Play)
    }
}

/// Props of [`Icon`].
#[derive(Clone, Debug, PartialEq, Properties)]
pub struct IconProps {
    /// Which.
    pub name: IconName,
    /// Its width and height in CSS pixels.
    #[prop_or(16)]
    pub size: u32,
}

/// An icon.
#[component]
pub fn Icon(props: &IconProps) -> Html {
    let size = props.size.to_string();
    let fill = if props.name.is_filled() { "currentColor" } else { "none" };
    html! {
        <svg width={size.clone()} height={size} viewBox="0 0 16 16" fill={fill} stroke="currentColor"
            stroke-width="1.6" stroke-linecap="round" stroke-linejoin="round" aria-hidden="true">
            <path d={props.name.path()} />
        </svg>
    }
}
