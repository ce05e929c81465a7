//! The bundle on a static host.

use rumormill_e2e::{Browser, FileServer, settings};

async fn check_loads_under(mount: &str) {
    let server = FileServer::start(&settings::dist(), mount);
    let browser = Browser::start().await;
    browser.open(&server.url()).await;
    browser.text("main", |text| text.contains("olleh")).await;
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

#[tokio::test]
async fn the_worker_answers() {
    let server = FileServer::start(&settings::dist(), "/");
    let browser = Browser::start().await;
    browser.open(&server.url()).await;
    assert_eq!(browser.ask_worker(&[1, 2, 3]).await, [3, 2, 1]);
    browser.assert_quiet_console().await;
}
