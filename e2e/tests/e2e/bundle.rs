//! The bundle on a static host.

use rumormill_e2e::{Browser, FileServer, settings};

async fn check_loads_under(mount: &str) {
    let server = FileServer::start(&settings::dist(), mount);
    let browser = Browser::start().await;
    browser.open(&server.url()).await;
    browser.text("body", |text| text.contains("Rumormill") && text.contains("Lab")).await;
    browser.assert_quiet_console().await;
}

#[tokio::test]
async fn loads_at_the_top_of_a_host() {
    check_loads_under("/").await;
}

#[tokio::test]
async fn loads_in_a_folder_of_a_host() {
    check_loads_under("/some/folder/").await;
}
