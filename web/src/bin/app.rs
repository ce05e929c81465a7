//! The page: mounts the application on the document's body.

fn main() {
    yew::Renderer::<rumormill_web::app::App>::new().render();
}
