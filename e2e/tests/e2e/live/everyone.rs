//! For everyone: axe-core finds nothing on a connected page, whatever is in sight.

use super::page::{NODES, choose, cluster_and_page, has_members, set_in_page, show_table, there_is};
use crate::axe::{check, with_axe};
use rumormill_e2e::Look;

#[tokio::test]
async fn a_connected_page_has_no_barrier() {
    let (_cluster, browser) = cluster_and_page().await;
    with_axe(&browser).await;
    set_in_page(&browser, "config/color", "teal").await;
    there_is(&browser, "[data-testid=live-fate][data-fate=done]").await;
    check(&browser, "ring").await;
    show_table(&browser).await;
    has_members(&browser, "alive", NODES.into()).await;
    for look in [Look::DESKTOP, Look::DESKTOP.dark(), Look::PHONE, Look::PHONE.dark()] {
        browser.look(look).await;
        check(&browser, &format!("table {look:?}")).await;
    }
    choose(&browser, "[data-testid=live-write-add]").await;
    check(&browser, "the form for counters").await;
    browser.assert_quiet_console().await;
}
