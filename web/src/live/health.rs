//! The services of all members, whatever needs attention first. It shows what the observed node says.

use super::session::Model;
use crate::ui::{Badge, Column, Empty, Panel, Table, Tone};
use rumormill_api::HealthView;
use rumormill_core::{Health, sort::sort_by};
use yew::prelude::*;

/// Most rows; those that are well are left out first.
const ROWS_MAX: usize = 200;

/// Props of [`HealthPanel`].
#[derive(Clone, Debug, PartialEq, Properties)]
pub(super) struct HealthProps {
    /// What is known.
    pub model: Model,
    /// Counts the changes of what others say.
    pub revision: u64,
}

/// The panel.
#[component]
pub(super) fn HealthPanel(props: &HealthProps) -> Html {
    let view = props.model.view.borrow();
    let body = match view.around.services.as_deref().map(Vec::as_slice) {
        None => html! { <p class="muted">{ "Not told yet." }</p> },
        Some([]) => html! {
            <Empty title="No services">
                <p>{ "A program tells its node how it does: " }<code>{ "POST /api/v1/health" }</code></p>
            </Empty>
        },
        Some(services) => {
            let columns = vec![Column::text("Service"), Column::text("Does"), Column::text("Why")];
            html! {
                <Table caption="Services, those that need attention first" {columns} testid="live-services">
                    { for sorted(services).into_iter().take(ROWS_MAX).map(row) }
                </Table>
            }
        }
    };
    html! { <Panel title="Services" testid="live-health" class="live-health" scrolls=true>{ body }</Panel> }
}

fn row(service: &HealthView) -> Html {
    let (tone, word) = match service.health {
        Health::Up => (Tone::Good, "up"),
        Health::Degraded => (Tone::Warn, "degraded"),
        Health::Down => (Tone::Bad, "down"),
    };
    html! {
        <tr key={format!("{}/{}", service.node, service.name)} data-testid="live-service" data-health={word}>
            <td><span class="mono">{ &service.name }</span><div class="sub">{ service.node.as_str() }</div></td>
            <td><Badge text={word} {tone} /></td>
            <td class="sub">{ &service.reason }</td>
        </tr>
    }
}

/// Down, then degraded, then up; each by node and name.
fn sorted(services: &[HealthView]) -> Vec<&HealthView> {
    let rank = |health: Health| match health {
        Health::Down => 0,
        Health::Degraded => 1,
        Health::Up => 2,
    };
    let mut sorted: Vec<_> = services.iter().collect();
    sort_by(&mut sorted, |a, b| rank(a.health).cmp(&rank(b.health)));
    sorted
}

#[cfg(test)]
mod tests {
    use super::super::fixtures::id;
    use super::*;

    #[test]
    fn what_needs_attention_stands_first() {
        let service = |node: &str, health| HealthView {
            node: id(node),
            name: "web".to_owned(),
            health,
            reason: String::new(),
        };
        let services = [
            service("a", Health::Up),
            service("b", Health::Degraded),
            service("c", Health::Down),
            service("d", Health::Down),
        ];
        let order: Vec<_> = sorted(&services).iter().map(|service| service.node.as_str()).collect();
        assert_eq!(order, ["c", "d", "b", "a"]);
    }
}
